import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { asAlias, importsOf } from './imports.ts'
import { codeFiles, projectFiles, projectFolder } from './source-file.ts'

// `node tools/tidy/name-imports.ts`: writes every import that leaves its folder by its # name.
for (const file of codeFiles(projectFiles())) {
  let text = file.text
  for (const found of importsOf(file)) {
    const alias = found.target === undefined ? undefined : asAlias(found.target)
    if (alias !== undefined && found.specifier.startsWith('../') && !found.isUrl)
      text = text.replaceAll(`'${found.specifier}'`, `'${alias}'`)
  }
  if (text === file.text) continue
  writeFileSync(path.join(projectFolder, file.path), text)
  process.stdout.write(`${file.path}\n`)
}

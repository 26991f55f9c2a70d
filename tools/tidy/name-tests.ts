import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { breakages } from '#test/safety/breakages.ts'
import { safetyRulesIn, testTitles } from './documents.ts'
import { codeFiles, projectFiles, projectFolder } from './source-file.ts'

// `node tools/tidy/name-tests.ts`: writes into docs/safety.md what is broken on purpose, and which tests cite which rule.
const place = path.join(projectFolder, 'docs/safety.md')
const filesOfRule = new Map<number, Map<string, number>>()
for (const test of testTitles(codeFiles(projectFiles()))) {
  for (const rule of safetyRulesIn(test.title)) {
    const files = filesOfRule.get(rule) ?? new Map<string, number>()
    files.set(test.path, (files.get(test.path) ?? 0) + 1)
    filesOfRule.set(rule, files)
  }
}
const text = readFileSync(place, 'utf8').replace(/^(\| *(\d+) *\| [^|]* \|)[^\n]*$/gm, (_, row: string, digits: string) => {
  const rule = Number(digits)
  const files = [...(filesOfRule.get(rule) ?? [])].map(([file, count]) => `[${file}](../${file})${count > 1 ? ` (${count} tests)` : ''}`)
  const broken = breakages.filter((breakage) => breakage.rule === rule).map(({ without }) => without)
  return `${row} ${broken.join('; ')} | ${files.join(', ')} |`
})
writeFileSync(place, text)

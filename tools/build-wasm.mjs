// Compiles every src/**/wasm/NAME.as.ts (AssemblyScript) to build/wasm/NAME.wasm, only when its source, its options,
// this file or the compiler changed. A first line `// asc: --flag …` in a source adds its own compiler options.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const out = path.join(root, 'build/wasm')
const compiler = path.join(root, 'node_modules/assemblyscript')

export function buildWasm() {
  mkdirSync(out, { recursive: true })
  const compilerVersion = JSON.parse(readFileSync(path.join(compiler, 'package.json'), 'utf8')).version
  const script = readFileSync(fileURLToPath(import.meta.url))
  const sources = readdirSync(path.join(root, 'src'), { recursive: true })
    .map(String)
    .filter((file) => /(^|\/)wasm\/[^/]+\.as\.ts$/.test(file))
  const seen = new Set()
  for (const file of sources) {
    const name = path.basename(file, '.as.ts')
    if (seen.has(name)) throw new Error(`two WebAssembly sources are named ${name}`)
    seen.add(name)
    const text = readFileSync(path.join(root, 'src', file), 'utf8')
    const stamp = createHash('sha256').update(script).update(compilerVersion).update(text).digest('hex')
    const stampFile = path.join(out, `${name}.stamp`)
    const target = path.join(out, `${name}.wasm`)
    if (existsSync(target) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) continue
    compile(path.join('src', file), text, target)
    writeFileSync(stampFile, stamp)
  }
}

function compile(source, text, target) {
  const own =
    /^\/\/ asc: (.+)$/m
      .exec(text.split('\n', 1)[0] ?? '')?.[1]
      ?.trim()
      .split(/\s+/) ?? []
  // Written beside and renamed, so that two builds at once never leave half a file.
  const partial = `${target}.${process.pid}`
  const options = ['-O3', '--converge', '--noAssert', '--runtime', 'stub', '--enable', 'simd', ...own]
  const result = spawnSync(process.execPath, [path.join(compiler, 'bin/asc.js'), source, '-o', partial, ...options], {
    cwd: root,
    encoding: 'utf8',
  })
  if (result.status !== 0) throw new Error(`${source} does not compile:\n${result.stdout}${result.stderr}`)
  renameSync(partial, target)
  process.stdout.write(`built ${path.relative(root, target)}\n`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildWasm()

// Types are stripped once for all of a test run: some thousand processes that each do it again take as long as many a test.
// As a program it leaves every source stripped below .cache/stripped, under its SHA-256; preloaded with `--import` it has Node
// take them from there. What is left stands where it stood in the source, so coverage and traces tell the source's lines.
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import * as modules from 'node:module'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const root = new URL('../', import.meta.url)
const folder = new URL(`.cache/stripped/${process.version}/`, root)

if (process.argv[1] === fileURLToPath(import.meta.url)) stripAll()
// An older Node, which a test may start as well, has no such hooks and runs no TypeScript.
else modules.registerHooks?.({ load })

function stripAll() {
  mkdirSync(folder, { recursive: true })
  // AssemblyScript has the same ending and another syntax.
  for (const file of globSync('{src,test,demo,tools}/**/*.ts', { cwd: fileURLToPath(root), exclude: ['**/*.as.ts'] })) {
    const source = readFileSync(new URL(file, root), 'utf8')
    const kept = keptAt(source)
    if (existsSync(kept)) continue
    const partial = `${kept.pathname}-${process.pid}`
    writeFileSync(partial, modules.stripTypeScriptTypes(source))
    renameSync(partial, kept)
  }
}

function load(url, context, next) {
  const isOurs = url.startsWith(root.href) && url.endsWith('.ts') && !url.includes('/node_modules/')
  const source = isOurs ? stripped(new URL(url)) : undefined
  return source === undefined ? next(url, context) : { format: 'module', source, shortCircuit: true }
}

/** A source that was written since is not there: Node strips it itself then. */
function stripped(url) {
  try {
    return readFileSync(keptAt(readFileSync(url)), 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

function keptAt(source) {
  return new URL(`${createHash('sha256').update(source).digest('hex')}.mjs`, folder)
}

import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { environment } from '#host/environment.ts'

/**
 * Where a command begins. Loading the program's sources one by one takes longer than a small backup, so set-up joins them
 * into a few files (`tools/build-bundle.mjs`). They are taken only if they were made of exactly the sources that stand
 * here; otherwise the sources run, which does the same.
 */
await import(joinedProgram() ?? './begin.ts')

function joinedProgram(): string | undefined {
  // What a test covers is counted in the sources.
  if (environment(['NODE_V8_COVERAGE'])['NODE_V8_COVERAGE']) return undefined
  const root = new URL('../../', import.meta.url).pathname
  try {
    const [name, ...lines] = readFileSync(`${root}build/bundle/current`, 'utf8').trimEnd().split('\n')
    const inputs = lines.map((line) => ({ state: line.slice(0, line.indexOf(' ')), place: line.slice(line.indexOf(' ') + 1) }))
    const isSame = inputs.every(({ state, place }) => stateOf(root + place) === state) || hashOf(root, inputs) === name
    return isSame ? `${root}build/bundle/${name}/begin.mjs` : undefined
  } catch {
    // Not made yet, or of files that are gone: the sources are there.
    return undefined
  }
}

/** As git tells that a file is the one it knows. What another state shows is looked into. */
function stateOf(place: string): string {
  const { mtimeMs, ino, size } = statSync(place)
  return `${mtimeMs}-${ino}-${size}`
}

/** A copy of the whole has other states and the same content. */
function hashOf(root: string, inputs: readonly { readonly place: string }[]): string {
  const hash = createHash('sha256')
  for (const { place } of inputs) {
    const bytes = readFileSync(root + place)
    hash.update(`${place} ${bytes.byteLength}\n`).update(bytes)
  }
  return hash.digest('hex')
}

// Joins the command line, its threads and its jobs into a few files below build/bundle, so that a command need not load some two
// hundred and fifty. `build/bundle/current` has their name, which is the SHA-256 of everything they were made of, and the
// list of it: src/cli/start.ts takes them only while that is what stands there. Does nothing when they are up to date.
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

/** What says how to join: when it changes, so does the result. */
const ownInputs = ['package.json', 'tools/build-bundle.mjs']

/**
 * The packages that go in: what a short command loads. Every input is looked at each time a command begins, so those of the
 * service, and those that bring machine code, stay where they are.
 */
const joinedPackages = ['commander', 'pg', 'zod']

export async function buildBundle(root) {
  const folder = path.join(root, 'build/bundle')
  const before = currentOf(folder)
  if (before && before.inputs.every((input) => existsSync(path.join(root, input))) && hashOf(root, before.inputs) === before.name) {
    // A copy of the whole has other states: noted, so that nobody reads all of it to find that out.
    return writeCurrent(root, folder, before)
  }
  // Made beside and renamed, so that two builds at once never leave half of one.
  const partial = path.join(folder, `partial-${process.pid}`)
  const inputs = await joinUnchanged(root, folder, partial)
  const name = hashOf(root, inputs)
  const place = path.join(folder, name)
  if (existsSync(place)) rmSync(partial, { recursive: true })
  else renameSync(partial, place)
  writeCurrent(root, folder, { name, inputs })
  // A command that runs from the one before may still load a part of it.
  for (const other of readdirSync(folder)) {
    if (/^[0-9a-f]{64}$/.test(other) && other !== name && other !== before?.name) rmSync(path.join(folder, other), { recursive: true })
  }
  process.stderr.write(`built build/bundle of ${inputs.length} files\n`)
}

/** Again when a source was written meanwhile: nobody knows then what was joined. */
async function joinUnchanged(root, folder, partial) {
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    // The clock of the file system is up to a tick behind.
    const since = Date.now() - 20
    const inputs = await join(root, folder, partial)
    if (inputs.every((input) => statSync(path.join(root, input)).ctimeMs < since)) return inputs
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  rmSync(partial, { recursive: true })
  throw new Error('the sources keep changing while they are joined')
}

async function join(root, folder, partial) {
  rmSync(partial, { recursive: true, force: true })
  mkdirSync(partial, { recursive: true })
  const entries = ['src/cli/begin.ts', 'src/service/jobs/job-child.ts', ...globSync('src/**/*.{worker,work}.ts', { cwd: root })]
  const inputs = new Set(ownInputs)
  await using bundle = await rolldown({
    cwd: root,
    input: Object.fromEntries(entries.map((entry) => [path.basename(entry, '.ts'), path.join(root, entry)])),
    platform: 'node',
    resolve: { symlinks: false },
    logLevel: 'warn',
    plugins: [standingPlaces(root, folder, inputs)],
  })
  await bundle.write({ dir: partial, format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' })
  return [...inputs].toSorted()
}

function currentOf(folder) {
  const file = path.join(folder, 'current')
  if (!existsSync(file)) return undefined
  const [name, ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n')
  return { name, inputs: lines.map((line) => line.slice(line.indexOf(' ') + 1)) }
}

function writeCurrent(root, folder, { name, inputs }) {
  const list = path.join(folder, `current-${process.pid}`)
  writeFileSync(list, `${[name, ...inputs.map((input) => `${stateOf(path.join(root, input))} ${input}`)].join('\n')}\n`)
  renameSync(list, path.join(folder, 'current'))
}

/** As src/cli/start.ts does it. */
function stateOf(place) {
  const { mtimeMs, ino, size } = statSync(place)
  return `${mtimeMs}-${ino}-${size}`
}

/** As src/cli/start.ts does it. */
function hashOf(root, inputs) {
  const hash = createHash('sha256')
  for (const input of inputs) {
    const bytes = readFileSync(path.join(root, input))
    hash.update(`${input} ${bytes.byteLength}\n`).update(bytes)
  }
  return hash.digest('hex')
}

/**
 * A file that is named by where its reader stands is found from the joined one too; a thread and a job begin with their joined file.
 * `inputs` takes the place of everything that was read.
 */
function standingPlaces(root, folder, inputs) {
  // The joined files lie one below `folder`.
  const out = path.join(folder, 'one-below')
  const own = path.join(root, 'src') + path.sep
  return {
    name: 'standing-places',
    resolveId(name, importer) {
      if (importer === undefined || /^[.#/]/.test(name) || !importer.startsWith(own)) return null
      return joinedPackages.includes(name) ? null : { id: name, external: true }
    },
    load(file) {
      // What the bundler adds of its own is no file.
      if (!path.isAbsolute(file)) return null
      inputs.add(path.relative(root, file))
      if (!file.startsWith(own)) return null
      const place = JSON.stringify(path.relative(out, file).split(path.sep).join('/'))
      const code = readFileSync(file, 'utf8')
        .replaceAll(
          /new URL\('[\w./-]*?([\w-]+\.(?:worker|work)|job-child)\.ts', import\.meta\.url\)/g,
          "new URL('./$1.mjs', import_meta_url)",
        )
        .replaceAll('import.meta.url', `new URL(${place}, import_meta_url).href`)
        .replaceAll('import_meta_url', 'import.meta.url')
      return { code, moduleType: 'ts' }
    },
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildBundle(path.resolve(path.dirname(process.argv[1]), '..'))

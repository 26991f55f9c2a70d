// Builds the pages into build/ui/<name>, where the name is the SHA-256 of everything they are made of; `build/ui/current` has it.
// A service that runs keeps serving the folder it began with. Does nothing when they are up to date.
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

/** What goes in, beside the packages, which the lock file stands for. */
const inputs = ['package.json', 'package-lock.json', 'tools/build-ui.mjs', 'src/{ui,contract,base}/**/*']
/** Smaller ones are not worth a file of their own. */
const compressedBytesMin = 1024

export async function buildUi(root) {
  const folder = path.join(root, 'build/ui')
  const name = hashOf(root)
  const place = path.join(folder, name)
  if (!existsSync(place)) await buildInto(root, place)
  const current = path.join(folder, 'current')
  const before = existsSync(current) ? readFileSync(current, 'utf8').trim() : undefined
  if (before === name) return place
  writeFileSync(`${current}-${process.pid}`, `${name}\n`)
  renameSync(`${current}-${process.pid}`, current)
  for (const other of readdirSync(folder)) {
    if (/^[0-9a-f]{64}$/.test(other) && other !== name && other !== before) rmSync(path.join(folder, other), { recursive: true })
  }
  return place
}

/** Made beside and renamed, so that two builds at once never leave half of one. */
async function buildInto(root, place) {
  const partial = `${place}-partial-${process.pid}`
  mkdirSync(path.dirname(place), { recursive: true })
  // Loaded only when there is something to build: it takes longer than to see that there is nothing.
  const [{ build }, { default: react }] = await Promise.all([import('vite'), import('@vitejs/plugin-react')])
  await build({
    root: path.join(root, 'src/ui'),
    configFile: false,
    logLevel: 'warn',
    plugins: [react()],
    build: {
      outDir: partial,
      emptyOutDir: true,
      target: 'es2023',
      // The charts alone are that large, and only the pages that draw fetch them.
      chunkSizeWarningLimit: 700,
      modulePreload: { polyfill: false },
      // Data in an address would be one more thing for the policy to allow.
      assetsInlineLimit: 0,
    },
  })
  for (const file of readdirSync(partial, { recursive: true })) compress(path.join(partial, file))
  if (existsSync(place)) rmSync(partial, { recursive: true })
  else renameSync(partial, place)
  process.stderr.write(`built build/ui\n`)
}

/** Once, as small as it gets, instead of at each request. */
function compress(file) {
  if (!statSync(file).isFile() || !/\.(js|css|html|svg)$/.test(file)) return
  const bytes = readFileSync(file)
  if (bytes.byteLength < compressedBytesMin) return
  writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }))
  writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }))
}

function hashOf(root) {
  const hash = createHash('sha256')
  const files = inputs.flatMap((input) => globSync(input, { cwd: root })).filter((file) => statSync(path.join(root, file)).isFile())
  for (const file of files.filter((one) => !one.endsWith('.test.ts')).toSorted()) {
    const bytes = readFileSync(path.join(root, file))
    hash.update(`${file} ${bytes.byteLength}\n`).update(bytes)
  }
  return hash.digest('hex')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildUi(path.resolve(path.dirname(process.argv[1]), '..'))

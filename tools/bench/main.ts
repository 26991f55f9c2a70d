import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { printBars, type Bar } from './bars.ts'
import { benchDatabase } from './bench-database.ts'
import { benchFiles, type Workplace } from './bench-files.ts'

// `npm run bench [-- --scale 0.1] [-- --only files|database]`: makes its data in the temporary directory, runs Integrum and
// its peers by turns on the same data, prints how many times as fast, and writes bench.json. At scale 1 it needs 20 GB.

const parts = { files: benchFiles, database: benchDatabase } as const

const { scale, only } = readArguments(process.argv.slice(2))
const folder = await mkdtemp(path.join(os.tmpdir(), 'integrum-bench-'))
try {
  const passwordFile = path.join(folder, 'password')
  await writeFile(passwordFile, createHash('sha256').update('a password for measuring').digest('hex'), { mode: 0o600 })
  const place: Workplace = { folder, passwordFile, scale }
  const bars: Bar[] = []
  for (const [name, bench] of Object.entries(parts)) {
    if (only === undefined || only === name) bars.push(...(await bench(place)))
  }
  process.stdout.write(`${printBars(bars)}\n`)
  const { model } = os.cpus()[0]!
  const machine = `${os.cpus().length} x ${model}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${os.type()} ${os.release()}, scale ${scale}`
  await writeFile('bench.json', `${JSON.stringify({ machine, at: new Date().toISOString(), bars }, null, 2)}\n`)
  const holding = bars.filter((bar) => bar.holds).length
  process.stdout.write(`${holding} of ${bars.length} bars hold; bench.json has them all\n`)
} finally {
  await rm(folder, { recursive: true, force: true })
}

function readArguments(args: readonly string[]): { scale: number; only: string | undefined } {
  const value = (name: string) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined)
  const given = { scale: Number(value('--scale') ?? 1), only: value('--only') }
  if (!(given.scale > 0)) throw new Error('--scale takes a number above 0')
  if (given.only !== undefined && !(given.only in parts)) throw new Error(`--only takes ${Object.keys(parts).join(' or ')}`)
  return given
}

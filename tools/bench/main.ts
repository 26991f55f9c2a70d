import { execFileSync } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { format, resolveConfig } from 'prettier'
import { benchDatabase } from './bench-database.ts'
import { benchFiles } from './bench-files.ts'
import { benchMemoryDatabase } from './bench-memory-database.ts'
import { benchMemoryFiles } from './bench-memory-files.ts'
import { benchRecords } from './bench-records.ts'
import { benchService } from './bench-service.ts'
import { makeWorkplace, type Workplace } from './programs.ts'
import { benchmarkPage, printBars, type Outcome, type SizedOutcome } from './report.ts'

// `npm run bench [-- --scale 0.25,1] [-- --only files,database] [-- --page docs/benchmarks.md]`: makes its data in the
// temporary directory, runs Integrum and its peers by turns on the same data, one size after the other, prints how many
// times as fast, and writes bench.json and, when asked, the page of documentation. At scale 1 it needs 30 GB. The two parts
// about memory (`memory-files`, `memory-database`) always have their full size: a million files, 5 GiB in one table.

interface Part {
  readonly bench: (place: Workplace) => Promise<Outcome>
  /** Its data have the size of scale 1 whatever the others have, and it runs once. */
  readonly isFixed?: boolean
}

const parts: Readonly<Record<string, Part>> = {
  files: { bench: benchFiles },
  database: { bench: benchDatabase },
  records: { bench: benchRecords },
  service: { bench: benchService },
  'memory-files': { bench: benchMemoryFiles, isFixed: true },
  'memory-database': { bench: benchMemoryDatabase, isFixed: true },
}

const { scales, only, page } = readArguments(process.argv.slice(2))
const program = await joinedProgram()
const folder = await mkdtemp(path.join(os.tmpdir(), 'integrum-bench-'))
// The private server runs as another user, who must be able to pass.
await chmod(folder, 0o755)
try {
  const outcomes: SizedOutcome[] = []
  for (const scale of scales) {
    process.stderr.write(`scale ${scale}\n`)
    const wanted = only.filter((name) => scale === scales.at(-1) || parts[name]!.isFixed !== true)
    outcomes.push({ scale, ...(await runParts(wanted, scale)) })
  }
  for (const { scale, bars } of outcomes) process.stdout.write(`\nscale ${scale}\n${printBars(bars)}\n`)
  const circumstances = {
    machine: machine(),
    date: new Date().toISOString().slice(0, 10),
    versions: versions(),
    command: command(),
    folder,
  }
  await writeFile('bench.json', `${JSON.stringify({ ...circumstances, outcomes }, null, 2)}\n`)
  if (page !== undefined) {
    const style = { ...(await resolveConfig(path.resolve(page))), parser: 'markdown' }
    await writeFile(page, await format(benchmarkPage(outcomes, circumstances), style))
  }
  const bars = outcomes.flatMap((outcome) => outcome.bars).filter(({ holds }) => holds !== undefined)
  process.stdout.write(`${bars.filter(({ holds }) => holds).length} of ${bars.length} bars hold; bench.json has every figure\n`)
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function runParts(names: readonly string[], scale: number): Promise<Outcome> {
  const found: Outcome[] = []
  for (const name of names) {
    const { bench, isFixed = false } = parts[name]!
    const place = await makeWorkplace(path.join(folder, `${name}-${scale}`), isFixed ? 1 : scale)
    found.push(await bench(place))
    await rm(place.folder, { recursive: true, force: true })
    if ((await joinedProgram()) !== program)
      throw new Error('the sources were changed while their program was measured, which then ran from them and was slower: measure again')
  }
  return { races: found.flatMap(({ races }) => races), bars: found.flatMap(({ bars }) => bars) }
}

/** The name of what commands run from as long as it is made of the sources that stand here. */
async function joinedProgram(): Promise<string> {
  execFileSync(process.execPath, ['tools/build-bundle.mjs'])
  return (await readFile('build/bundle/current', 'utf8')).split('\n', 1)[0]!
}

function readArguments(args: readonly string[]): { scales: number[]; only: string[]; page: string | undefined } {
  const value = (name: string) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined)
  const scales = (value('--scale') ?? '0.25,1').split(',').map(Number)
  const only = value('--only')?.split(',') ?? Object.keys(parts)
  if (!scales.every((scale) => scale > 0)) throw new Error('--scale takes numbers above 0, such as 0.25,1')
  if (!only.every((name) => name in parts)) throw new Error(`--only takes some of ${Object.keys(parts).join(',')}`)
  return { scales, only, page: value('--page') }
}

function machine(): string {
  const { model } = os.cpus()[0]!
  return `${os.cpus().length} x ${model}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${os.type()} ${os.release()}`
}

function versions(): string[] {
  const asked: [string, ...string[]][] = [
    ['restic', 'version'],
    ['borg', '--version'],
    ['pgbackrest', 'version'],
    ['psql', '--version'],
  ]
  const firstLine = ([program, ...args]: [string, ...string[]]) =>
    execFileSync(program, args, { encoding: 'utf8' }).split('\n')[0]!.split(' compiled')[0]!
  return [`Node ${process.versions.node}`, ...asked.map(firstLine)]
}

function command(): string {
  const args = process.argv.slice(2).join(' ')
  return args === '' ? 'npm run bench' : `npm run bench -- ${args}`
}

import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { limitPrefix, ours, raceBar, raceMemoryBar, sizeBar, type Bar } from './bars.ts'
import { changeOnePercent, makeLargeFile, makeMixedFiles, makeTextFiles } from './make-files.ts'
import { folderBytes, measure, race, runs, type Contender, type Race } from './measure.ts'
import { borg, integrum, restic, unattended, type Workplace } from './programs.ts'
import type { Outcome } from './report.ts'

const sets = [
  { name: 'A text', make: makeTextFiles, first: 1.6 },
  { name: 'B mixed', make: makeMixedFiles, first: 1.3 },
  { name: 'C one large file', make: makeLargeFile, first: 1.8 },
]

/** Files against restic and borg: first backup, unchanged, one per cent changed, restore, full check. */
export async function benchFiles(place: Workplace): Promise<Outcome> {
  const outcomes: Outcome[] = []
  for (const set of sets) {
    const source = path.join(place.folder, 'source')
    await set.make(source, place.scale)
    process.stderr.write(`   files ${set.name}\n`)
    outcomes.push(await new FilesBench(place, set.name, source).run(set.first))
    await rm(source, { recursive: true, force: true })
  }
  return { races: outcomes.flatMap(({ races }) => races), bars: outcomes.flatMap(({ bars }) => bars) }
}

const last = runs - 1
/** What a restore of ours does beside opening the backup: write, make durable, read back and hash. Of one file it is done by one process, which is no limit. */
const copyAndRead = 'cp -a, sync, openssl sha256'
const limitOfCopying = `${limitPrefix}${copyAndRead}, 2 processes`
const copyAndReadScript = `set -e; cd "$1"; mkdir "$2"; each=$(( $(find . -type f | wc -l) / 64 + 1 ))
find . -mindepth 1 -type d -print0 | (cd "$2"; xargs -0 -r mkdir -p)
find . -type f -print0 | xargs -0 -P2 -n$each cp -a --reflink=never --parents -t "$2"
sync -f "$2"
find "$2" -type f -print0 | xargs -0 -P2 -n$each openssl dgst -sha256 >/dev/null`

class FilesBench {
  readonly #place: Workplace
  readonly #name: string
  readonly #source: string
  /** borg asks for a new name each time. */
  #archives = 0

  constructor(place: Workplace, name: string, source: string) {
    this.#place = place
    this.#name = name
    this.#source = source
  }

  async run(firstBar: number): Promise<Outcome> {
    await this.#create()
    const first = await race(`first backup, ${this.#name}`, this.#backups())
    const bars = [raceBar(first, 'restic', firstBar), raceBar(first, 'borg'), raceMemoryBar(first), ...(await this.#sizes())]
    const again = this.#backups(() => last)
    const unchanged = await race(`unchanged backup, ${this.#name}`, again)
    bars.push(raceBar(unchanged, 'restic', 2), raceBar(unchanged, 'borg'))
    const races = [first, unchanged]
    if (this.#name.startsWith('A')) {
      const changed = await race(`1 % changed, ${this.#name}`, again, (run) => changeOnePercent(this.#source, run))
      races.push(changed)
      bars.push(raceBar(changed, 'restic', 2), raceBar(changed, 'borg'))
    }
    const reading = await this.#reading()
    await this.#remove()
    return { races: [...races, ...reading.races], bars: [...bars, ...reading.bars] }
  }

  async #reading(): Promise<Outcome> {
    const restored = await this.#restores()
    const checked = await race(`full check, ${this.#name}`, [
      { program: ours, job: () => integrum(this.#place, this.#repository('ours', last), 'repository', 'check', '--read-data') },
      { program: 'restic', job: () => restic(this.#place, this.#repository('restic', last), 'check', '--read-data') },
      { program: 'borg', job: () => borg(this.#place, {}, 'check', '--verify-data', this.#repository('borg', last)) },
    ])
    const bars = [
      raceBar(restored, 'restic', 1.4),
      raceBar(restored, this.#copying),
      raceBar(restored, 'restic --verify'),
      raceBar(restored, 'borg'),
      raceMemoryBar(restored),
      raceBar(checked, 'restic', 1.4),
      raceBar(checked, 'borg'),
      raceMemoryBar(checked),
    ]
    return { races: [restored, checked], bars }
  }

  /** Planning only reads, and the peers have no such step: it is not counted. Ours reads back and hashes what it wrote. */
  async #restores(): Promise<Race> {
    const target = (program: string, run: number) => path.join(this.#place.folder, `restored-${program}-${run}`)
    const plan = (run: number) => path.join(this.#place.folder, `plan-${run}.json`)
    const resticRestore = (name: string, run: number, ...verify: string[]) =>
      restic(this.#place, this.#repository('restic', last), 'restore', 'latest', '--target', target(name, run), ...verify)
    const restored = await race(`restore, ${this.#name}`, [
      {
        program: ours,
        prepare: async (run) => {
          const to = ['--files', `data=${target('ours', run)}`, '--out', plan(run)]
          await measure(integrum(this.#place, this.#repository('ours', last), 'restore', 'plan', '--backup', 'latest', ...to))
        },
        job: (run) => integrum(this.#place, this.#repository('ours', last), 'restore', 'run', plan(run), ...unattended(this.#place.folder)),
      },
      { program: 'restic', job: (run) => resticRestore('restic', run) },
      { program: 'restic --verify', job: (run) => resticRestore('restic-verified', run, '--verify') },
      {
        program: 'borg',
        prepare: async (run) => void (await mkdir(target('borg', run))),
        job: (run) => borg(this.#place, { cwd: target('borg', run) }, 'extract', `${this.#repository('borg', last)}::${this.#archives}`),
      },
      {
        program: this.#copying,
        job: (run) => ({ command: 'bash', args: ['-c', copyAndReadScript, 'bash', this.#source, target('copied', run)] }),
      },
    ])
    for (let run = 0; run < runs; run += 1) {
      for (const program of ['ours', 'restic', 'restic-verified', 'borg', 'copied'])
        await rm(target(program, run), { recursive: true, force: true })
    }
    return restored
  }

  /** Into a repository for each run at first, and into the last one after that. */
  #backups(into: (run: number) => number = (run) => run): Contender[] {
    const files = ['--system', 'bench', '--files', `data=${this.#source}`, '--json']
    const archive = (run: number) => `${this.#repository('borg', into(run))}::${this.#archives}`
    return [
      { program: ours, job: (run) => integrum(this.#place, this.#repository('ours', into(run)), 'backup', ...files) },
      { program: 'restic', job: (run) => restic(this.#place, this.#repository('restic', into(run)), 'backup', this.#source) },
      {
        program: 'borg',
        prepare: async () => void (this.#archives += 1),
        job: (run) => borg(this.#place, {}, 'create', '--compression', 'zstd,3', archive(run), this.#source),
      },
    ]
  }

  async #create(): Promise<void> {
    for (let run = 0; run < runs; run += 1) {
      await measure(integrum(this.#place, this.#repository('ours', run), 'repository', 'create'))
      await measure(restic(this.#place, this.#repository('restic', run), 'init'))
      await measure(borg(this.#place, {}, 'init', '--encryption', 'repokey-blake2', this.#repository('borg', run)))
    }
  }

  async #sizes(): Promise<Bar[]> {
    const bytes = async (program: string) => folderBytes(this.#repository(program, last))
    const oursBytes = await bytes('ours')
    const name = `repository size, ${this.#name}`
    return [
      sizeBar(`${name}, against restic`, 1.02, { oursBytes, peerBytes: await bytes('restic') }),
      sizeBar(`${name}, against borg`, undefined, { oursBytes, peerBytes: await bytes('borg') }),
    ]
  }

  get #copying(): string {
    return this.#name.startsWith('C') ? copyAndRead : limitOfCopying
  }

  #repository(program: string, run: number): string {
    return path.join(this.#place.folder, `${program}-${run}`)
  }

  async #remove(): Promise<void> {
    for (let run = 0; run < runs; run += 1) {
      for (const program of ['ours', 'restic', 'borg']) await rm(this.#repository(program, run), { recursive: true, force: true })
      await rm(`${this.#repository('restic', run)}-cache`, { recursive: true, force: true })
    }
    await rm(path.join(this.#place.folder, 'borg-state'), { recursive: true, force: true })
  }
}

import { rm } from 'node:fs/promises'
import path from 'node:path'
import { MiB } from '#base/units.ts'
import { sizeBar, speedBar, type Bar } from './bars.ts'
import { changeOnePercent, makeLargeFile, makeMixedFiles, makeTextFiles } from './make-files.ts'
import { alternately, folderBytes, integrum, measure, restic, runs, type Measured } from './measure.ts'

export interface Workplace {
  readonly folder: string
  readonly passwordFile: string
  readonly scale: number
}

const memoryBytesMax = 400 * MiB

/** Files against restic: first backup, unchanged, one per cent changed, restore, full check. */
export async function benchFiles(place: Workplace): Promise<Bar[]> {
  const sets = [
    { name: 'A text', make: makeTextFiles, first: 1.6 },
    { name: 'B mixed', make: makeMixedFiles, first: 1.3 },
    { name: 'C one large file', make: makeLargeFile, first: 1.8 },
  ]
  const bars: Bar[] = []
  for (const set of sets) {
    process.stderr.write(`   files ${set.name}\n`)
    const source = path.join(place.folder, 'source')
    await set.make(source, place.scale)
    bars.push(...(await benchSet(place, { ...set, source })))
    await rm(source, { recursive: true, force: true })
  }
  return bars
}

interface FileSet {
  readonly name: string
  readonly first: number
  readonly source: string
}

async function benchSet(place: Workplace, set: FileSet): Promise<Bar[]> {
  const { passwordFile, folder } = place
  const ours = (run: number) => path.join(folder, `ours-${run}`)
  const peer = (run: number) => path.join(folder, `restic-${run}`)
  const last = runs - 1
  const backup = (repository: string) =>
    integrum(repository, passwordFile, 'backup', '--system', 'bench', '--files', `data=${set.source}`, '--json')
  const resticBackup = (repository: string) => restic(repository, passwordFile, 'backup', set.source)

  for (let run = 0; run < runs; run += 1) {
    await measure(integrum(ours(run), passwordFile, 'repository', 'create'))
    await measure(restic(peer(run), passwordFile, 'init'))
  }
  const first = await alternately({ ours: (run) => backup(ours(run)), peer: (run) => resticBackup(peer(run)) })
  const bars = [
    speedBar(`first backup, ${set.name}`, set.first, first),
    sizeBar(`repository size, ${set.name}`, 1.02, { oursBytes: await folderBytes(ours(last)), peerBytes: await folderBytes(peer(last)) }),
    memoryBar(`memory of a backup, ${set.name}`, first.ours),
  ]
  const unchanged = await alternately({ ours: () => backup(ours(last)), peer: () => resticBackup(peer(last)) })
  bars.push(speedBar(`unchanged backup, ${set.name}`, 2, unchanged))
  if (set.name.startsWith('A')) {
    const changed = await alternately({
      prepare: (run) => changeOnePercent(set.source, run),
      ours: () => backup(ours(last)),
      peer: () => resticBackup(peer(last)),
    })
    bars.push(speedBar(`1 % changed, ${set.name}`, 2, changed))
  }
  bars.push(...(await benchReading(place, set.name, { ours: ours(last), peer: peer(last) })))
  for (let run = 0; run < runs; run += 1) {
    for (const repository of [ours(run), peer(run), `${peer(run)}-cache`]) await rm(repository, { recursive: true, force: true })
  }
  return bars
}

async function benchReading(
  { folder, passwordFile }: Workplace,
  name: string,
  repositories: { ours: string; peer: string },
): Promise<Bar[]> {
  const target = (run: number) => path.join(folder, `restored-${run}`)
  const plan = (run: number) => path.join(folder, `plan-${run}.json`)
  const restored = await alternately({
    prepare: async (run) => {
      // Planning only reads; restic has no such step, so it is not counted.
      const to = ['--files', `data=${target(run)}`, '--out', plan(run)]
      await measure(integrum(repositories.ours, passwordFile, 'restore', 'plan', '--backup', 'latest', ...to))
    },
    ours: (run) => integrum(repositories.ours, passwordFile, 'restore', 'run', plan(run), ...unattended(folder)),
    peer: (run) => restic(repositories.peer, passwordFile, 'restore', 'latest', '--target', `${target(run)}-restic`),
  })
  for (let run = 0; run < runs; run += 1) {
    for (const place of [target(run), `${target(run)}-restic`]) await rm(place, { recursive: true, force: true })
  }
  const checked = await alternately({
    ours: () => integrum(repositories.ours, passwordFile, 'repository', 'check', '--read-data'),
    peer: () => restic(repositories.peer, passwordFile, 'check', '--read-data'),
  })
  return [
    speedBar(`restore, ${name}`, 1.4, restored),
    memoryBar(`memory of a restore, ${name}`, restored.ours),
    speedBar(`full check, ${name}`, 1.4, checked),
    memoryBar(`memory of a check, ${name}`, checked.ours),
  ]
}

/** What `restore run` asks of a person, answered; the journals lie in the workplace. */
export function unattended(folder: string): string[] {
  const noSafety = ['--no-safety-backup', '--reason', 'a benchmark restores into a new place']
  return ['--confirm', 'bench', ...noSafety, '--state', path.join(folder, 'state'), '--json']
}

export function memoryBar(name: string, measured: readonly Measured[]): Bar {
  return sizeBar(name, 1, { oursBytes: Math.max(...measured.map((one) => one.memoryBytes)), peerBytes: memoryBytesMax })
}

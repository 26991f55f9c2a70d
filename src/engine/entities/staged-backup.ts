import { text } from 'node:stream/consumers'
import { isFault } from '#base/fault.ts'
import { randomHex } from '#host/random.ts'
import type { OpenedBackup } from '#engine/backup/backups.ts'
import type { Instruments } from '#engine/backup/order.ts'
import { storedSource } from '#engine/backup/stored-source.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { drillParent, makeDrillPlace } from '#engine/restore/drill-place.ts'
import type { DatabaseSection } from '#engine/sources/postgres/database-section.ts'
import { stageBareRows, stageDatabase, type StageOptions } from '#engine/sources/postgres/stage.ts'
import { parseGraph, storedGraphFile, type StoredGraph } from '#engine/sources/postgres/stored-graph.ts'
import type { DatabaseTarget } from '#engine/sources/postgres/target.ts'
import type { StoredSource } from '#engine/sources/source.ts'

export interface StagedOrder {
  readonly id: string
  readonly opened: OpenedBackup
  readonly section: DatabaseSection
  /** Folder in which the throw-away directory is made. */
  readonly place: string
  readonly stateDirectory: string
}

/** The rows of one database of a backup in a private PostgreSQL, gone with its scope. */
export interface StagedBackup extends AsyncDisposable {
  readonly target: DatabaseTarget
  /** As the backup has it; undefined where it is from before backups kept it, and the database itself has its keys then. */
  readonly graph: StoredGraph | undefined
}

/** In the private place of a drill, so that the live server has no work with it. Its faults are those of a drill. */
export async function stageBackup(
  repository: Repository,
  { id, opened, section, place, stateDirectory }: StagedOrder,
  instruments: Instruments,
  signal: AbortSignal,
): Promise<StagedBackup> {
  await using making = new AsyncDisposableStack()
  instruments.onProgress({ stage: 'prepare' })
  const manifest = { ...opened.manifest, databases: [section], roots: [] }
  const private_ = making.use(await makeDrillPlace({ drill: id, manifest, parent: await drillParent(place), stateDirectory }, instruments))
  const stageName = `integrum_stage_${randomHex(instruments.random, 12)}`
  const target = private_.target(1)
  const graph = await repository.reading(async () => {
    const stored = await storedSource(repository, opened.backup, opened.folderOf('database', section.name), signal)
    const options: StageOptions = {
      section,
      stored,
      target,
      stageName,
      roles: section.roles.map((role) => ({ kind: 'create', role })),
      clock: instruments.clock,
      onCreated: async () => {},
      onProgress: instruments.onProgress,
      spoolIn: `${private_.directory}/spool`,
    }
    const kept = await storedGraph(stored, signal)
    if (kept) await stageBareRows(options, signal)
    else await stageWhole(options, signal)
    return kept
  }, signal)
  const made = making.move()
  return { target: { ...target, database: stageName }, graph, [Symbol.asyncDispose]: () => made.disposeAsync() }
}

async function stageWhole(options: StageOptions, signal: AbortSignal): Promise<void> {
  const staged = await stageDatabase(options, signal)
  options.onProgress?.({ stage: 'verify', what: options.section.name })
  await staged.verify(signal)
}

async function storedGraph(stored: StoredSource, signal: AbortSignal): Promise<StoredGraph | undefined> {
  try {
    const content = await stored.file(storedGraphFile, signal)
    return parseGraph(await text(content.read(signal)))
  } catch (error) {
    if (!isFault(error, 'FILE_NOT_IN_BACKUP')) throw error
    return undefined
  }
}

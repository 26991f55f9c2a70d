import { randomHex } from '#host/random.ts'
import type { OpenedBackup } from '#engine/backup/backups.ts'
import type { Instruments } from '#engine/backup/order.ts'
import { storedSource } from '#engine/backup/stored-source.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { drillParent, makeDrillPlace } from '#engine/restore/drill-place.ts'
import type { DatabaseSection } from '#engine/sources/postgres/database-section.ts'
import { stageDatabase } from '#engine/sources/postgres/stage.ts'
import type { DatabaseTarget } from '#engine/sources/postgres/target.ts'

export interface StagedOrder {
  readonly id: string
  readonly opened: OpenedBackup
  readonly section: DatabaseSection
  /** Folder in which the throw-away directory is made. */
  readonly place: string
  readonly stateDirectory: string
}

/** One database of a backup in a private PostgreSQL, every row compared with the backup; gone with its scope. */
export interface StagedBackup extends AsyncDisposable {
  readonly target: DatabaseTarget
}

/** The same staging as that of a drill, so that the live server has no work with it. Its faults are those of a drill. */
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
  await repository.reading(async () => {
    const staged = await stageDatabase(
      {
        section,
        stored: await storedSource(repository, opened.backup, opened.folderOf('database', section.name), signal),
        target,
        stageName,
        roles: section.roles.map((role) => ({ kind: 'create', role })),
        clock: instruments.clock,
        onCreated: async () => {},
        onProgress: instruments.onProgress,
        spoolIn: `${private_.directory}/spool`,
      },
      signal,
    )
    instruments.onProgress({ stage: 'verify', what: section.name })
    await staged.verify(signal)
  }, signal)
  const made = making.move()
  return { target: { ...target, database: stageName }, [Symbol.asyncDispose]: () => made.disposeAsync() }
}

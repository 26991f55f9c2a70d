import { Fault } from '#base/fault.ts'
import type { SystemSettings } from '#base/settings.ts'
import { backup, type BackupResult } from '#engine/backup/backup.ts'
import type { OpenedBackup } from '#engine/backup/backups.ts'
import { originalOf } from '#engine/backup/masked-order.ts'
import type { Instruments, MaskOrder, RootOrder } from '#engine/backup/order.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { captureFiles } from '#engine/sources/files/capture.ts'
import type { CaptureContext, Gap } from '#engine/sources/source.ts'
import { drillParent, makeDrillPlace } from './drill-place.ts'
import { firstState } from './first-state.ts'
import { RestoreJournal } from './journal.ts'
import { makePlan } from './make-plan.ts'
import type { RestoreOrder } from './order.ts'
import { orderWithin } from './order-within.ts'
import { stageAll } from './stage-all.ts'
import { swap } from './swap.ts'

export interface MaskedCopyOrder {
  readonly opened: OpenedBackup
  /** Their masks and their entity model are what counts. */
  readonly settings: SystemSettings
  readonly masking: Pick<MaskOrder, 'key' | 'keyedBy'>
  readonly name?: string | undefined
  readonly compressionLevel: number
  /** Folder in which the throw-away directory is made. */
  readonly place: string
  readonly stateDirectory: string
}

/**
 * A masked backup out of a stored one: its databases, and the file roots that the masks keep, are brought back into a private PostgreSQL, as for a drill, compared, and
 * captured from there with masks, so that what decides (keys, partitions, subjects) is asked of a database and not guessed from
 * files. The private place, which holds the originals, is gone when it resolves or rejects. MASK_REFUSED, faults of a drill and of a backup.
 */
export async function maskedCopy(
  repository: Repository,
  order: MaskedCopyOrder,
  instruments: Instruments,
  signal: AbortSignal,
): Promise<BackupResult> {
  const { opened, settings, stateDirectory } = order
  const manifest = databasesOf(opened)
  await using place = await makeDrillPlace(
    { drill: instruments.random.uuid(), manifest, parent: await drillParent(order.place), stateDirectory },
    instruments,
  )
  const { hooks, containerisedRoots, assertions } = { hooks: {}, containerisedRoots: [], assertions: [] }
  const bare = { ...settings, hooks, containerisedRoots, assertions, readyAssertions: undefined, fileReferences: [] }
  const whole = orderWithin(place, opened, bare)
  const within = { ...whole, roots: whole.roots.filter(({ section }) => settings.masks?.keptRoots.includes(section.name)) }
  const plan = await makePlan(repository, within, instruments, signal)
  const journal = await RestoreJournal.begin(
    `${place.directory}/state`,
    firstState(plan, { at: instruments.clock.now(), reason: 'a masked copy' }),
  )
  await stageAll(repository, { plan, order: within, journal, instruments, spoolIn: `${place.directory}/spool` }, signal)
  // Only with the swap a database gets its own owner, grants and settings.
  await swap(journal, instruments, signal)
  const originals = manifest.databases.map(originalOf)
  return await backup(
    repository,
    {
      system: manifest.system,
      name: order.name,
      purpose: 'regular',
      databases: within.databases.map(({ section, target }) => ({ name: section.name, target })),
      roots: within.roots.map(captureAsThere),
      settings: bare,
      compressionLevel: order.compressionLevel,
      masking: {
        ...order.masking,
        copyOf: { backup: manifest.backup, startedAt: manifest.startedAt, originals, roots: manifest.roots.map(({ name }) => name) },
      },
      gaps: gapsOfDatabases(manifest),
    },
    instruments,
    signal,
  )
}

/** As if it were captured where it came from: there it is never restored, and not where it stands for a moment. */
function captureAsThere({ section, path }: RestoreOrder['roots'][number]): RootOrder {
  const open = async (context: CaptureContext) => {
    const capture = await captureFiles({ name: section.name, root: path, newerThan: [] }, context)
    return { ...capture, section: async () => ({ ...(await capture.section()), path: section.path }) }
  }
  return { name: section.name, path, open }
}

/** Those of files, and of rows that name files, say paths, in which anybody may be named. */
function gapsOfDatabases({ databases, gaps }: OpenedBackup['manifest']): readonly Gap[] {
  return gaps.first.filter(({ kind, source }) => kind === 'not-covered' && databases.some(({ name }) => name === source))
}

export function databasesOf({ manifest }: OpenedBackup): OpenedBackup['manifest'] {
  if (manifest.sanitization) throw new Fault('MASK_SETTINGS', `backup ${manifest.backup} is masked already`, { field: 'backup' })
  if (manifest.databases.length === 0)
    throw new Fault('MASK_SETTINGS', `backup ${manifest.backup} has no database, and nothing masks files`, { field: 'backup' })
  return manifest
}

import { isWhole } from '#base/backup-types.ts'
import { concurrently } from '#base/concurrently.ts'
import type { BlobId, SnapshotId } from '#base/ids.ts'
import { byteStringOf } from '#engine/byte-string.ts'
import type { Masking } from '#engine/masking/masking.ts'
import type { Repository, WriteSession } from '#engine/repository/repository.ts'
import { captureFiles } from '#engine/sources/files/capture.ts'
import type { RootSection } from '#engine/sources/files/root-section.ts'
import type { DatabaseSection } from '#engine/sources/postgres/database-section.ts'
import type { Capture, CaptureContext } from '#engine/sources/source.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import { BackupMeter } from './backup-meter.ts'
import { listBackups, nodeAt } from './backups.ts'
import type { Remembered } from './folder-memory.ts'
import type { GapList } from './gap-list.ts'
import type { Manifest, SelectionSection } from './manifest.ts'
import { folderNode } from './made-nodes.ts'
import { ReferenceCheck } from './references.ts'
import type { RootMemory } from './root-memory.ts'
import { Selecting } from './selecting.ts'
import { folderBefore } from './stored-source.ts'
import type { BackupOrder, Instruments } from './order.ts'
import { walk } from './walk.ts'

/** How many entries of one source are read at once. Databases bring their own connections; files are mostly small. */
const walkWidth = { database: 6, files: 8 } as const

export interface CaptureOrder {
  readonly repository: Repository
  readonly session: WriteSession
  readonly order: BackupOrder
  readonly instruments: Instruments
  readonly gaps: GapList
  readonly masking?: Masking | undefined
  readonly memory?: RootMemory | undefined
  readonly signal: AbortSignal
}

export interface CapturedSource<Section> {
  readonly section: Section
  /** The source's folder, named as the operator calls it. */
  readonly node: TreeNode
  /** What the next backup may know of it. */
  readonly remembered?: Remembered | undefined
}

export interface Captured {
  readonly databases: readonly CapturedSource<DatabaseSection>[]
  readonly roots: readonly CapturedSource<RootSection>[]
  readonly references: Manifest['references']
  readonly parent: SnapshotId | undefined
  readonly selection: SelectionSection | undefined
}

/**
 * Holds every database still first, then begins with the files, so that what a row refers to exists (DESIGN §4), and
 * stores all of them side by side. One instant per database; the files are read from the last of them on.
 */
export async function captureAll(capture: CaptureOrder): Promise<Captured> {
  const { order, instruments, signal } = capture
  const context: CaptureContext = { clock: instruments.clock, random: instruments.random, signal, gap: capture.gaps.add }
  const before = await latestBefore(capture)
  const meter = new BackupMeter(instruments)
  const selecting = order.selection && new Selecting(order.selection)
  // Of a selection only a part is in the backup before.
  const memory = selecting ? undefined : capture.memory

  await using open = new AsyncDisposableStack()
  const databases: Opened<DatabaseSection>[] = []
  // While the server is asked what there is, a core has nothing else to do.
  if (order.databases.length > 0) capture.session.prepare()
  for (const { name, target } of order.databases) {
    instruments.onProgress({ stage: 'snapshot', what: name })
    // A third of the whole program, which a backup of files alone does without.
    const { capturePostgres } = await import('#engine/sources/postgres/capture.ts')
    const opened = open.use(await capturePostgres({ name, target, masking: capture.masking, select: selecting?.of(name) }, context))
    if (!selecting || selecting.isIn(name)) databases.push({ name, place: 'database', capture: opened })
    // Nothing of it is wanted, so nothing holds its VACUUM back.
    else await opened[Symbol.asyncDispose]()
  }
  selecting?.confirm()
  selecting?.tellRefused(capture.gaps.add)
  const instants = databases.map((database) => database.capture.instant)
  const roots: Opened<RootSection>[] = []
  for (const { name, path, open: openRoot } of order.roots) {
    const exclude = order.settings.exclude[name] ?? []
    const select = selecting?.filesBelow(name)
    if (selecting && !select) continue
    const known = memory && !before.hasGaps ? () => memory.known(name, capture.session, () => before.tree(`files/${name}`)) : undefined
    const opened = openRoot
      ? await openRoot(context)
      : await captureFiles({ name, root: path, exclude, select, newerThan: instants, known }, context)
    roots.push({ name, place: 'files', capture: open.use(opened), isRemembered: memory !== undefined && !openRoot })
  }
  const references = open.use(await ReferenceCheck.begin(order.settings.fileReferences, order.databases, signal))
  const storing: Storing = { ...capture, before, meter, references }
  const [storedDatabases, storedRoots] = await both(
    (inner) =>
      concurrently(
        databases.map((opened) => (own: AbortSignal) => store(opened, storing, own)),
        inner,
      ),
    (inner) =>
      concurrently(
        roots.map((opened) => (own: AbortSignal) => store(opened, storing, own)),
        inner,
      ),
    signal,
  )
  return {
    databases: storedDatabases,
    roots: storedRoots,
    references: await references.end(capture.gaps.add),
    parent: before.snapshot,
    selection: selecting?.section(order),
  }
}

interface Opened<Section> {
  readonly name: string
  readonly place: 'database' | 'files'
  readonly capture: Capture<Section>
  readonly isRemembered?: boolean
}

interface Storing extends CaptureOrder {
  readonly before: Before
  readonly meter: BackupMeter
  readonly references: ReferenceCheck
}

async function store<Section>(opened: Opened<Section>, storing: Storing, signal: AbortSignal): Promise<CapturedSource<Section>> {
  const { repository, session, before, meter, instruments, gaps, references } = storing
  const folder = `${opened.place}/${opened.name}`
  const capturedAt = opened.capture.instant
  const entries = (inner: AbortSignal) => {
    const found = opened.capture.entries(inner)
    return opened.place === 'database' ? references.along(opened.name, found) : found
  }
  const walked = await walk(entries, {
    source: opened.name,
    session,
    before: folderBefore(repository, () => before.tree(folder), signal),
    isBeforeWhole: before.snapshot !== undefined && !before.hasGaps,
    width: walkWidth[opened.place],
    capturedAt,
    isRemembered: opened.isRemembered ?? false,
    onGap: gaps.add,
    onFile: (path) => {
      meter.file()
      if (opened.place === 'files') references.file(opened.name, path)
    },
    onBytes: meter.bytes,
    signal,
  })
  const node = {
    ...(walked.node ?? folderNode(opened.name, walked.subtree, instruments.clock.now())),
    name: byteStringOf(opened.name),
    subtree: walked.subtree,
  }
  return { section: await opened.capture.section(), node, remembered: walked.remembered }
}

/** The newest earlier backup of the system, if there is one: what did not change since is not read again. */
interface Before {
  readonly snapshot: SnapshotId | undefined
  readonly hasGaps: boolean
  /** What it has of a folder. */
  readonly tree: (folder: string) => Promise<BlobId | undefined>
}

async function latestBefore({ repository, order, instruments, signal }: CaptureOrder): Promise<Before> {
  const now = instruments.clock.now()
  const before = (await listBackups(repository, signal)).findLast(
    (backup) => isWhole(backup) && backup.system === order.system && backup.snapshot.time <= now,
  )
  const find = async (folder: string) => before && (await nodeAt(repository, before.snapshot.tree, folder, signal))?.subtree
  // Asked by what is remembered and by whoever goes through, and each time it would be read.
  const found = new Map<string, Promise<BlobId | undefined>>()
  return {
    snapshot: before?.snapshot.id,
    hasGaps: before?.hasGaps ?? false,
    tree: (folder) => found.getOrInsertComputed(folder, find),
  }
}

/** Two lists of different things at once, each with its own type. */
async function both<A, B>(
  first: (signal: AbortSignal) => Promise<A>,
  second: (signal: AbortSignal) => Promise<B>,
  signal: AbortSignal,
): Promise<[A, B]> {
  let a: A
  let b: B
  await concurrently<void>(
    [
      async (own) => {
        a = await first(own)
      },
      async (own) => {
        b = await second(own)
      },
    ],
    signal,
  )
  return [a!, b!]
}

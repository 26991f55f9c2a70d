import { hash } from 'node:crypto'
import { isWhole, type BackupType } from '#base/backup-types.ts'
import { Fault, isFault } from '#base/fault.ts'
import type { BlobId } from '#base/ids.ts'
import { byteStringOf } from '#engine/byte-string.ts'
import { backupsAmong, openBackup, type Backup, type OpenedBackup } from '#engine/backup/backups.ts'
import type { Repository } from '#engine/repository/repository.ts'
import type { DatabaseSection } from '#engine/sources/postgres/database-section.ts'
import { parseGraph, storedGraphFile, type StoredGraph } from '#engine/sources/postgres/stored-graph.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import { kindsIn, recordShape, type RecordShape, type ShapeOrder, type ShapeTable, type TableId } from './record-shape.ts'

/** A file of rows, once however many backups have it. */
export interface HistorySegment {
  readonly columns: readonly string[]
  readonly content: readonly BlobId[]
  readonly sizeBytes: number
}

/** Why a backup says nothing of a record. `damaged` is the only one that should not be. */
export type LeftOut = 'not-whole' | 'no-database' | 'not-captured' | 'no-references' | 'no-such-kind' | 'damaged'

export interface HistoryBackup {
  readonly id: string
  readonly name: string
  readonly purpose: Backup['purpose']
  /** The instant of its rows; of the backup's begin where it has none, or cannot be read. */
  readonly at: Date
  readonly leftOut: LeftOut | undefined
  readonly fact: string | undefined
}

/** One backup as the search sees it. */
export interface ReadableBackup extends HistoryBackup {
  readonly source: string
  readonly shape: RecordShape
  /** Of each table of the shape; undefined where the backup does not have its rows. */
  readonly segments: ReadonlyMap<TableId, readonly HistorySegment[] | undefined>
}

export interface BackupsOrder {
  readonly kind: string
  readonly settings: ShapeOrder['settings']
  readonly system: string | undefined
  /** The database that the kind is in, where several have one. */
  readonly source: string | undefined
  readonly since: Date | undefined
  readonly until: Date | undefined
}

export interface ReadBackups {
  /** Oldest first; those that were left out among them. */
  readonly all: readonly (HistoryBackup | ReadableBackup)[]
  /** Snapshots that cannot be read: of which system they are is not known. */
  readonly damagedSnapshots: readonly { readonly id: string; readonly fact: string }[]
  /** Kinds that some backup has. */
  readonly kinds: readonly string[]
}

export function isReadable(backup: HistoryBackup | ReadableBackup): backup is ReadableBackup {
  return 'shape' in backup
}

/** Opens every backup of a system and finds where the rows of a record would be. Nothing of the rows is read yet. */
export async function readBackups(repository: Repository, order: BackupsOrder, signal: AbortSignal): Promise<ReadBackups> {
  const { whole, damaged } = await repository.listSnapshots(signal)
  const backups = backupsAmong(whole).filter(({ system }) => order.system === undefined || system === order.system)
  assertOneSystem(backups)
  const reader = new BackupReader(repository, order, signal)
  // From the newest on: one from before its references were kept is read by those of the next.
  const all: (HistoryBackup | ReadableBackup)[] = []
  for (const backup of backups.toReversed()) {
    const read = await reader.read(backup)
    if (read && !(order.since && read.at < order.since) && !(order.until && read.at > order.until)) all.push(read)
  }
  return {
    all: all.toSorted((a, b) => a.at.getTime() - b.at.getTime()),
    damagedSnapshots: damaged.map(({ id, fault }) => ({ id, fact: fault.message })),
    kinds: [...reader.kinds],
  }
}

function assertOneSystem(backups: readonly Backup[]): void {
  const systems = [...new Set(backups.map(({ system }) => system))]
  if (systems.length <= 1) return
  throw new Fault('BACKUP_AMBIGUOUS', `the repository holds ${systems.length} systems; a history needs one`, { systems: systems.join(' ') })
}

class BackupReader {
  readonly kinds = new Set<string>()
  readonly #repository: Repository
  readonly #order: BackupsOrder
  readonly #signal: AbortSignal
  readonly #segments = new Map<string, HistorySegment>()
  /** The same list for the same columns: rows of the same list and line are equal at a glance. */
  readonly #columns = new Map<string, readonly string[]>()
  /** By the blobs of their files: days with the same schema have the same. */
  readonly #graphs = new Map<string, StoredGraph>()
  /** Of each database, of the backup after this one. */
  readonly #later = new Map<string, StoredGraph>()

  constructor(repository: Repository, order: BackupsOrder, signal: AbortSignal) {
    this.#repository = repository
    this.#order = order
    this.#signal = signal
  }

  async read(backup: Backup): Promise<HistoryBackup | ReadableBackup> {
    const { id, purpose, snapshot } = backup
    const known = { id, purpose, name: id, at: snapshot.time }
    try {
      return await this.#read(await openBackup(this.#repository, backup, this.#signal))
    } catch (error) {
      if (!isFault(error) || !error.isDamage) throw error
      return { ...known, leftOut: 'damaged', fact: error.message }
    }
  }

  async #read(opened: OpenedBackup): Promise<HistoryBackup | ReadableBackup> {
    const { backup, manifest } = opened
    const begun = { id: backup.id, name: manifest.name, purpose: manifest.purpose, at: new Date(manifest.startedAt) }
    // Masked rows are nobody's, and rows that were not chosen would look as if they had vanished.
    if (!isWhole(manifest)) return { ...begun, leftOut: 'not-whole', fact: notWhole(manifest.type) }
    const sections = manifest.databases.filter(({ name }) => this.#order.source === undefined || name === this.#order.source)
    if (sections.length === 0) return { ...begun, leftOut: 'no-database', fact: 'it holds no such database' }
    const found: { readonly section: DatabaseSection; readonly shape: RecordShape; readonly trees: Trees; readonly isOwn: boolean }[] = []
    let isUnderstood = false
    for (const section of sections) {
      const trees = new Trees(this.#repository, this.#signal)
      const folder = await trees.at(backup.snapshot.tree, opened.folderOf('database', section.name))
      const own = folder?.subtree && (await this.#graph(trees, folder.subtree))
      const graph = own || this.#later.get(section.name)
      if (!graph || !folder?.subtree) continue
      isUnderstood = true
      this.#later.set(section.name, graph)
      const order = { kind: this.#order.kind, settings: this.#order.settings, source: section.name }
      for (const kind of kindsIn(graph, order)) this.kinds.add(kind)
      const shape = recordShape(graph, order)
      if (shape) found.push({ section, shape, trees: trees.below(folder.subtree), isOwn: own !== undefined })
    }
    const [only, second] = found
    if (!isUnderstood) return { ...begun, leftOut: 'no-references', fact: 'it was made before backups kept which table refers to which' }
    if (!only) return { ...begun, leftOut: 'no-such-kind', fact: `its schema has no ${this.#order.kind}` }
    if (second)
      throw ambiguous(
        this.#order.kind,
        found.map(({ section }) => section.name),
      )
    const { section, shape, trees, isOwn } = only
    const segments = new Map<TableId, HistorySegment[] | undefined>()
    for (const table of shape.tables.values()) segments.set(table.id, await this.#segmentsOf(table, { section, trees, isOwn }))
    const at = new Date(section.instant)
    const isThere = segments.get(shape.root) !== undefined
    if (!isThere) return { ...begun, at, leftOut: 'not-captured', fact: 'it does not have the table in which such a record begins' }
    return { ...begun, at, leftOut: undefined, fact: undefined, source: section.name, shape, segments }
  }

  async #graph(trees: Trees, folder: BlobId): Promise<StoredGraph | undefined> {
    const content = (await trees.at(folder, storedGraphFile))?.content
    if (!content) return undefined
    const key = content.join()
    const known = this.#graphs.get(key)
    if (known) return known
    const parts: Uint8Array[] = []
    for await (const part of this.#repository.read(content, this.#signal)) parts.push(part)
    const graph = parseGraph(Buffer.concat(parts).toString('utf8'))
    this.#graphs.set(key, graph)
    return graph
  }

  async #segmentsOf(
    { parts }: ShapeTable,
    { section, trees, isOwn }: { readonly section: DatabaseSection; readonly trees: Trees; readonly isOwn: boolean },
  ): Promise<HistorySegment[] | undefined> {
    const segments: HistorySegment[] = []
    for (const { schema, name } of parts) {
      const part = section.tables.find((one) => one.schema === schema && one.table === name)
      // By references of a later backup: then there was no such table yet.
      if (!part && !isOwn) continue
      if (!part) return undefined
      const columns = this.#listOf(part.columns.map((column) => column.name))
      const files = (await trees.list(part.path)).filter(({ type }) => type === 'file')
      if (files.length !== part.segments)
        throw new Fault('DAMAGE_MANIFEST', `${part.path} has ${files.length} segments, the manifest says ${part.segments}`)
      for (const file of files.toSorted((a, b) => (a.name < b.name ? -1 : 1))) segments.push(this.#segment(part.path, columns, file))
    }
    return segments
  }

  #listOf(columns: readonly string[]): readonly string[] {
    const key = columns.join('\u0000')
    const known = this.#columns.get(key) ?? columns
    this.#columns.set(key, known)
    return known
  }

  #segment(path: string, columns: readonly string[], { content = [], sizeBytes }: TreeNode): HistorySegment {
    const key = hash('sha256', [path, ...columns, ...content].join('\u0000'))
    const segment = this.#segments.get(key) ?? { columns, content, sizeBytes }
    this.#segments.set(key, segment)
    return segment
  }
}

function notWhole(type: BackupType): string {
  return type === 'masked' ? 'its rows are masked' : 'it holds what was selected of the system, by the references and settings of then'
}

function ambiguous(kind: string, sources: readonly string[]): Fault {
  return new Fault('USAGE', `${kind} is a kind of the databases ${sources.join(' and ')}: say which one`, { kind })
}

/** Listings of one backup, each read once. */
class Trees {
  readonly #repository: Repository
  readonly #signal: AbortSignal
  readonly #root: BlobId | undefined
  readonly #read: Map<BlobId, Promise<TreeNode[]>>

  constructor(repository: Repository, signal: AbortSignal, root?: BlobId, read = new Map<BlobId, Promise<TreeNode[]>>()) {
    this.#repository = repository
    this.#signal = signal
    this.#root = root
    this.#read = read
  }

  below(root: BlobId): Trees {
    return new Trees(this.#repository, this.#signal, root, this.#read)
  }

  async list(path: string): Promise<TreeNode[]> {
    const node = this.#root && (await this.at(this.#root, path))
    if (!node?.subtree) throw new Fault('DAMAGE_TREE', `the backup has no folder ${path}`, { path })
    return await this.#of(node.subtree)
  }

  async at(tree: BlobId, path: string): Promise<TreeNode | undefined> {
    let node: TreeNode | undefined
    let subtree: BlobId | undefined = tree
    for (const part of path.split('/')) {
      if (!subtree) return undefined
      const name = byteStringOf(part)
      node = (await this.#of(subtree)).find((child) => child.name === name)
      subtree = node?.subtree
    }
    return node
  }

  #of(tree: BlobId): Promise<TreeNode[]> {
    const reading = this.#read.get(tree) ?? this.#repository.tree(tree, this.#signal)
    this.#read.set(tree, reading)
    return reading
  }
}

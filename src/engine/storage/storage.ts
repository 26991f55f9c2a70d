/** The folders of a restic repository (design.rst "Repository Layout"). `config` is a file beside them. */
export const folders = ['data', 'index', 'snapshots', 'locks', 'keys'] as const
/** Ours, beside restic's: restic neither reads nor minds it. Holds the marks of `repository/prune.ts` (SAFETY rule 26). */
export const marksFolder = 'prune-marks'
/** Ours as well: what `repository/repair.ts` took away, so that nothing damaged is ever lost for good. */
export const damagedFolder = 'damaged'
/** These may be absent: programs that copy repositories drop empty folders. */
export const optionalFolders: readonly string[] = ['locks', marksFolder, damagedFolder]
export type Folder = (typeof folders)[number] | typeof marksFolder | typeof damagedFolder

/**
 * `config`, or a folder and a hex id: `data/3f…`. Where it lies below that is the storage's own affair. In `damaged` the name
 * says what the file was, and begins the hash of its bytes: `damaged/index-3f…-8a…`.
 */
export type StorageName = 'config' | `${Folder}/${string}`

export interface StoredFile {
  readonly name: StorageName
  readonly sizeBytes: number
  /** By the storage's own time. */
  readonly modifiedAt: Date
}

export interface Range {
  readonly offset: number
  readonly length: number
}

/**
 * Where a repository's files rest. Every implementation passes `storage.suite.ts`.
 *
 * - `put` **must** be atomic, durable and create-once: once it resolves, the whole file survives a power cut; until then
 *   nobody sees any part of it; an existing file is never replaced (STORAGE_EXISTS).
 * - `get` **must** return exactly the bytes asked for or reject; a range beyond the end is DAMAGE_PACK, a file that is not
 *   there is STORAGE_NOT_FOUND. The bytes belong to the caller.
 * - `remove` **must** be durable; removing what is not there is fine.
 * - `list` **must** show every file whose `put` resolved before it began, and nothing partial.
 * - Every failure is a Fault: STORAGE_UNREACHABLE, _DENIED, _FULL, _NOT_FOUND, _EXISTS, _READONLY, _TIMEOUT.
 */
export interface Storage {
  /** For people and logs: no secrets. */
  readonly location: string
  /** False where a removed file may still take space: object locks, versioned buckets (SAFETY rule 30). */
  readonly freesOnRemove: boolean
  /** Makes the empty layout. Fine when it is there already. */
  create(signal?: AbortSignal): Promise<void>
  /** The parts are written one after the other as one file; the caller may reuse them once it resolves. */
  put(name: StorageName, parts: readonly Uint8Array[], signal?: AbortSignal): Promise<void>
  get(name: StorageName, range?: Range, signal?: AbortSignal): Promise<Buffer>
  stat(name: StorageName, signal?: AbortSignal): Promise<StoredFile | undefined>
  list(folder: Folder, signal?: AbortSignal): AsyncIterable<StoredFile>
  remove(name: StorageName, signal?: AbortSignal): Promise<void>
  /**
   * Removes what interrupted puts have left behind, if it is older than `before` by the storage's own time; nothing that
   * `list` shows. Returns the number of files removed.
   */
  removeLeftovers(before: Date, signal?: AbortSignal): Promise<number>
  /** The storage's own time, which lock ages are measured by (SAFETY rule 26). */
  now(signal?: AbortSignal): Promise<Date>
  /** Free space for new files; `undefined` when the storage does not tell. */
  freeBytes(signal?: AbortSignal): Promise<number | undefined>
}

/** A name that is not of this form is our own mistake, and would be a way out of the storage. */
export function isStorageName(name: string): name is StorageName {
  return (
    name === 'config' ||
    /^(data|index|snapshots|locks|keys|prune-marks)\/[0-9a-f]{64}$/.test(name) ||
    /^damaged\/(config|(data|index|snapshots|keys)-[0-9a-f]{64})-[0-9a-f]{16}$/.test(name)
  )
}

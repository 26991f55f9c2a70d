/** The folders of a restic repository (design.rst "Repository Layout"). `config` is a file beside them. */
export const folders = ['data', 'index', 'snapshots', 'locks', 'keys'] as const
export type Folder = (typeof folders)[number]

/** `config`, or a folder and a hex id: `data/3f…`. Where it lies below that is the storage's own affair. */
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
 * - `get` **must** return exactly the bytes asked for or reject; a range beyond the end is DAMAGE_PACK.
 * - `remove` **must** be durable; removing what is not there is fine.
 * - `list` **must** show every file whose `put` resolved before it began, and nothing partial.
 * - Every failure is a Fault: STORAGE_UNREACHABLE, _DENIED, _FULL, _NOT_FOUND, _EXISTS, _READONLY, _TIMEOUT.
 */
export interface Storage {
  /** For people and logs: no secrets. */
  readonly location: string
  /** Makes the empty layout. Fine when it is there already. */
  create(signal?: AbortSignal): Promise<void>
  /** The parts are written one after the other as one file; the caller may reuse them once it resolves. */
  put(name: StorageName, parts: readonly Uint8Array[], signal?: AbortSignal): Promise<void>
  get(name: StorageName, range?: Range, signal?: AbortSignal): Promise<Buffer>
  stat(name: StorageName, signal?: AbortSignal): Promise<StoredFile | undefined>
  list(folder: Folder, signal?: AbortSignal): AsyncIterable<StoredFile>
  remove(name: StorageName, signal?: AbortSignal): Promise<void>
  /** The storage's own time, which lock ages are measured by (SAFETY rule 26). */
  now(signal?: AbortSignal): Promise<Date>
  /** Free space for new files; `undefined` when the storage does not tell. */
  freeBytes(signal?: AbortSignal): Promise<number | undefined>
}

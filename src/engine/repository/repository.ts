import type { Fault } from '#base/fault.ts'
import type { BlobId, SnapshotId } from '#base/ids.ts'
import type { AskRoom } from '#base/room.ts'
import type { Storage } from '#engine/storage/storage.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import type { Grain } from './chunker.ts'
import type { FileToFill } from './filling.ts'
import type { NewFile } from './new-files.ts'

/**
 * An opened repository in restic format v2. Writes happen only inside `write`, deletions only inside `exclusively`,
 * so neither can forget its lock.
 */
export interface Repository extends AsyncDisposable {
  /** 64 hex digits, from the config. */
  readonly id: string
  readonly storage: Storage
  /** Holds a shared lock around `work`; the session's workers and buffers live as long as `work` runs. */
  write<T>(options: WriteOptions, work: (session: WriteSession) => Promise<T>, signal?: AbortSignal): Promise<T>
  /** Holds the exclusive lock around `work`. Refused with REPOSITORY_LOCKED while any other lock stands. */
  exclusively<T>(work: (lease: Lease) => Promise<T>, signal?: AbortSignal): Promise<T>
  /** Holds a shared lock around `work`, so that no prune removes what is being read. */
  reading<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>

  /** Those that are whole, oldest first. */
  snapshots(signal?: AbortSignal): Promise<Snapshot[]>
  /** The same with those that cannot be read: one damaged file hides no other. */
  listSnapshots(signal?: AbortSignal): Promise<SnapshotListing>
  tree(id: BlobId, signal?: AbortSignal): Promise<TreeNode[]>
  /** For one walk over many trees. */
  listings(signal?: AbortSignal): Listings
  /** Content of a file in order, fetched ahead within bounds. Every piece is hashed before it is handed out. */
  read(content: readonly BlobId[], signal?: AbortSignal): AsyncIterable<Uint8Array>
  /** The same for whoever is done with a piece before asking for the next one: its memory is used again then. */
  lend(content: readonly BlobId[], signal?: AbortSignal): AsyncIterable<Uint8Array>
  /** Writes content to an open file, from threads; every piece is hashed before it is written. Returns how many bytes it has. */
  fill(content: readonly BlobId[], file: FileToFill, signal?: AbortSignal): Promise<number>
  /** Makes a whole file of one small blob, in a thread. False when its owner could not be given. */
  make(id: BlobId, file: NewFile, signal?: AbortSignal): Promise<boolean>
  /** Plain size of a blob; `undefined` when the index does not know it. */
  blobSizeBytes(id: BlobId): number | undefined
  /** Reads the index again, after another program may have written. */
  refreshIndex(signal?: AbortSignal): Promise<void>
}

export interface Listings {
  /** Trees that will be asked for soon, the next one first; as many of them are read ahead as the bound allows. */
  expect(trees: Iterable<BlobId>): void
  of(tree: BlobId): Promise<TreeNode[]>
}

export interface WriteOptions {
  /** zstd 1-19. */
  readonly compressionLevel: number
}

/** A claim on the repository that is refreshed until its scope ends. */
export interface Lease {
  readonly lockId: string
  /** SAFETY rule 26: reads the lock back from the storage; REPOSITORY_LOCK_LOST when it is gone. */
  confirm(signal?: AbortSignal): Promise<void>
}

type Pieces = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/** A stream, or what makes one that can read its pieces straight to where they are chunked. */
export type ContentBytes = Pieces | ((askRoom: AskRoom) => Pieces)

/** In bytes, since of a folder that has not changed nobody needs more. */
export interface FolderIds {
  /** 32 bytes. */
  readonly subtreeId: Uint8Array
  /** Of the blobs of its files, 32 bytes each. */
  readonly content: Uint8Array
}

export interface WriteSession {
  readonly lease: Lease
  /** Much is to come: what takes a while to start does so now, beside whatever the caller still prepares. */
  prepare(): void
  /**
   * Chunks, dedups, compresses, seals and packs a stream. Several may run at once; the session bounds all buffers. A piece
   * is copied before the next one is asked for, so its buffer may be used again then. Content that grows and changes from
   * day to day is cut `fine`.
   */
  content(bytes: ContentBytes, signal?: AbortSignal, grain?: Grain): Promise<StoredContent>
  /**
   * Content of one blob, of at most `limits.smallBytesMax`. It is copied before this returns: a promise only when it has
   * to wait for its place.
   */
  small(bytes: Uint8Array): BlobId | Promise<BlobId>
  /** True when every blob is in the repository already, so that an unchanged file needs no reading. */
  has(content: readonly BlobId[]): boolean
  /** True when a listing, and all content of the files in it, is there: both as `has` and `hasTree` say it. */
  hasFolder(folder: FolderIds): boolean
  /** True when a listing is in the repository already: then it counts as stored by this session. */
  hasTree(id: BlobId): boolean
  tree(nodes: readonly TreeNode[], signal?: AbortSignal): Promise<BlobId>
  /**
   * Makes the backup exist: flushes packs, writes the index, confirms the lock and every pack that was deduplicated
   * against (REPOSITORY_LOCK_LOST, REPOSITORY_PACK_VANISHED), then writes the snapshot. Once, last.
   */
  snapshot(snapshot: NewSnapshot, signal?: AbortSignal): Promise<SnapshotId>
  readonly statistics: WriteStatistics
}

export interface StoredContent {
  readonly content: BlobId[]
  readonly sizeBytes: number
}

export interface WriteStatistics {
  /** Plain bytes that came in. */
  readonly readBytes: number
  /** Plain bytes of blobs that were not there yet. */
  readonly newBytes: number
  /** What these became in packs, sealed and compressed. */
  readonly storedBytes: number
  readonly newBlobs: number
  readonly reusedBlobs: number
}

export interface NewSnapshot {
  readonly time: Date
  readonly tree: BlobId
  readonly paths: readonly string[]
  readonly hostname: string
  readonly username: string
  readonly tags: readonly string[]
  readonly parent?: SnapshotId
}

export interface SnapshotListing {
  /** Oldest first. */
  readonly whole: readonly Snapshot[]
  readonly damaged: readonly DamagedSnapshot[]
}

export interface DamagedSnapshot {
  readonly id: SnapshotId
  /** DAMAGE_SNAPSHOT. */
  readonly fault: Fault
}

export interface Snapshot extends NewSnapshot {
  readonly id: SnapshotId
  readonly uid: number
  readonly gid: number
}

import type { Clock } from '#base/clock.ts'
import type { BlobId } from '#base/ids.ts'
import type { AskRoom } from '#base/room.ts'
import type { FileAttributes, FilePart } from '#host/new-file.ts'
import type { Random } from '#host/random.ts'
import type { ByteString } from '#engine/byte-string.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import type { KnownFolder } from './known-folder.ts'

/**
 * What a source hands over, depth first: `enter`, the children in byte order of their names, `leave` with the
 * directory's own node. A directory that changed since it was listed is listed again before it is left, so late names
 * may follow greater ones; so do the other entries of one of which it came out late that something below it has changed.
 * A last `leave` without its `enter` is the source's own folder. The walk keeps several entries in the air at once, at
 * most `limits`' bound; an entry that is itself made from earlier ones (a checksum list) may wait for them inside `open`,
 * since those go on meanwhile.
 */
export type Entry = EnterEntry | LeaveEntry | FileEntry | LinkEntry | StreamEntry | SpecialEntry | UnchangedEntry

export interface EnterEntry {
  readonly kind: 'enter'
  readonly name: ByteString
}

export interface LeaveEntry {
  readonly kind: 'leave'
  readonly node: TreeNode
  /** When the directory and all below it is what it was: then nothing in it was handed over, and this is its tree. */
  readonly known?: KnownFolder
}

/** What is right in a directory that turned out to be what it was: told before it, or one around it, is left as known. */
export interface UnchangedEntry {
  readonly kind: 'unchanged'
  /** Below the source's folder; empty, or ending in a slash. */
  readonly folder: string
  /** Names of its files. */
  readonly files: readonly ByteString[]
  readonly bytes: number
}

/** A file of the file system. A second hard link to a captured file comes as a FileEntry too: its content dedups. */
export interface FileEntry {
  readonly kind: 'file'
  readonly node: TreeNode
  /**
   * What a stat alone tells, where `node` reads the rest (extended attributes) only when it is asked for. That changes a
   * file's ctime, so the rest of an unchanged file is what it was in the backup before.
   */
  readonly bareNode?: TreeNode | undefined
  /** Other names of it come as links. */
  readonly isLinkTarget?: boolean
  /**
   * All of a small file, known to be the same after reading as before. The bytes are valid until the next entry is asked
   * for. `undefined` when it is not as simple as that: then `open` and `settle` name what is in the way.
   */
  readWhole?(): { readonly node: TreeNode; readonly bytes: Uint8Array } | undefined
  /**
   * Reads from the start. May be called again when `settle` said that the file changed. A chunk is valid until the next
   * one is asked for, and is never written to: buffers are used again. What cannot be read throws Node's error (`code`).
   * With `askRoom`, content may be read straight to where it goes.
   */
  open(signal?: AbortSignal, askRoom?: AskRoom): AsyncIterable<Uint8Array>
  /** After reading: is the content that of `node`? */
  settle(): Promise<Settled>
}

export type Settled =
  { readonly state: 'unchanged' } | { readonly state: 'changed'; readonly node: TreeNode } | { readonly state: 'vanished' }

/**
 * Another name of a file handed over before, by a source that cannot read it again (an archive). `target` is the path of
 * that file below the source's folder; its node has more than one link.
 */
export interface LinkEntry {
  readonly kind: 'link'
  readonly node: TreeNode
  readonly target: ByteString
}

/** Bytes that a source makes itself (a COPY segment, a dump). Its node's size is what came out. */
export interface StreamEntry {
  readonly kind: 'stream'
  readonly name: ByteString
  readonly mode: number
  /** As with a file, bytes are valid until the next ones are asked for. */
  open(signal?: AbortSignal): AsyncIterable<Uint8Array>
}

/** Symlink, device, fifo or socket: the node is all there is. */
export interface SpecialEntry {
  readonly kind: 'special'
  readonly node: TreeNode
}

export type GapKind = 'vanished' | 'changed' | 'unreadable' | 'dangling-reference' | 'not-covered'

/** Something the backup does not hold as it should. A backup with gaps is never "completed". */
export interface Gap {
  readonly source: string
  readonly kind: GapKind
  /** Printable path, table or object. */
  readonly what: string
  readonly detail: string
}

export interface CaptureContext {
  readonly clock: Clock
  readonly random: Random
  readonly signal?: AbortSignal | undefined
  /** Called for every gap the source itself notices. */
  readonly gap: (gap: Gap) => void
}

/** One source held still: for a database an exported snapshot, for a directory its opened root. */
export interface Capture<Section> extends AsyncDisposable {
  /** From here on what the source says is fixed (database) or read live (files). */
  readonly instant: Date
  /**
   * Once. The children of the source's folder in the backup, framed as described at Entry. A source that waits until an
   * entry is read must give up when `signal` aborts: nobody may come to read it then.
   */
  entries(signal?: AbortSignal): AsyncIterable<Entry>
  /** The source's section of the manifest. Only after `entries` has ended and every entry was read. */
  section(): Promise<Section>
}

/** What a backup holds below one source's folder, for staging and verifying. Sources never see the repository. */
export interface StoredSource {
  /** Depth first, parents before children: `enter` with the directory's node, files, `leave`. Starts inside the folder. */
  walk(signal?: AbortSignal): AsyncIterable<StoredEntry>
  /** One file by its path below the folder, parts joined with `/`, as the manifest writes it. FILE_NOT_IN_BACKUP. */
  file(path: string, signal?: AbortSignal): Promise<StoredFileContent>
  /** The node of the source's folder itself: owner, mode and times of the root. */
  readonly root: TreeNode
}

export type StoredEntry =
  | { readonly kind: 'enter'; readonly node: TreeNode }
  | { readonly kind: 'leave'; readonly node: TreeNode }
  | { readonly kind: 'file'; readonly node: TreeNode; readonly content: StoredFileContent }
  | { readonly kind: 'special'; readonly node: TreeNode }

export interface StoredFileContent {
  readonly sizeBytes: number
  /** Hash and size of each piece in order: what a staged file is compared with. */
  readonly pieces: readonly { readonly sha256: BlobId; readonly sizeBytes: number }[]
  read(signal?: AbortSignal): AsyncIterable<Uint8Array>
  /** The same for whoever is done with a piece before asking for the next one: its memory is used again then. */
  lend(signal?: AbortSignal): AsyncIterable<Uint8Array>
  /** Writes all of it to an open file but for its holes, from threads. Returns how many bytes it has, holes included. */
  writeTo(file: FileToFill, signal?: AbortSignal): Promise<number>
  /**
   * Makes the whole file in a thread; only of what is small and in one piece. False when the owner could not be given; then
   * setuid and setgid bits are left off.
   */
  make?(file: NewFile, signal?: AbortSignal): Promise<boolean>
}

export interface FileToFill {
  readonly fd: number
  /** As [offset, length] in bytes, ascending. */
  readonly holes: FilePart['holes']
  /** Called for parts that are written, in whatever order. */
  readonly onBytes: (bytes: number) => void
}

export interface NewFile extends FileAttributes {
  /** Bytes of its path, which must not exist. */
  readonly path: Uint8Array
}

/** Progress in measured numbers; a total that is not known is absent. */
export interface Progress {
  readonly stage: string
  readonly doneBytes?: number
  readonly totalBytes?: number
  readonly doneFiles?: number
  readonly totalFiles?: number
  readonly what?: string
}

export type OnProgress = (progress: Progress) => void

import { strict as assert } from 'node:assert'
import { throwIfCancelled } from '#base/clock.ts'
import { Fault, errnoOf, messageOf } from '#base/fault.ts'
import type { BlobId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import type { AskRoom } from '#base/room.ts'
import { Semaphore } from '#base/semaphore.ts'
import { unreachable } from '#base/unreachable.ts'
import { printBytesName, type ByteString } from '#engine/byte-string.ts'
import type { StoredContent, WriteSession } from '#engine/repository/repository.ts'
import type { KnownFolder } from '#engine/sources/known-folder.ts'
import type { Entry, FileEntry, Gap, LeaveEntry, LinkEntry, StreamEntry } from '#engine/sources/source.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import { FolderMemory, type Remembered } from './folder-memory.ts'
import type { RecordPlace } from './folder-records.ts'
import { streamNode } from './made-nodes.ts'

export interface WalkOptions {
  readonly source: string
  readonly session: WriteSession
  /** The same folder in the backup before, by which unchanged files need no reading. */
  readonly before: FolderBefore | undefined
  /** That backup had no gaps, so what it says of a file is all there was to say. */
  readonly isBeforeWhole?: boolean
  /** Entries read at once. */
  readonly width: number
  readonly capturedAt: Date
  /** Whether what was found is to be known to the next backup. */
  readonly isRemembered?: boolean
  readonly onGap: (gap: Gap) => void
  /** Plain bytes as they are read, or all of a file's at once when it is known unchanged. */
  readonly onBytes: (bytes: number) => void
  /** With the file's path below the source's folder, once it is stored. */
  readonly onFile: (path: ByteString) => void
  readonly signal: AbortSignal
}

/** A folder of an earlier backup, read when the walk enters it. */
export interface FolderBefore {
  listing(): Promise<ListingBefore>
  folder(name: ByteString): FolderBefore
}

export interface ListingBefore {
  /** None where the backup before had no such folder. */
  readonly id: BlobId | undefined
  readonly nodes: ReadonlyMap<ByteString, TreeNode>
}

export interface WalkedFolder {
  readonly subtree: BlobId
  /** The source's own node of its folder, when it has one. */
  readonly node: TreeNode | undefined
  /** For the next backup; nothing when nothing has changed, or it is too much. */
  readonly remembered: Remembered | undefined
}

/**
 * Stores what a source hands over and builds its trees bottom up. Several entries are in the air at once; a folder's
 * tree is written when its last child is. The first failure stops everything and is thrown once all has come to rest.
 */
export async function walk(entries: (signal: AbortSignal) => AsyncIterable<Entry>, options: WalkOptions): Promise<WalkedFolder> {
  const stop = new AbortController()
  const signal = AbortSignal.any([options.signal, stop.signal])
  const walker = new Walker({ ...options, signal }, (error) => stop.abort(error))
  try {
    for await (const entry of entries(signal)) {
      signal.throwIfAborted()
      const waiting = walker.take(entry)
      if (waiting) await waiting
    }
    return await walker.end()
  } catch (error) {
    stop.abort(error)
    await walker.rest()
    throwIfCancelled(options.signal)
    throw walker.firstError ?? error
  }
}

interface FinishedFolder {
  readonly subtree: BlobId
  readonly place: RecordPlace | undefined
}

interface Frame {
  /** Below the source's folder, in bytes; empty, or ending in a slash. */
  readonly path: string
  readonly nodes: TreeNode[]
  /** Folders in it, as far as they are remembered. */
  readonly folders: Map<ByteString, RecordPlace>
  readonly before: FolderBefore | undefined
  /** What the same folder held before, once it was asked for. */
  known?: ListingBefore
  pending: Set<Promise<void>>
}

class Walker {
  firstError: unknown
  readonly #options: WalkOptions
  readonly #fail: (error: unknown) => void
  readonly #slots: Semaphore
  readonly #stack: Frame[]
  /** Files with several names, by their first path, for the names that come as links. */
  readonly #linked = new Map<ByteString, Promise<TreeNode | undefined>>()
  #rootNode: TreeNode | undefined
  /** When nothing below it has changed. */
  #knownRoot: KnownFolder | undefined
  readonly #memory: FolderMemory | undefined

  constructor(options: WalkOptions, fail: (error: unknown) => void) {
    this.#options = options
    this.#fail = fail
    this.#slots = new Semaphore(options.width)
    this.#memory = options.isRemembered ? new FolderMemory(options.capturedAt) : undefined
    this.#stack = [{ path: '', nodes: [], folders: new Map(), before: options.before, pending: new Set() }]
  }

  /** A promise when something has to be waited for. Small and unchanged files, which are most, have nothing to wait for. */
  take(entry: Entry): Promise<void> | undefined {
    const frame = this.#top()
    switch (entry.kind) {
      case 'enter':
        this.#stack.push({
          path: `${frame.path}${entry.name}/`,
          nodes: [],
          folders: new Map(),
          before: frame.before?.folder(entry.name),
          pending: new Set(),
        })
        return undefined
      case 'leave':
        if (this.#stack.length > 1) this.#leave(entry)
        else {
          this.#rootNode = entry.node
          this.#knownRoot = entry.known
        }
        return undefined
      case 'unchanged':
        this.#options.onBytes(entry.bytes)
        for (const name of entry.files) this.#options.onFile(`${entry.folder}${name}` as ByteString)
        return undefined
      case 'special':
        frame.nodes.push(entry.node)
        return undefined
      case 'file':
        return this.#takeFile(entry, frame)
      case 'link':
        this.#track(frame, async () => void frame.nodes.push(await this.#linkedNode(entry)))
        return undefined
      case 'stream':
        return this.#begin(frame, () => this.#storeStream(entry, frame))
      default:
        return unreachable(entry)
    }
  }

  #takeFile(entry: FileEntry, frame: Frame): Promise<void> | undefined {
    if (frame.before && !frame.known) return this.#askBefore(entry, frame, frame.before)
    const unchanged = this.#unchanged(entry, frame)
    if (unchanged) {
      this.#options.onBytes(unchanged.sizeBytes)
      return this.#fileStored(entry, frame, unchanged)
    }
    const whole = entry.readWhole?.()
    if (!whole) return this.#begin(frame, () => this.#storeLinked(entry, frame))
    const { node, bytes } = whole
    this.#options.onBytes(bytes.byteLength)
    if (bytes.byteLength === 0) return this.#fileStored(entry, frame, { ...node, content: [] })
    const id = this.#options.session.small(bytes)
    if (typeof id === 'string') return this.#fileStored(entry, frame, { ...node, content: [id] })
    return id.then((stored) => this.#fileStored(entry, frame, { ...node, content: [stored] }))
  }

  async #askBefore(entry: FileEntry, frame: Frame, before: FolderBefore): Promise<void> {
    frame.known = await before.listing()
    await this.#takeFile(entry, frame)
  }

  #fileStored(entry: FileEntry, frame: Frame, node: TreeNode): undefined {
    frame.nodes.push(node)
    this.#options.onFile(pathOf(frame, node.name))
    if (entry.isLinkTarget) this.#linked.set(pathOf(frame, node.name), Promise.resolve(node))
    return undefined
  }

  async end(): Promise<WalkedFolder> {
    assert.equal(this.#stack.length, 1, 'every folder that was entered is left')
    const root = this.#top()
    if (this.#knownRoot) assert.equal(root.nodes.length, 0, 'of what is left as known nothing is handed over')
    const { subtree, place } = this.#knownRoot ? { subtree: this.#knownRoot.subtree, place: undefined } : await this.#finish(root)
    return { subtree, node: this.#rootNode, remembered: this.#memory?.end(place) }
  }

  /** Waits until nothing is in the air, whatever came of it. */
  async rest(): Promise<void> {
    for (const frame of this.#stack) await Promise.allSettled(frame.pending)
  }

  #top(): Frame {
    const frame = this.#stack.at(-1)
    assert(frame)
    return frame
  }

  /** Waits for a free slot, so that the source is asked for no more than can be stored. */
  async #begin(frame: Frame, store: () => Promise<TreeNode | undefined>): Promise<void> {
    await this.#slots.acquire()
    this.#track(frame, async () => {
      try {
        const node = await store()
        if (node) frame.nodes.push(node)
      } finally {
        this.#slots.release()
      }
    })
  }

  #leave({ node, known }: LeaveEntry): void {
    const frame = this.#stack.pop()
    assert(frame)
    const parent = this.#top()
    if (known) return this.#folderStored(parent, node, { subtree: known.subtree, place: this.#memory?.addKnown(known) })
    this.#track(parent, async () => this.#folderStored(parent, node, await this.#finish(frame)))
  }

  #folderStored(parent: Frame, node: TreeNode, { subtree, place }: FinishedFolder): void {
    parent.nodes.push({ ...node, subtree })
    if (place !== undefined) parent.folders.set(node.name, place)
  }

  #track(frame: Frame, work: () => Promise<void>): void {
    const running = work()
      .catch((error: unknown) => {
        this.firstError ??= error
        this.#fail(error)
      })
      .finally(() => frame.pending.delete(running))
    frame.pending.add(running)
  }

  async #finish(frame: Frame): Promise<FinishedFolder> {
    while (frame.pending.size > 0) await Promise.all(frame.pending)
    if (this.firstError !== undefined) throw this.firstError
    frame.nodes.sort((a, b) => (a.name < b.name ? -1 : 1))
    const subtree = (await this.#unchangedListing(frame)) ?? (await this.#options.session.tree(frame.nodes, this.#options.signal))
    return { subtree, place: this.#memory?.add(subtree, frame.nodes, frame.folders) }
  }

  /** Most folders are what they were: their listing is in the repository, and is not written down again to find that out. */
  async #unchangedListing(frame: Frame): Promise<BlobId | undefined> {
    if (!frame.before || frame.nodes.length === 0) return undefined
    const { id, nodes } = (frame.known ??= await frame.before.listing())
    if (id === undefined || nodes.size !== frame.nodes.length) return undefined
    // Both in the order of their names; another program's order makes no difference but time.
    let at = 0
    for (const before of nodes.values()) if (!isSameLine(frame.nodes[at++]!, before)) return undefined
    return this.#options.session.hasTree(id) ? id : undefined
  }

  async #storeStream(entry: StreamEntry, frame: Frame): Promise<TreeNode> {
    const { session, signal, capturedAt, onFile } = this.#options
    const stored = await session.content(this.#metered(entry), signal, 'fine')
    onFile(pathOf(frame, entry.name))
    return streamNode(entry, stored, capturedAt)
  }

  #storeLinked(entry: FileEntry, frame: Frame): Promise<TreeNode | undefined> {
    const stored = this.#storeFile(entry, frame)
    if (entry.isLinkTarget) this.#linked.set(pathOf(frame, entry.node.name), stored)
    return stored
  }

  async #linkedNode({ node, target }: LinkEntry): Promise<TreeNode> {
    const stored = await this.#linked.get(target)
    assert(stored?.content, 'a link names a file that was handed over as the target of links')
    return { ...node, content: stored.content, sizeBytes: stored.sizeBytes }
  }

  /** SAFETY rule 16: a file that changes while it is read is read again, and in the end named. */
  async #storeFile(entry: FileEntry, frame: Frame): Promise<TreeNode | undefined> {
    const { session, signal, onFile } = this.#options
    let node = entry.node
    for (let attempt = 1; ; attempt += 1) {
      let stored: StoredContent
      try {
        stored = await session.content((askRoom) => this.#metered(entry, askRoom), signal)
      } catch (error) {
        if (!isFileError(error)) throw error
        this.#gap(frame, node, { kind: errnoOf(error) === 'ENOENT' ? 'vanished' : 'unreadable', detail: messageOf(error) })
        return undefined
      }
      const settled = await entry.settle()
      if (settled.state === 'unchanged' && stored.sizeBytes === node.sizeBytes) {
        onFile(pathOf(frame, node.name))
        return { ...node, content: stored.content }
      }
      if (settled.state === 'vanished') {
        this.#gap(frame, node, { kind: 'vanished', detail: 'it was removed while it was read; the content read so far is kept' })
        return { ...node, content: stored.content, sizeBytes: stored.sizeBytes }
      }
      if (settled.state === 'changed') node = settled.node
      if (attempt >= limits.fileReadAttempts) {
        this.#gap(frame, node, { kind: 'changed', detail: `it changed in each of ${attempt} readings; the last is kept` })
        return { ...node, content: stored.content, sizeBytes: stored.sizeBytes }
      }
    }
  }

  async *#metered(entry: FileEntry | StreamEntry, askRoom?: AskRoom): AsyncGenerator<Uint8Array> {
    for await (const bytes of entry.open(this.#options.signal, askRoom)) {
      this.#options.onBytes(bytes.byteLength)
      yield bytes
    }
  }

  /** The file's node when it is the one of the backup before; its extended attributes are too, as ctime says. */
  #unchanged(entry: FileEntry, frame: Frame): TreeNode | undefined {
    if (!frame.known) return undefined
    const bare = entry.bareNode ?? entry.node
    const before = frame.known.nodes.get(bare.name)
    const isSame =
      before?.type === 'file' &&
      before.content !== undefined &&
      before.sizeBytes === bare.sizeBytes &&
      before.mtimeNs === bare.mtimeNs &&
      before.ctimeNs === bare.ctimeNs &&
      before.inode === bare.inode
    if (!isSame || !this.#options.session.has(before.content)) return undefined
    if (!entry.bareNode || !this.#options.isBeforeWhole) return { ...entry.node, content: before.content }
    return { ...bare, ...(before.xattrs && { xattrs: before.xattrs }), content: before.content }
  }

  #gap(frame: Frame, node: TreeNode, { kind, detail }: Pick<Gap, 'kind' | 'detail'>): void {
    this.#options.onGap({ source: this.#options.source, kind, what: printBytesName(pathOf(frame, node.name)), detail })
  }
}

/** Whether a listing has the same line for both. One with extended attributes or holes is not compared, and counts as another. */
function isSameLine(one: TreeNode, other: TreeNode): boolean {
  return (
    one.name === other.name &&
    one.type === other.type &&
    one.mode === other.mode &&
    one.mtimeNs === other.mtimeNs &&
    one.atimeNs === other.atimeNs &&
    one.ctimeNs === other.ctimeNs &&
    one.uid === other.uid &&
    one.gid === other.gid &&
    one.user === other.user &&
    one.group === other.group &&
    one.inode === other.inode &&
    one.deviceId === other.deviceId &&
    one.sizeBytes === other.sizeBytes &&
    one.links === other.links &&
    one.linkTarget === other.linkTarget &&
    one.device === other.device &&
    one.subtree === other.subtree &&
    isSameContent(one.content, other.content) &&
    !one.xattrs &&
    !other.xattrs &&
    !one.holes &&
    !other.holes
  )
}

function isSameContent(one: readonly BlobId[] | undefined, other: readonly BlobId[] | undefined): boolean {
  return one === other || (one?.length === other?.length && (one ?? []).every((id, at) => id === other?.[at]))
}

function pathOf(frame: Frame, name: ByteString): ByteString {
  return `${frame.path}${name}` as ByteString
}

/** Errors of the one file, after which the others go on. Anything else ends the backup. */
function isFileError(error: unknown): boolean {
  if (error instanceof Fault) return false
  const errno = errnoOf(error)
  return (
    errno !== undefined && ['ENOENT', 'EACCES', 'EPERM', 'EIO', 'ENXIO', 'ESTALE', 'ETXTBSY', 'EBUSY', 'ENOTDIR', 'ELOOP'].includes(errno)
  )
}

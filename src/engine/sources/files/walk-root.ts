import { setImmediate as nextTurn } from 'node:timers/promises'
import { throwIfCancelled } from '#base/clock.ts'
import { errnoOf, messageOf } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import type { Accounts } from '#host/users.ts'
import { printBytesName, type ByteString } from '#engine/byte-string.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import type { CaptureContext, Entry, GapKind } from '#engine/sources/source.ts'
import { CapturedFile, type Seen } from './captured-file.ts'
import type { DirectoryHandle } from './directory-handle.ts'
import type { FileSelection } from './file-selection.ts'
import type { Exclusion } from './exclusions.ts'
import { isMadeUp, type Mount } from './mounts.ts'
import { isOwnName } from './own-names.ts'
import { isSameState } from './read-file.ts'
import { bareNode, mayHaveHoles, nodeFrom } from './read-node.ts'
import type { RootTally } from './root-tally.ts'

export interface RootWalk {
  readonly source: string
  readonly root: DirectoryHandle
  readonly isExcluded: Exclusion
  /** Of a directory without anything selected nothing is told, not even its name. */
  readonly selection: FileSelection | undefined
  /** By path below the root. */
  readonly mounts: ReadonlyMap<ByteString, Mount>
  readonly accounts: Accounts
  readonly context: CaptureContext
  readonly tally: RootTally
}

/** Calls are synchronous: after so many entries timers, signals and other work get their turn. */
const entriesPerTurn = 64

/**
 * Depth first; what is held in memory is the list of names of each directory on the way down. A directory that changed
 * since it was listed is listed again before it is left (SAFETY rule 16), so a name may come after later ones: whoever
 * builds a tree sorts it. The last entry is the root's own `leave`.
 */
export async function* walkRoot(walk: RootWalk): AsyncGenerator<Entry> {
  using frames = new Frames(walk)
  for (let count = 1; ; count += 1) {
    if (count % entriesPerTurn === 0) await nextTurn()
    throwIfCancelled(walk.context.signal)
    const frame = frames.top
    if (!frame) return
    const name = frame.next()
    if (name !== undefined) {
      yield* frames.take(frame, name)
    } else if (!frame.listAgain()) {
      if (!frame.untold) yield { kind: 'leave', node: frame.node() }
      frames.pop()
    }
  }
}

class Frames implements Disposable {
  readonly #walk: RootWalk
  readonly #frames: Frame[] = []

  constructor(walk: RootWalk) {
    this.#walk = walk
    this.#frames.push(new Frame(walk, walk.root, '' as ByteString))
  }

  get top(): Frame | undefined {
    return this.#frames.at(-1)
  }

  pop(): void {
    const frame = this.#frames.pop()
    // The root's own handle belongs to the capture.
    if (frame && frame.handle !== this.#walk.root) frame.handle[Symbol.dispose]()
  }

  [Symbol.dispose](): void {
    while (this.top) this.pop()
  }

  /** One name of a listing becomes entries, or none: left out, or gone meanwhile and named as a gap. */
  *take(frame: Frame, name: ByteString): Generator<Entry> {
    const { source, tally, isExcluded, selection, accounts, root, context } = this.#walk
    const path = frame.pathOf(name)
    if (isOwnName(name)) return tally.own.add(path)
    const isSelected = selection?.isSelected(path) ?? true
    if (!isSelected && !selection?.mayHold(path)) return
    if (isExcluded(path)) return tally.excluded.add(path)
    const found = frame.look(name)
    if (!found) return
    const { node } = found
    if (node.type === 'dir') return yield* this.#enter(frame, node, isSelected)
    if (!isSelected) return
    yield* this.#tell()
    const isNewer = tally.countIfNewer(path, node)
    if (node.type === 'file') {
      const place = { source, root, directory: frame.handle, path, accounts, context, tally, isNewer }
      return yield new CapturedFile(place, found)
    }
    tally.specials += 1
    if (node.type === 'socket') tally.sockets.add(path)
    yield { kind: 'special', node }
  }

  *#enter(frame: Frame, node: TreeNode, isSelected: boolean): Generator<Entry> {
    const { tally, mounts } = this.#walk
    const path = frame.pathOf(node.name)
    const mount = mounts.get(path)
    const untold = { path, node, isMounted: mount !== undefined || node.deviceId !== frame.device }
    const isKernels = mount !== undefined && isMadeUp(mount.fileSystem)
    const isOpen = !isKernels && this.#open(frame, untold)
    if (!isSelected) return
    yield* this.#tell()
    if (isOpen) return
    yield* this.#announce(untold)
    if (isKernels) tally.madeUp.add(path)
    yield { kind: 'leave', node: frame.look(node.name, 'whole')?.node ?? node }
  }

  /** The directories that were entered and not told yet: now something of them is. */
  *#tell(): Generator<Entry> {
    for (const frame of this.#frames) {
      if (!frame.untold) continue
      yield* this.#announce(frame.untold)
      frame.untold = undefined
    }
  }

  *#announce({ path, node, isMounted }: Untold): Generator<Entry> {
    const { tally } = this.#walk
    tally.directories += 1
    tally.countIfNewer(path, node)
    if (isMounted) tally.mounted.add(path)
    yield { kind: 'enter', name: node.name }
  }

  /** False, and a gap, when the directory cannot be opened: then it stays empty in the backup. */
  #open(frame: Frame, untold: Untold): boolean {
    const { path } = untold
    try {
      using open = new DisposableStack()
      const handle = open.use(frame.handle.openChild(untold.node.name))
      const opened = new Frame(this.#walk, handle, path)
      opened.untold = untold
      this.#frames.push(opened)
      open.move()
      return true
    } catch (error) {
      reportGap(this.#walk, error, path)
      return false
    }
  }
}

interface Untold {
  readonly path: ByteString
  readonly node: TreeNode
  readonly isMounted: boolean
}

/** A directory being walked. */
class Frame {
  /** Until something in it is selected. */
  untold: Untold | undefined
  readonly handle: DirectoryHandle
  readonly device: bigint
  readonly #walk: RootWalk
  readonly #path: ByteString
  /** As of just before the latest listing. */
  #found
  #names: ByteString[]
  #position = 0
  #known: Set<ByteString> | undefined
  #listings = 1

  constructor(walk: RootWalk, handle: DirectoryHandle, path: ByteString) {
    this.#walk = walk
    this.handle = handle
    this.#path = path
    this.#found = handle.stat()
    this.device = this.#found.dev
    this.#names = handle.list()
  }

  pathOf(name: ByteString): ByteString {
    return (this.#path === '' ? name : `${this.#path}/${name}`) as ByteString
  }

  next(): ByteString | undefined {
    const name = this.#names[this.#position]
    this.#position += 1
    return name
  }

  /** True when names came up that no listing had yet. */
  listAgain(): boolean {
    const found = this.#orGap(() => this.handle.stat())
    if (!found || isSameState(found, this.#found)) return false
    this.#known ??= new Set(this.#names)
    const known = this.#known
    const names = this.#orGap(() => this.handle.list())
    if (!names) return false
    const fresh = names.filter((name) => !known.has(name))
    this.#found = found
    if (fresh.length === 0) return false
    if (this.#listings >= limits.fileReadAttempts) {
      this.#gap('changed', this.#path, `it had new entries at each of ${this.#listings} listings; ${fresh.length} are left out`)
      return false
    }
    this.#listings += 1
    for (const name of fresh) known.add(name)
    this.#names = fresh
    this.#position = 0
    return true
  }

  /** `undefined`, and a gap, when the directory was removed meanwhile or cannot be read any more: what was seen of it stays. */
  #orGap<T>(look: () => T): T | undefined {
    try {
      return look()
    } catch (error) {
      reportGap(this.#walk, error, this.#path)
      return undefined
    }
  }

  /** The directory's own node, as of its last listing. */
  node(): TreeNode {
    const name = this.#path.slice(this.#path.lastIndexOf('/') + 1) as ByteString
    try {
      return nodeFrom(this.#found, { at: this.handle.ownPath, fd: this.handle.fd, name, accounts: this.#walk.accounts })
    } catch (error) {
      return this.#bare(error, this.#found, name)
    }
  }

  /**
   * A child as it is now; `undefined`, and a gap, when it is gone or cannot be looked at. The extended attributes of a
   * directory are read when it is left, those of a file when it is stored, so `brief` does without.
   */
  look(name: ByteString, extent: 'brief' | 'whole' = 'brief'): Seen | undefined {
    const path = this.pathOf(name)
    const { accounts } = this.#walk
    try {
      const found = this.handle.statOf(name)
      if (extent === 'brief' && (found.isFile() || found.isDirectory())) {
        return { node: bareNode(found, name, accounts), mayHaveHoles: found.isFile() && mayHaveHoles(found) }
      }
      try {
        return { node: nodeFrom(found, { at: this.handle.pathOf(name), name, accounts }), mayHaveHoles: false }
      } catch (error) {
        if (errnoOf(error) === 'ENOENT' || found.isSymbolicLink()) throw error
        return { node: this.#bare(error, found, name), mayHaveHoles: false }
      }
    } catch (error) {
      reportGap(this.#walk, error, path)
      return undefined
    }
  }

  #bare(error: unknown, found: Parameters<typeof bareNode>[0], name: ByteString): TreeNode {
    if (errnoOf(error) === undefined) throw error
    this.#gap('unreadable', this.pathOf(name), `its extended attributes: ${messageOf(error)}`)
    return bareNode(found, name, this.#walk.accounts)
  }

  #gap(kind: GapKind, path: ByteString, detail: string): void {
    this.#walk.context.gap({ source: this.#walk.source, kind, what: printBytesName(path) || '.', detail })
  }
}

/** Errors of the world become gaps; anything else is ours and ends the walk. */
function reportGap(walk: RootWalk, error: unknown, path: ByteString): void {
  const errno = errnoOf(error)
  // Out of descriptors is this process's trouble, not the file's.
  if (errno === undefined || errno === 'EMFILE' || errno === 'ENFILE') throw error
  const kind = errno === 'ENOENT' ? 'vanished' : 'unreadable'
  walk.context.gap({ source: walk.source, kind, what: printBytesName(path) || '.', detail: messageOf(error) })
}

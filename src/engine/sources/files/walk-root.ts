import { strict as assert } from 'node:assert'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { throwIfCancelled } from '#base/clock.ts'
import { errnoOf } from '#base/fault.ts'
import type { ByteString } from '#engine/byte-string.ts'
import type { KnownFolder, KnownRoot } from '#engine/sources/known-folder.ts'
import type { Entry } from '#engine/sources/source.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import { CapturedFile } from './captured-file.ts'
import type { Comparing, FoundDirectory, ListingComparison } from './listing-comparison.ts'
import { ListingDigest } from './listing-digest.ts'
import { isMadeUp } from './mounts.ts'
import { isOwnName } from './own-names.ts'
import { bareNode } from './read-node.ts'
import { reportGap, type RootWalk } from './root-walk.ts'
import { Frame, type Untold } from './walk-frame.ts'

/** Calls are synchronous: after so many entries timers, signals and other work get their turn. */
const entriesPerTurn = 64

/**
 * Depth first; what is held in memory is the list of names of each directory on the way down. A directory that changed
 * since it was listed is listed again before it is left (SAFETY rule 16), so a name may come after later ones: whoever
 * builds a tree sorts it. The last entry is the root's own `leave`.
 *
 * Of a directory that is known nothing is told until it is clear that it, or something below it, has changed. Then the
 * directories down to there are told, and all that is in them.
 */
export async function* walkRoot(walk: RootWalk): AsyncGenerator<Entry> {
  using frames = new Frames(walk, await walk.known?.())
  for (let count = 1; ; count += 1) {
    if (count % entriesPerTurn === 0) await nextTurn()
    throwIfCancelled(walk.context.signal)
    const frame = frames.top
    if (!frame) break
    if (frame.comparison) {
      yield* frames.compare(frame, frame.comparison)
      continue
    }
    const name = frame.next()
    if (name !== undefined) {
      yield* frames.take(frame, name)
    } else if (!frame.listAgain()) {
      if (!frame.untold) yield { kind: 'leave', node: frame.node() }
      frames.pop()
    }
  }
  walk.tally.isComplete = true
}

class Frames implements Disposable {
  readonly #walk: RootWalk
  readonly #frames: Frame[] = []
  readonly #comparing: Comparing | undefined

  constructor(walk: RootWalk, known: KnownRoot | undefined) {
    this.#walk = walk
    this.#comparing = known && { isStored: (folder) => known.isStored(folder), digest: new ListingDigest() }
    const root = new Frame(walk, { handle: walk.root, path: '' as ByteString, found: walk.root.stat() })
    this.#push(root, known?.folder)
  }

  get top(): Frame | undefined {
    return this.#frames.at(-1)
  }

  /** A directory that is known is compared first. */
  #push(frame: Frame, known: KnownFolder | undefined): void {
    if (known && this.#comparing) frame.compareWith(known, this.#comparing)
    this.#frames.push(frame)
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
    if (frame.settled.has(name)) return yield* this.#tellSettled(frame, name)
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
    if (!isSelected || (isOpen && this.top?.comparison)) return
    yield* this.#tell()
    if (isOpen) return
    yield* this.#announce(untold)
    if (isKernels) tally.madeUp.add(path)
    yield { kind: 'leave', node: frame.look(node.name, 'whole')?.node ?? node }
  }

  /** The next thing to find out about a directory that may be what it was. */
  *compare(frame: Frame, comparison: ListingComparison): Generator<Entry> {
    if (comparison.state === 'unclear') comparison.look()
    if (comparison.state === 'unclear') return
    if (comparison.state === 'same') {
      const next = comparison.nextDirectory()
      if (next && this.#descend(frame, next)) return
      if (!next && frame.isStill()) return yield* this.#unchanged(frame, comparison)
    }
    yield* this.#tell()
  }

  /** False when it cannot be opened, or is another file system: whoever goes through finds out. */
  #descend(frame: Frame, { name, found }: FoundDirectory): boolean {
    const { accounts } = this.#walk
    const known = frame.known?.folder(name)
    if (!known || found.dev !== frame.device) return false
    try {
      using open = new DisposableStack()
      const handle = open.use(frame.handle.openChild(name))
      // If it is another one by now, or has changed, it will not be still.
      const opened = new Frame(this.#walk, { handle, path: frame.pathOf(name), found })
      opened.untold = {
        path: frame.pathOf(name),
        get node() {
          return bareNode(handle.stat(), name, accounts)
        },
        isMounted: false,
      }
      this.#push(opened, known)
      open.move()
      return true
    } catch (error) {
      if (errnoOf(error) === undefined) throw error
      return false
    }
  }

  /** The directory at the top, and all below it, is what it was. */
  *#unchanged(frame: Frame, { files }: ListingComparison): Generator<Entry> {
    const { tally } = this.#walk
    const known = frame.known!
    tally.countKnown(known)
    yield { kind: 'unchanged', folder: frame.pathOf('' as ByteString), files, bytes: known.bytes }
    const around = this.#frames.at(-2)
    if (around?.comparison) {
      // Looked at with its neighbours: neither newer nor mounted.
      tally.directories += 1
      around.settled.set(frame.name, 'known')
    } else {
      if (frame.untold) yield* this.#announce(frame.untold)
      yield { kind: 'leave', node: frame.node(), known }
    }
    this.pop()
  }

  /** A directory that was gone into, in one that is gone through after all. */
  *#tellSettled(frame: Frame, name: ByteString): Generator<Entry> {
    if (frame.settled.get(name) === 'told') return
    const known = frame.known?.folder(name)
    assert(known, 'a directory that is settled is known')
    const found = frame.look(name, 'whole')
    if (!found) return
    if (found.node.type !== 'dir') {
      // Something else has its name by now.
      frame.settled.delete(name)
      return yield* this.take(frame, name)
    }
    yield { kind: 'enter', name }
    yield { kind: 'leave', node: found.node, known }
  }

  /** The directories that were entered and not told yet: now something of them is. */
  *#tell(): Generator<Entry> {
    for (const [at, frame] of this.#frames.entries()) {
      if (frame.comparison) frame.goThrough(this.#frames[at + 1]?.name)
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
      const opened = new Frame(this.#walk, { handle, path, found: handle.stat() })
      opened.untold = untold
      this.#push(opened, frame.known?.folder(untold.node.name))
      open.move()
      return true
    } catch (error) {
      reportGap(this.#walk, error, path)
      return false
    }
  }
}

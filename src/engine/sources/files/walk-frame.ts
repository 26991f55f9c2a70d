import { errnoOf, messageOf } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import type { EntryStats } from '#host/open-files.ts'
import { printBytesName, type ByteString } from '#engine/byte-string.ts'
import type { KnownFolder } from '#engine/sources/known-folder.ts'
import type { GapKind } from '#engine/sources/source.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import type { Seen } from './captured-file.ts'
import type { DirectoryHandle } from './directory-handle.ts'
import { ListingComparison, type Comparing } from './listing-comparison.ts'
import { isSameState } from './read-file.ts'
import { bareNode, mayHaveHoles, nodeFrom } from './read-node.ts'
import { reportGap, type RootWalk } from './root-walk.ts'

export interface Untold {
  readonly path: ByteString
  readonly node: TreeNode
  readonly isMounted: boolean
}

export interface OpenedDirectory {
  readonly handle: DirectoryHandle
  /** Below the root. */
  readonly path: ByteString
  /** From before it was listed. */
  readonly found: EntryStats
}

/** A directory being walked. */
export class Frame {
  /** Until something in it is selected. */
  untold: Untold | undefined
  known: KnownFolder | undefined
  /** While it may be what the backup before found. */
  comparison: ListingComparison | undefined
  /** Directories in it that need no entering any more. */
  readonly settled = new Map<ByteString, 'known' | 'told'>()
  readonly handle: DirectoryHandle
  readonly device: bigint
  readonly #walk: RootWalk
  readonly #path: ByteString
  /** As of just before the latest listing. */
  #found: EntryStats
  #names: ByteString[]
  #position = 0
  #listed: Set<ByteString> | undefined
  #listings = 1

  constructor(walk: RootWalk, { handle, path, found }: OpenedDirectory) {
    this.#walk = walk
    this.handle = handle
    this.#path = path
    this.#found = found
    this.device = this.#found.dev
    this.#names = handle.list()
  }

  get name(): ByteString {
    return this.#path.slice(this.#path.lastIndexOf('/') + 1) as ByteString
  }

  /** Its entries are looked at first. */
  compareWith(known: KnownFolder, by: Comparing): void {
    this.known = known
    const { fd } = this.handle
    this.comparison = new ListingComparison(this.#walk, by, { fd, names: this.#names, known, pathOf: (name) => this.pathOf(name) })
  }

  /** It is not what it was: all in it is told but for the directories that were settled, and this one, which tells its own. */
  goThrough(entered: ByteString | undefined): void {
    this.comparison = undefined
    if (entered !== undefined) this.settled.set(entered, 'told')
  }

  /** Nothing came up or went since it was listed. */
  isStill(): boolean {
    const found = this.#orGap(() => this.handle.stat())
    return found !== undefined && isSameState(found, this.#found)
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
    this.#listed ??= new Set(this.#names)
    const listed = this.#listed
    const names = this.#orGap(() => this.handle.list())
    if (!names) return false
    const fresh = names.filter((name) => !listed.has(name))
    this.#found = found
    if (fresh.length === 0) return false
    if (this.#listings >= limits.fileReadAttempts) {
      this.#gap('changed', this.#path, `it had new entries at each of ${this.#listings} listings; ${fresh.length} are left out`)
      return false
    }
    this.#listings += 1
    for (const name of fresh) listed.add(name)
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
    const { name } = this
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

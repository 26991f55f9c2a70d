import { throwIfCancelled } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import type { BlobId, PackId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import { printBytesName } from '#engine/byte-string.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import { BlobSet } from './blob-set.ts'
import type { PackIndex } from './pack-index.ts'
import { decodeTree } from './tree.ts'

/** Something that a snapshot names and that cannot be read any more. */
export interface Loss {
  /** From the root of the snapshot; the empty path is all of it. */
  readonly path: string
  readonly kind: 'file' | 'directory'
  /** What the file had; null for a directory, of which nobody knows what was in it. */
  readonly sizeBytes: number | null
}

export interface Losses {
  readonly count: number
  /** The first `limits.repairLossesMax`. */
  readonly first: readonly Loss[]
}

const nothing: Losses = { count: 0, first: [] }

/** Finds what trees name and no pack holds. Each tree is read once, whichever number of snapshots share it. */
export class LossSearch {
  /** Every blob that was reached and is there. */
  readonly needed: BlobSet
  /** Packs that a tree could not be read from though the index has it there. */
  readonly suspects = new Set<PackId>()
  readonly #loadTree: (id: BlobId, signal?: AbortSignal) => Promise<Uint8Array>
  readonly #damaged = new Map<BlobId, Losses>()
  readonly #unreadable = new Set<BlobId>()

  constructor(index: PackIndex, loadTree: (id: BlobId, signal?: AbortSignal) => Promise<Uint8Array>) {
    this.needed = new BlobSet(index)
    this.#loadTree = loadTree
  }

  /** What is lost below this tree; `all` when the tree itself cannot be read. */
  async below(tree: BlobId, signal?: AbortSignal): Promise<Losses | 'all'> {
    const known = this.#damaged.get(tree)
    if (known || this.#unreadable.has(tree)) return known ?? 'all'
    const state = this.needed.add('tree', tree)
    if (state === 'unknown') return 'all'
    // Not among the damaged, so it was whole when it was looked at.
    if (state === 'there') return nothing
    const nodes = await this.listing(tree, signal)
    if (!nodes) return 'all'
    const found: Loss[] = []
    let count = 0
    const add = (losses: Losses, under: string) => {
      count += losses.count
      for (const loss of losses.first) {
        if (found.length >= limits.repairLossesMax) return
        found.push({ ...loss, path: loss.path === '' ? under : `${under}/${loss.path}` })
      }
    }
    for (const node of nodes) add(await this.#ofNode(node, signal), printBytesName(node.name))
    if (count === 0) return nothing
    const losses = { count, first: found }
    this.#damaged.set(tree, losses)
    return losses
  }

  /** The nodes of a tree; undefined when it cannot be read, or is no tree. */
  async listing(tree: BlobId, signal?: AbortSignal): Promise<TreeNode[] | undefined> {
    throwIfCancelled(signal)
    try {
      return decodeTree(await this.#loadTree(tree, signal), tree)
    } catch (error) {
      if (!isFault(error) || !error.isDamage) throw error
      const { pack } = error.facts
      if (typeof pack === 'string') this.suspects.add(pack as PackId)
      this.#unreadable.add(tree)
      return undefined
    }
  }

  async #ofNode(node: TreeNode, signal?: AbortSignal): Promise<Losses> {
    if (node.type === 'dir') {
      const below = node.subtree ? await this.below(node.subtree, signal) : 'all'
      return below === 'all' ? { count: 1, first: [{ path: '', kind: 'directory', sizeBytes: null }] } : below
    }
    let isLost = node.type === 'file' && !node.content
    for (const id of node.content ?? []) if (this.needed.add('data', id) === 'unknown') isLost = true
    return isLost ? { count: 1, first: [{ path: '', kind: 'file', sizeBytes: node.sizeBytes }] } : nothing
  }
}

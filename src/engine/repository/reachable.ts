import { throwIfCancelled } from '#base/clock.ts'
import { Fault, isFault } from '#base/fault.ts'
import type { BlobId, SnapshotId } from '#base/ids.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import { BlobSet } from './blob-set.ts'
import type { PackIndex } from './pack-index.ts'
import { decodeTree } from './tree.ts'

export interface Walk {
  readonly index: PackIndex
  /** The plain bytes of a tree blob, proven to be what its name says. */
  readonly loadTree: (id: BlobId, signal?: AbortSignal) => Promise<Uint8Array>
  readonly roots: Iterable<{ readonly id: SnapshotId; readonly tree: BlobId }>
  /** A tree that cannot be read, or that names blobs no index knows. The walk goes on behind it unless this throws. */
  readonly onDamage: (fault: Fault, snapshot: SnapshotId, missing: readonly BlobId[]) => void
}

export interface Reached {
  /** Every blob that some snapshot needs, as far as the index knows it. */
  readonly blobs: BlobSet
  readonly treeCount: number
}

/** Everything the snapshots need. Each tree is read once, whichever number of snapshots share it. */
export async function walkReachable(walk: Walk, signal?: AbortSignal): Promise<Reached> {
  const blobs = new BlobSet(walk.index)
  const unknownTrees = new Set<BlobId>()
  const waiting: Reference[] = []
  let treeCount = 0

  const want = ({ tree, snapshot }: Reference) => {
    const state = blobs.add('tree', tree)
    if (state === 'added') waiting.push({ tree, snapshot })
    if (state !== 'unknown' || unknownTrees.has(tree)) return
    unknownTrees.add(tree)
    const fact = `tree ${tree.slice(0, 8)} of snapshot ${snapshot.slice(0, 8)} is in no pack that the index knows`
    walk.onDamage(new Fault('DAMAGE_TREE', fact, { tree, snapshot }), snapshot, [tree])
  }

  for (const { id, tree } of walk.roots) want({ tree, snapshot: id })
  while (waiting.length > 0) {
    throwIfCancelled(signal)
    const batch = waiting.splice(-treesAtOnce)
    const listings = await Promise.all(batch.map((reference) => listingOf(walk, reference, signal)))
    for (const [at, nodes] of listings.entries()) {
      if (!nodes) continue
      treeCount += 1
      const { tree, snapshot } = batch[at]!
      for (const node of nodes) if (node.subtree) want({ tree: node.subtree, snapshot })
      const missing = addContent(blobs, nodes)
      if (missing.length === 0) continue
      const fact = `tree ${tree.slice(0, 8)} of snapshot ${snapshot.slice(0, 8)} names ${missing.length} blobs that no index knows`
      walk.onDamage(new Fault('DAMAGE_BLOB', fact, { tree, snapshot, blob: missing[0]! }), snapshot, missing)
    }
  }
  return { blobs, treeCount }
}

/** A tree and the first snapshot it was seen in. */
interface Reference {
  readonly tree: BlobId
  readonly snapshot: SnapshotId
}

// Enough to keep a distant storage busy; neighbours in a pack come with the first of them.
const treesAtOnce = 16

async function listingOf(walk: Walk, { tree, snapshot }: Reference, signal?: AbortSignal): Promise<TreeNode[] | undefined> {
  try {
    const nodes = decodeTree(await walk.loadTree(tree, signal), tree)
    for (const node of nodes) {
      if (node.type === 'dir' && !node.subtree)
        throw new Fault('DAMAGE_TREE', `tree ${tree.slice(0, 8)} has a directory without listing`, { tree })
    }
    return nodes
  } catch (error) {
    if (!isFault(error) || !error.isDamage) throw error
    walk.onDamage(error, snapshot, [])
    return undefined
  }
}

/** Returns what the index does not know. */
function addContent(blobs: BlobSet, nodes: readonly TreeNode[]): BlobId[] {
  const missing: BlobId[] = []
  for (const node of nodes) {
    for (const id of node.content ?? []) if (blobs.add('data', id) === 'unknown') missing.push(id)
  }
  return missing
}

import { throwIfCancelled } from '#base/clock.ts'
import type { BlobId, SnapshotId } from '#base/ids.ts'
import { byteStringOf } from '#engine/byte-string.ts'
import { madeNode } from '#engine/made-node.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import type { RepositoryCore } from './core.ts'
import { LossSearch } from './losses.ts'
import { BlobReader } from './reading.ts'
import type { DamagedBackup } from './repair-plan.ts'
import { repairedTag } from './repair-survey.ts'
import type { Lease, WriteSession } from './repository.ts'
import { loadIndexes, rethrow } from './stored.ts'
import { Writing } from './writing.ts'

type Place = Pick<RepositoryCore, 'storage' | 'key' | 'config' | 'clock' | 'random'>

/**
 * For each damaged backup a snapshot of what is whole of it, with the list of what is missing as a file at its top. It
 * has none of Integrum's tags, since its manifest promises more than there is: it is listed and restored like a
 * snapshot of restic, and never counts as a backup.
 */
export async function writeWithGaps(
  place: Place,
  lease: Lease,
  damaged: readonly DamagedBackup[],
  signal?: AbortSignal,
): Promise<{ of: SnapshotId; snapshot: SnapshotId }[]> {
  const { index, files } = await loadIndexes(place, rethrow, signal)
  const core: RepositoryCore = { ...place, index, indexFiles: new Set(files.keys()), markedPacks: new Set() }
  await using reader = new BlobReader(core)
  const written: { of: SnapshotId; snapshot: SnapshotId }[] = []
  for (const { snapshot, losses } of damaged) {
    // Anew for each: a session adds to the index that the search counts on.
    const search = new LossSearch(index, (id, within) => reader.load('tree', id, within))
    await using session = new Writing(core, lease, { compressionLevel: 3 }, signal)
    const nodes = await wholeNodes(search, session, snapshot.tree, signal)
    if (!nodes) continue
    const list = [
      `What is whole of snapshot ${snapshot.id} of ${snapshot.time.toISOString()}.`,
      `${losses.count} things were lost and are not in it${losses.count > losses.first.length ? '; the first are' : ''}:`,
      ...losses.first.map(({ kind, path, sizeBytes }) => `${kind} ${path}${sizeBytes === null ? '' : ` (${sizeBytes} bytes)`}`),
      '',
    ]
    const { content, sizeBytes } = await session.content([Buffer.from(list.join('\n'), 'utf8')], signal)
    const gaps: TreeNode = { ...madeNode(place.clock.now()), name: byteStringOf(gapsFile), type: 'file', mode: 0o640, content, sizeBytes }
    const tree = await session.tree([...nodes.filter(({ name }) => name !== gaps.name), gaps], signal)
    const { time, hostname, username } = snapshot
    const tags = ['gaps', repairedTag(snapshot)]
    const id = await session.snapshot({ time, tree, paths: ['/'], hostname, username, tags }, signal)
    written.push({ of: snapshot.id, snapshot: id })
  }
  return written
}

const gapsFile = 'GAPS.txt'

/** The nodes that are whole, directories with what is whole below them; undefined when the listing itself is lost. */
async function wholeNodes(search: LossSearch, session: WriteSession, tree: BlobId, signal?: AbortSignal): Promise<TreeNode[] | undefined> {
  throwIfCancelled(signal)
  const nodes = await search.listing(tree, signal)
  if (!nodes) return undefined
  const whole: TreeNode[] = []
  for (const node of nodes) {
    if (node.type === 'dir') {
      const subtree = node.subtree && (await wholeTree(search, session, node.subtree, signal))
      if (subtree) whole.push({ ...node, subtree })
    } else if (node.type !== 'file' || (node.content && session.has(node.content))) whole.push(node)
  }
  return whole
}

async function wholeTree(search: LossSearch, session: WriteSession, tree: BlobId, signal?: AbortSignal): Promise<BlobId | undefined> {
  const below = await search.below(tree, signal)
  if (below === 'all') return undefined
  if (below.count === 0) return tree
  const nodes = await wholeNodes(search, session, tree, signal)
  return nodes && (await session.tree(nodes, signal))
}

import type { BlobId } from '#base/ids.ts'
import { madeFolder, madeNode } from '#engine/made-node.ts'
import type { StoredContent } from '#engine/repository/repository.ts'
import type { StreamEntry } from '#engine/sources/source.ts'
import type { TreeNode } from '#engine/tree-node.ts'

/** Nodes of what a source or the backup itself wrote, once it is stored. */
export function streamNode(entry: Pick<StreamEntry, 'name' | 'mode'>, stored: StoredContent, at: Date): TreeNode {
  return { ...madeNode(at), name: entry.name, type: 'file', mode: entry.mode, sizeBytes: stored.sizeBytes, content: stored.content }
}

export function folderNode(name: string, subtree: BlobId, at: Date): TreeNode {
  return { ...madeFolder(name, at), subtree }
}

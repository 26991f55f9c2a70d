import { createHash } from 'node:crypto'
import type { StoredFileContent } from '#engine/sources/source.ts'
import type { TreeNode } from '#engine/tree-node.ts'

/** Names of one file have the same (device, inode). */
export function linkKey(node: TreeNode): string {
  return `${node.deviceId}:${node.inode}`
}

/** An inode number may have been given to another file between two readings: then everything else would differ. */
export function sameFile(one: TreeNode, other: TreeNode): boolean {
  return (
    one.type === other.type &&
    one.mode === other.mode &&
    one.uid === other.uid &&
    one.gid === other.gid &&
    one.mtimeNs === other.mtimeNs &&
    one.sizeBytes === other.sizeBytes &&
    one.linkTarget === other.linkTarget &&
    one.device === other.device
  )
}

/** One short text for the content of a file, however many pieces it has. */
export function contentKey(content: StoredFileContent): string {
  const hash = createHash('sha256')
  for (const { sha256 } of content.pieces) hash.update(sha256)
  return hash.digest('base64')
}

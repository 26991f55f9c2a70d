import type { BlobId } from '#base/ids.ts'
import { byteStringOf } from '#engine/byte-string.ts'
import type { StoredContent } from '#engine/repository/repository.ts'
import type { StreamEntry } from '#engine/sources/source.ts'
import type { TreeNode } from '#engine/tree-node.ts'

/** Nodes of files and folders that no file system held: what a source or the backup itself wrote. */
export function streamNode(entry: Pick<StreamEntry, 'name' | 'mode'>, stored: StoredContent, at: Date): TreeNode {
  return { ...madeNode(at), name: entry.name, type: 'file', mode: entry.mode, sizeBytes: stored.sizeBytes, content: stored.content }
}

export function folderNode(name: string, subtree: BlobId, at: Date): TreeNode {
  return { ...madeNode(at), name: byteStringOf(name), type: 'dir', mode: 0o750, subtree }
}

function madeNode(at: Date) {
  const timeNs = BigInt(at.getTime()) * 1_000_000n
  return {
    mtimeNs: timeNs,
    atimeNs: timeNs,
    ctimeNs: timeNs,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    user: '',
    group: '',
    inode: 0n,
    deviceId: 0n,
    sizeBytes: 0,
    links: 1,
  } as const
}

import { byteStringOf } from './byte-string.ts'
import type { TreeNode } from './tree-node.ts'

/** What is true of a file or folder that no file system held, since a source or the backup itself made it. */
export function madeNode(at: Date) {
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

export function madeFolder(name: string, at: Date): TreeNode {
  return { ...madeNode(at), name: byteStringOf(name), type: 'dir', mode: 0o750 }
}

import type { BlobId } from '#base/ids.ts'
import type { ByteString } from './byte-string.ts'

export type NodeType = 'file' | 'dir' | 'symlink' | 'dev' | 'chardev' | 'fifo' | 'socket'

/**
 * One line of a directory listing, as sources hand it over and the repository keeps it. `repository/tree.ts` writes it
 * as a restic node (design.rst "Trees and Data") and reads it back.
 */
export interface TreeNode {
  readonly name: ByteString
  readonly type: NodeType
  /** POSIX permission bits with setuid, setgid and sticky: `st_mode & 07777`. */
  readonly mode: number
  /** Nanoseconds since 1970, negative before. */
  readonly mtimeNs: bigint
  readonly atimeNs: bigint
  readonly ctimeNs: bigint
  readonly uid: number
  readonly gid: number
  readonly user: string
  readonly group: string
  readonly inode: bigint
  readonly deviceId: bigint
  /** Logical bytes, for files. */
  readonly sizeBytes: number
  /** Hard links; files with more than one and the same (deviceId, inode) are one file. */
  readonly links: number
  readonly linkTarget?: ByteString
  /** `st_rdev`, for devices. */
  readonly device?: bigint
  /** POSIX ACLs and capabilities are among them, as on Linux. */
  readonly xattrs?: readonly ExtendedAttribute[]
  /**
   * Holes of a sparse file as [offset, length] in bytes, ascending. Kept in a field of our own that restic ignores,
   * so restic restores the same content without the holes.
   */
  readonly holes?: readonly (readonly [number, number])[]
  /** Chunks of a file, in order. Set once it is stored. */
  readonly content?: readonly BlobId[]
  /** Tree blob of a directory. Set once it is stored. */
  readonly subtree?: BlobId
}

export interface ExtendedAttribute {
  readonly name: ByteString
  readonly value: Uint8Array
}

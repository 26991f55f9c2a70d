import type { BlobId } from '#base/ids.ts'
import type { ByteString } from '#engine/byte-string.ts'

/**
 * A directory as the backup before found it: enough to tell, by a look at its entries alone, that nothing right in it has
 * changed since, and which tree it is then.
 */
export interface KnownFolder {
  readonly subtree: BlobId
  /** The same in bytes. */
  readonly subtreeId: Uint8Array
  /**
   * SHA-256 of what a look at each entry told (`files/listing-digest.ts`). None where that says too little: of a device, a fifo
   * or a socket, and of what had just changed when it was looked at.
   */
  readonly digest: Uint8Array | undefined
  /** Right in it. */
  readonly files: number
  readonly bytes: number
  readonly symlinks: number
  /** Ids of the blobs of its files, 32 bytes each. */
  readonly content: Uint8Array
  /** The directories in it. */
  folders(): Iterable<readonly [ByteString, KnownFolder]>
  folder(name: ByteString): KnownFolder | undefined
}

/** The folder of a source, for one walk over it. */
export interface KnownRoot {
  readonly folder: KnownFolder
  /** True while the repository has the tree of a folder, and all content of the files right in it. */
  isStored(folder: KnownFolder): boolean
}

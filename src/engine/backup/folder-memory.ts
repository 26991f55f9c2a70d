import type { BlobId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import type { ByteString } from '#engine/byte-string.ts'
import { ListingDigest } from '#engine/sources/files/listing-digest.ts'
import type { KnownFolder } from '#engine/sources/known-folder.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import { FolderRecords, type RecordPlace } from './folder-records.ts'

export interface Remembered {
  readonly records: FolderRecords
  readonly root: RecordPlace
}

/** Makes of the listings of one walk what the next backup may know of them. Above `limits.filesCacheBytesMax` it is nothing. */
export class FolderMemory {
  readonly #steadyBeforeNs: bigint
  readonly #digest = new ListingDigest()
  #records: FolderRecords | undefined = new FolderRecords()

  /** `capturedAt`: before anything was looked at. */
  constructor(capturedAt: Date) {
    // What changes in the same tick of the kernel's clock looks the same, so only what was older than one counts.
    this.#steadyBeforeNs = BigInt(capturedAt.getTime() - limits.kernelTickMs) * 1_000_000n
  }

  /** A folder whose tree has these nodes; `folders` are those in it. */
  add(subtree: BlobId, nodes: readonly TreeNode[], folders: ReadonlyMap<ByteString, RecordPlace>): RecordPlace | undefined {
    if (!this.#records) return undefined
    const files = nodes.filter((node) => node.type === 'file')
    const content = files.flatMap((node) => node.content ?? [])
    const place = this.#records.add(
      {
        subtreeId: Buffer.from(subtree, 'hex'),
        digest: this.#digestOf(nodes),
        files: files.length,
        bytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
        symlinks: nodes.filter(({ type }) => type === 'symlink').length,
        content: Buffer.from(content.join(''), 'hex'),
      },
      folders,
    )
    return this.#within(place)
  }

  /** A folder that is as it was. */
  addKnown(known: KnownFolder): RecordPlace | undefined {
    return this.#within(this.#records?.addKnown(known))
  }

  end(root: RecordPlace | undefined): Remembered | undefined {
    return root === undefined || !this.#records ? undefined : { records: this.#records, root }
  }

  #within(place: RecordPlace | undefined): RecordPlace | undefined {
    if (this.#records && this.#records.sizeBytes > limits.filesCacheBytesMax) this.#records = undefined
    return this.#records && place
  }

  #digestOf(nodes: readonly TreeNode[]): Buffer | undefined {
    if (!nodes.every((node) => this.#isSteady(node))) return undefined
    const users = new Map(nodes.map(({ uid, user }) => [uid, user]))
    const groups = new Map(nodes.map(({ gid, group }) => [gid, group]))
    for (const node of nodes) this.#digest.addNode(node)
    return this.#digest.end({ userName: (uid) => users.get(uid) ?? '', groupName: (gid) => groups.get(gid) ?? '' })
  }

  /** A look at it tells all there is to know. */
  #isSteady({ type, atimeNs, mtimeNs, ctimeNs }: TreeNode): boolean {
    const isPlain = type === 'dir' || type === 'symlink' || type === 'file'
    // A tree that restic made may have times of access, which ours have not.
    return isPlain && atimeNs === mtimeNs && ctimeNs < this.#steadyBeforeNs
  }
}

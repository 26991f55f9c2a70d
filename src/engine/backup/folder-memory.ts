import type { BlobId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import type { ByteString } from '#engine/byte-string.ts'
import { ListingDigest } from '#engine/sources/files/listing-digest.ts'
import type { KnownFolder } from '#engine/sources/known-folder.ts'
import type { TreeNode } from '#engine/tree-node.ts'

const idBytes = 32

/** Makes of the listings of one walk what the next backup may know of them. */
export class FolderMemory {
  readonly #steadyBeforeNs: bigint
  readonly #digest = new ListingDigest()
  /** What is held already, in bytes of the cache; of more than its bound nothing is kept. */
  #bytes = 0

  /** `capturedAt`: before anything was looked at. */
  constructor(capturedAt: Date) {
    // What changes in the same tick of the kernel's clock looks the same, so only what was older than one counts.
    this.#steadyBeforeNs = BigInt(capturedAt.getTime() - limits.kernelTickMs) * 1_000_000n
  }

  /** `nodes` as they are in its tree. */
  folder(
    subtree: BlobId,
    { nodes, folders }: { readonly nodes: readonly TreeNode[]; readonly folders: ReadonlyMap<ByteString, KnownFolder> },
  ) {
    const files = nodes.filter((node) => node.type === 'file')
    const content = files.flatMap((node) => node.content ?? [])
    this.#bytes += content.length * idBytes + [...folders.keys()].reduce((sum, name) => sum + name.length, bytesOfAFolder)
    if (this.#bytes > limits.filesCacheBytesMax) return undefined
    return {
      subtree,
      digest: this.#digestOf(nodes),
      files: files.length,
      bytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      symlinks: nodes.filter(({ type }) => type === 'symlink').length,
      content: Buffer.from(content.join(''), 'hex'),
      folders,
      folder: (name: ByteString) => folders.get(name),
    } satisfies KnownFolder
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

/** Its numbers, and where each folder in it stands. */
const bytesOfAFolder = 120

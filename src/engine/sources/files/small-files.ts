import type { EntryStats } from '#host/open-files.ts'
import type { ByteString } from '#engine/byte-string.ts'
import type { TreeNode } from '#engine/tree-node.ts'

/** Where a file of one name is, and what its stat should tell. */
export interface SmallFile {
  /** Descriptor of the directory it is in; open until the answer is there. */
  readonly directory: number
  readonly name: ByteString
  readonly node: Pick<TreeNode, 'mode' | 'uid' | 'gid' | 'mtimeNs' | 'sizeBytes'>
}

/** Many of them on their way to a thread: objects would take longer than the files. */
export interface SmallFiles {
  readonly names: readonly string[]
  readonly directories: Int32Array
  /** For each file the numbers of its node, in their order. */
  readonly numbers: BigInt64Array
}

/** False: not proven. */
export interface ComparedFile {
  readonly hasAttributes: boolean
  readonly hasContent: boolean
}

const numbersEach = 5

export function listSmallFiles(files: readonly SmallFile[]): SmallFiles {
  const numbers = new BigInt64Array(files.length * numbersEach)
  for (const [index, { node }] of files.entries()) {
    const { mode, uid, gid, mtimeNs, sizeBytes } = node
    numbers.set([BigInt(mode), BigInt(uid), BigInt(gid), mtimeNs, BigInt(sizeBytes)], index * numbersEach)
  }
  return {
    names: files.map(({ name }) => name),
    directories: Int32Array.from(files, ({ directory }) => directory),
    numbers,
  }
}

export function isAsListed(found: EntryStats, { numbers }: SmallFiles, index: number): boolean {
  const at = index * numbersEach
  return (
    found.isFile() &&
    found.nlink === 1n &&
    (found.mode & 0o7777n) === numbers[at] &&
    found.uid === numbers[at + 1] &&
    found.gid === numbers[at + 2] &&
    found.mtimeNs === numbers[at + 3] &&
    found.size === numbers[at + 4]
  )
}

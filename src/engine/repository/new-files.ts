import type { FileAttributes } from '#host/new-file.ts'

/** A file that a thread makes as a whole. */
export interface NewFile extends FileAttributes {
  /** Bytes of its path, which must not exist. */
  readonly path: Uint8Array
}

/** Many of them on their way to a thread: objects would take longer than the files. */
export interface NewFiles {
  /** In Latin-1: a byte for each character. */
  readonly paths: readonly string[]
  /** For each file the numbers of `FileAttributes`, in their order. */
  readonly numbers: BigInt64Array
}

const numbersEach = 6

export function listNewFiles(files: readonly NewFile[]): NewFiles {
  const numbers = new BigInt64Array(files.length * numbersEach)
  for (const [index, { mode, uid, gid, atimeNs, mtimeNs, restoresOwner }] of files.entries()) {
    numbers.set([BigInt(mode), BigInt(uid), BigInt(gid), atimeNs, mtimeNs, restoresOwner ? 1n : 0n], index * numbersEach)
  }
  return { paths: files.map(({ path }) => Buffer.from(path).toString('latin1')), numbers }
}

export function attributesAt({ numbers }: NewFiles, index: number): FileAttributes {
  const at = index * numbersEach
  return {
    mode: Number(numbers[at]),
    uid: Number(numbers[at + 1]),
    gid: Number(numbers[at + 2]),
    atimeNs: numbers[at + 3]!,
    mtimeNs: numbers[at + 4]!,
    restoresOwner: numbers[at + 5] === 1n,
  }
}

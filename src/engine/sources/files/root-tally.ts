import { statx, type Statx } from '#host/open-files.ts'
import { printBytesName, type ByteString } from '#engine/byte-string.ts'
import type { KnownFolder } from '#engine/sources/known-folder.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import type { RootSection } from './root-section.ts'

/** How many paths a section names; the rest is only counted. */
export const pathsNamedMax = 1000

/** Counts and the first paths of something there may be millions of. */
export class PathList {
  count = 0
  readonly paths: string[] = []

  add(path: ByteString): void {
    this.count += 1
    if (this.paths.length < pathsNamedMax) this.paths.push(printBytesName(path))
  }

  /** `3 entries, first a, b, c`, for a sentence. */
  get summary(): string {
    return `${this.count}, first ${this.paths.slice(0, 3).join(', ')}`
  }
}

const notKept = {
  what: 'times of access, change and birth; attributes of chattr, such as immutable and append-only; project ids',
  why: 'the kernel sets these times itself, and a tree that cannot be changed could not be exchanged or removed',
}

/** What a walk saw, as its section of the manifest says it. */
export class RootTally {
  /** Once the walk has come to its end. */
  isComplete = false
  files = 0
  directories = 0
  specials = 0
  bytes = 0
  readonly newer = new PathList()
  readonly sockets = new PathList()
  readonly excluded = new PathList()
  readonly own = new PathList()
  readonly mounted = new PathList()
  readonly madeUp = new PathList()
  readonly #newerThanNs: bigint
  readonly #newerThanSeconds: number
  readonly #newerThanNanoseconds: number

  constructor(newerThan: Date) {
    this.#newerThanNs = BigInt(newerThan.getTime()) * 1_000_000n
    this.#newerThanSeconds = Math.floor(newerThan.getTime() / 1000)
    this.#newerThanNanoseconds = (newerThan.getTime() - this.#newerThanSeconds * 1000) * 1_000_000
  }

  /** SAFETY rule 16. Returns whether the node was counted as newer. */
  countIfNewer(path: ByteString, node: TreeNode): boolean {
    const isNewer = node.ctimeNs > this.#newerThanNs
    if (isNewer) this.newer.add(path)
    return isNewer
  }

  /** The same of an entry that is only looked at, and not counted. */
  isNewer(entry: Statx): boolean {
    const seconds = entry.getInt32(statx.ctime + 4, true) * 0x1_0000_0000 + entry.getUint32(statx.ctime, true)
    if (seconds !== this.#newerThanSeconds) return seconds > this.#newerThanSeconds
    return entry.getUint32(statx.ctime + 8, true) > this.#newerThanNanoseconds
  }

  /** What the backup before has counted, of a directory that is what it was. */
  countKnown({ files, bytes, symlinks }: KnownFolder): void {
    this.files += files
    this.bytes += bytes
    this.specials += symlinks
  }

  counts(): Pick<RootSection, 'files' | 'directories' | 'specials' | 'bytes' | 'newer'> {
    const { files, directories, specials, bytes, newer } = this
    return { files, directories, specials, bytes, newer: { count: newer.count, paths: [...newer.paths] } }
  }

  exactness(patterns: readonly string[]): RootSection['exactness'] {
    const statements = [
      { list: this.sockets, what: 'sockets', why: 'a socket belongs to the program that listens on it and is made by it again' },
      { list: this.excluded, what: 'excluded entries', why: `the settings leave out ${patterns.join(', ')}` },
      { list: this.own, what: 'staging and kept directories of Integrum', why: 'they belong to restores and are never captured' },
      { list: this.mounted, what: 'mounted file systems', why: "their content comes back as directories of the root's own file system" },
      { list: this.madeUp, what: 'kernel file systems', why: 'the kernel makes up their content; they come back as empty directories' },
    ]
    const found = statements.filter(({ list }) => list.count > 0).map(({ list, what, why }) => ({ what: `${what}: ${list.summary}`, why }))
    return [...found, notKept]
  }
}

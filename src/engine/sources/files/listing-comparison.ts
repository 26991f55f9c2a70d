import { constants } from 'node:fs'
import { errnoOf } from '#base/fault.ts'
import { statsOf, statx, statxAt, type EntryStats } from '#host/open-files.ts'
import type { ByteString } from '#engine/byte-string.ts'
import type { KnownFolder, KnownRoot } from '#engine/sources/known-folder.ts'
import type { ListingDigest } from './listing-digest.ts'
import type { RootWalk } from './root-walk.ts'

/** A look counts as one entry where the walk gives others their turn. */
const entriesPerLook = 64

export interface Comparing {
  readonly isStored: KnownRoot['isStored']
  /** For one directory at a time: nothing is in it while none is unclear. */
  readonly digest: ListingDigest
}

export interface ComparedDirectory {
  readonly fd: number
  /** In byte order. */
  readonly names: readonly ByteString[]
  readonly known: KnownFolder
  pathOf(name: ByteString): ByteString
}

export interface FoundDirectory {
  readonly name: ByteString
  readonly found: EntryStats
}

/**
 * Looks at the entries of a directory, a few at a time, until it is clear whether they are what the backup before has stored.
 * Whatever asks for more than a look makes it `other`: then every entry is gone through as if nothing were known of it.
 */
export class ListingComparison {
  /** What the looks have told so far. */
  state: 'unclear' | 'same' | 'other' = 'unclear'
  /** Files in it, in order. */
  readonly files: ByteString[] = []
  readonly #walk: RootWalk
  readonly #by: Comparing
  readonly #directory: ComparedDirectory
  readonly #directories: FoundDirectory[] = []
  #looked = 0
  #descended = 0

  constructor(walk: RootWalk, by: Comparing, directory: ComparedDirectory) {
    this.#walk = walk
    this.#by = by
    this.#directory = directory
    if (!directory.known.digest) this.state = 'other'
  }

  look(): void {
    try {
      if (!this.#lookOn()) this.state = 'other'
    } catch (error) {
      // Whatever it is, going through the entries meets it again and names it.
      if (errnoOf(error) === undefined) throw error
      this.state = 'other'
    }
    if (this.state === 'other') this.#by.digest.reset()
  }

  /** The next directory in it; each once. */
  nextDirectory(): FoundDirectory | undefined {
    const next = this.#directories[this.#descended]
    this.#descended += 1
    return next
  }

  /** False when it is another listing. */
  #lookOn(): boolean {
    const { fd, names, known } = this.#directory
    const end = Math.min(names.length, this.#looked + entriesPerLook)
    for (; this.#looked < end; this.#looked += 1) {
      if (!this.#take(fd, names[this.#looked]!)) return false
    }
    if (end < names.length) return true
    if (!this.#by.digest.end(this.#walk.accounts).equals(known.digest!) || !this.#by.isStored(known)) return false
    this.state = 'same'
    return true
  }

  #take(fd: number, name: ByteString): boolean {
    const { isExcluded, mounts, tally } = this.#walk
    const path = this.#directory.pathOf(name)
    if (isExcluded(path) || mounts.has(path)) return false
    const entry = statxAt(fd, name)
    // SAFETY rule 16: what is newer than the databases' instant is named.
    if (tally.isNewer(entry)) return false
    this.#by.digest.add(name, entry)
    const type = entry.getUint16(statx.mode, true) & S_IFMT
    if (type === S_IFREG) this.files.push(name)
    else if (type === S_IFDIR) this.#directories.push({ name, found: statsOf(entry) })
    return true
  }
}

const { S_IFMT, S_IFREG, S_IFDIR } = constants

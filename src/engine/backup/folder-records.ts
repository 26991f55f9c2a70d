import type { BlobId } from '#base/ids.ts'
import { MiB } from '#base/units.ts'
import { freeAtOnce } from '#host/memory.ts'
import type { ByteString } from '#engine/byte-string.ts'
import { idBytes } from '#engine/repository/id-table.ts'
import type { KnownFolder } from '#engine/sources/known-folder.ts'

/**
 * What is remembered of the folders of one root: `beginning`; a record for each, those of the folders in it before it; in the last
 * 8 bytes where the root's begins. A record is 32 bytes of tree, 32 of digest or zeros, a double of bytes, and in 4 bytes each:
 * files, symlinks, blobs, folders; then the ids of the blobs, and for each folder 2 bytes of its name's length, the name, and a
 * double of where its record begins. Little-endian.
 */
const beginning = Buffer.from('integrum files cache 1\n', 'latin1')
const numbersAt = 2 * idBytes
const numbersBytes = 24
const partBytes = 1 * MiB

/** Where the record of a folder begins. */
export type RecordPlace = number

export type NewRecord = Pick<KnownFolder, 'subtreeId' | 'digest' | 'files' | 'bytes' | 'symlinks' | 'content'>

/** Takes folders in any order in which a folder comes after those in it, and holds no more than their records. */
export class FolderRecords {
  #parts: Buffer[] = []
  #part = Buffer.alloc(partBytes)
  #used = 0
  #before = 0

  constructor() {
    this.#add(beginning)
  }

  get sizeBytes(): number {
    return this.#before + this.#used
  }

  add(folder: NewRecord, folders: ReadonlyMap<ByteString, RecordPlace>): RecordPlace {
    const begins = this.sizeBytes
    this.#add(folder.subtreeId)
    this.#add(folder.digest ?? none)
    const numbers = Buffer.alloc(numbersBytes)
    numbers.writeDoubleLE(folder.bytes)
    numbers.writeUInt32LE(folder.files, 8)
    numbers.writeUInt32LE(folder.symlinks, 12)
    numbers.writeUInt32LE(folder.content.byteLength / idBytes, 16)
    numbers.writeUInt32LE(folders.size, 20)
    this.#add(numbers)
    this.#add(folder.content)
    for (const [name, place] of folders) {
      const inner = Buffer.alloc(2 + name.length + 8)
      inner.writeUInt16LE(name.length)
      inner.write(name, 2, 'latin1')
      inner.writeDoubleLE(place, 2 + name.length)
      this.#add(inner)
    }
    return begins
  }

  /** A folder that is as it was, with all below it. */
  addKnown(known: KnownFolder): RecordPlace {
    // Directories may lie deeper in each other than calls can.
    const around: Copying[] = []
    let current = copyingOf(known)
    for (;;) {
      const next = current.left.next()
      if (!next.done) {
        around.push(current)
        current = copyingOf(next.value[1], next.value[0])
        continue
      }
      const place = this.add(current.folder, current.places)
      const outer = around.pop()
      if (!outer) return place
      outer.places.set(current.name, place)
      current = outer
    }
  }

  /** All of it in a row. Nothing is added after that. */
  copyTo(target: Buffer, root: RecordPlace): void {
    this.#nextPart()
    let at = 0
    for (const part of this.#parts) {
      at += part.copy(target, at)
      freeAtOnce(part)
    }
    target.writeDoubleLE(root, at)
    this.#parts = []
  }

  #add(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.byteLength;) {
      if (this.#used === partBytes) {
        this.#nextPart()
        this.#part = Buffer.alloc(partBytes)
      }
      const length = Math.min(bytes.byteLength - at, partBytes - this.#used)
      this.#part.set(bytes.subarray(at, at + length), this.#used)
      this.#used += length
      at += length
    }
  }

  #nextPart(): void {
    this.#parts.push(this.#part.subarray(0, this.#used))
    this.#before += this.#used
    this.#used = 0
  }
}

/** Beside the records. */
export const rootPlaceBytes = 8

interface Copying {
  readonly folder: KnownFolder
  readonly name: ByteString
  /** Folders in it without a record yet, and those that have one. */
  readonly left: Iterator<readonly [ByteString, KnownFolder]>
  readonly places: Map<ByteString, RecordPlace>
}

function copyingOf(folder: KnownFolder, name = '' as ByteString): Copying {
  return { folder, name, left: folder.folders()[Symbol.iterator](), places: new Map() }
}

/** What was written so; `undefined` when it is another version of it. */
export function rootOfRecords(bytes: Buffer): KnownFolder | undefined {
  if (!bytes.subarray(0, beginning.byteLength).equals(beginning)) return undefined
  return new RecordedFolder(bytes, bytes.readDoubleLE(bytes.byteLength - rootPlaceBytes))
}

const none = Buffer.alloc(idBytes)

/** Read as far as it is asked for. Holds nothing of the folders in it, of which there may be millions, but where they are. */
class RecordedFolder implements KnownFolder {
  readonly files: number
  readonly symlinks: number
  readonly bytes: number
  readonly digest: Uint8Array | undefined
  readonly content: Uint8Array
  readonly #records: Buffer
  readonly #begins: RecordPlace
  #places: ReadonlyMap<ByteString, RecordPlace> | undefined

  constructor(records: Buffer, begins: RecordPlace) {
    const numbers = begins + numbersAt
    this.#records = records
    this.#begins = begins
    this.bytes = records.readDoubleLE(numbers)
    this.files = records.readUInt32LE(numbers + 8)
    this.symlinks = records.readUInt32LE(numbers + 12)
    const digest = records.subarray(begins + idBytes, numbers)
    this.digest = digest.equals(none) ? undefined : digest
    const content = numbers + numbersBytes
    this.content = records.subarray(content, content + records.readUInt32LE(numbers + 16) * idBytes)
  }

  get subtreeId(): Buffer {
    return this.#records.subarray(this.#begins, this.#begins + idBytes)
  }

  get subtree(): BlobId {
    return this.subtreeId.toString('hex') as BlobId
  }

  folder(name: ByteString): RecordedFolder | undefined {
    const place = (this.#places ??= this.#readPlaces()).get(name)
    return place === undefined ? undefined : new RecordedFolder(this.#records, place)
  }

  *folders(): Generator<readonly [ByteString, RecordedFolder]> {
    for (const [name, place] of (this.#places ??= this.#readPlaces())) yield [name, new RecordedFolder(this.#records, place)]
  }

  #readPlaces(): Map<ByteString, RecordPlace> {
    const records = this.#records
    const places = new Map<ByteString, RecordPlace>()
    const numbers = this.#begins + numbersAt
    const count = records.readUInt32LE(numbers + 20)
    let at = numbers + numbersBytes + this.content.byteLength
    for (let read = 0; read < count; read += 1) {
      const end = at + 2 + records.readUInt16LE(at)
      places.set(records.toString('latin1', at + 2, end) as ByteString, records.readDoubleLE(end))
      at = end + 8
    }
    return places
  }
}

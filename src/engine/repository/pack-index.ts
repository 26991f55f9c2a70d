import assert from 'node:assert/strict'
import type { BlobId, PackId } from '#base/ids.ts'
import { IdTable, idBytes } from './id-table.ts'
import { notCompressed, type ScannedIndex } from './index-scan.ts'
import type { BlobType, PackedBlob } from './pack.ts'
import { sealOverheadBytes } from './seal.ts'

export interface BlobLocation extends PackedBlob {
  readonly packId: PackId
}

/**
 * Which pack holds which blob, for millions of blobs: 48 bytes for each in typed arrays and at most 8 in a hash table, and
 * about 60 for each pack. A blob may stand in several packs; all its places are kept. Offsets and sizes are below 4 GiB.
 */
export class PackIndex {
  readonly #blobs = new IdTable()
  /** In segments, four for each blob: pack with the type bit, offset, sealed size, plain size. */
  readonly #numbers: Uint32Array[] = []
  readonly #packs = new IdTable()
  /** First entry of each pack; its last is before that of the next pack. */
  readonly #packFirst: number[] = []
  readonly #packEnds: number[] = []
  readonly #wanted = Buffer.alloc(idBytes)
  readonly #one = new Uint32Array(4)
  readonly #isTree = (entry: number) => this.#isOfType(entry, 'tree')
  readonly #isData = (entry: number) => this.#isOfType(entry, 'data')

  /** Entries; a blob in two packs counts twice. */
  get blobCount(): number {
    return this.#blobs.count
  }

  get packCount(): number {
    return this.#packs.count
  }

  /** Memory of the tables. For tests of the bound. */
  get sizeBytes(): number {
    return this.#blobs.sizeBytes + this.#numbers.length * segmentBlobs * 16 + this.#packs.sizeBytes + this.#packFirst.length * 16
  }

  *packIds(): Iterable<PackId> {
    for (let pack = 0; pack < this.#packs.count; pack += 1) yield this.packId(pack)
  }

  hasPack(id: PackId): boolean {
    return this.#packNumber(id) >= 0
  }

  /** Blobs of a pack that is known already are ignored: packs never change, so they are the same. */
  addPack(id: PackId, blobs: readonly PackedBlob[]): void {
    if (this.hasPack(id)) return
    this.#beginPack(this.#wanted, 0)
    for (const blob of blobs) {
      assert.ok(blob.sizeBytes <= 0xffffffff && blob.plainSizeBytes < notCompressed)
      this.#wanted.write(blob.id, 0, idBytes, 'hex')
      this.#one.set([blob.type === 'tree' ? 1 : 0, blob.offset, blob.sizeBytes, blob.isCompressed ? blob.plainSizeBytes : notCompressed])
      this.#add({ blobIds: this.#wanted, numbers: this.#one }, 0, 1)
    }
  }

  /** The same for all packs of an index file. */
  addScanned(scanned: ScannedIndex): void {
    const { packs, packIds, firstBlobs } = scanned
    this.#blobs.makeRoom(firstBlobs[packs]!)
    for (let pack = 0; pack < packs; pack += 1) {
      if (this.#packs.find(packIds, pack * idBytes) >= 0) continue
      this.#beginPack(packIds, pack)
      this.#add(scanned, firstBlobs[pack]!, firstBlobs[pack + 1]!)
    }
  }

  has(type: BlobType, id: BlobId): boolean {
    return this.entryOf(type, id) !== undefined
  }

  /** A number below `blobCount` that stands for this blob as long as this index lives: for tables beside it. */
  entryOf(type: BlobType, id: BlobId): number | undefined {
    this.#wanted.write(id, 0, idBytes, 'hex')
    const entry = this.#blobs.find(this.#wanted, 0, type === 'tree' ? this.#isTree : this.#isData)
    return entry < 0 ? undefined : entry
  }

  /** The same of the id at `at`; -1 when there is none. */
  entryAt(type: BlobType, ids: Buffer, at: number): number {
    return this.#blobs.find(ids, at, type === 'tree' ? this.#isTree : this.#isData)
  }

  /** Number of the pack that an entry stands in. */
  packNumberOf(entry: number): number {
    return (this.#numbers[(entry / segmentBlobs) | 0]![(entry % segmentBlobs) * 4]! & ~typeBit) >>> 0
  }

  packId(number: number): PackId {
    return this.#packs.hex(number) as PackId
  }

  /** One place of the blob. */
  find(type: BlobType, id: BlobId): BlobLocation | undefined {
    const entry = this.entryOf(type, id)
    return entry === undefined ? undefined : this.#location(entry)
  }

  /** Every place of the blob, for when one of its packs is damaged. */
  findAll(type: BlobType, id: BlobId): BlobLocation[] {
    const places: BlobLocation[] = []
    this.#wanted.write(id, 0, idBytes, 'hex')
    // Turned away each time, so that the search goes on to the next one.
    this.#blobs.find(this.#wanted, 0, (entry) => {
      if (this.#isOfType(entry, type)) places.push(this.#location(entry))
      return false
    })
    return places
  }

  /** In order of their offsets as the index listed them; empty for an unknown pack. */
  blobsOf(packId: PackId): BlobLocation[] {
    const pack = this.#packNumber(packId)
    if (pack < 0) return []
    const first = this.#packFirst[pack]!
    const end = this.#packFirst[pack + 1] ?? this.#blobs.count
    return Array.from({ length: end - first }, (_, at) => this.#location(first + at))
  }

  /** Where the last blob of the pack ends; 0 for an unknown pack. */
  packEnd(packId: PackId): number {
    const pack = this.#packNumber(packId)
    return pack < 0 ? 0 : this.#packEnds[pack]!
  }

  *blobs(): Iterable<BlobLocation> {
    for (let entry = 0; entry < this.#blobs.count; entry += 1) yield this.#location(entry)
  }

  #packNumber(id: PackId): number {
    this.#wanted.write(id, 0, idBytes, 'hex')
    return this.#packs.find(this.#wanted)
  }

  #beginPack(ids: Uint8Array, at: number): void {
    const pack = this.#packs.add(ids, at, at + 1)
    assert.ok(pack < typeBit)
    this.#packFirst.push(this.#blobs.count)
    this.#packEnds.push(0)
  }

  /** Blobs of the last pack: of those given, the ones from `first` up to `end`. */
  #add({ blobIds, numbers }: Pick<ScannedIndex, 'blobIds' | 'numbers'>, first: number, end: number): void {
    const pack = this.#packFirst.length - 1
    let entry = this.#blobs.add(blobIds, first, end)
    let packEnd = this.#packEnds[pack]!
    for (let from = first * 4; from < end * 4; from += 4, entry += 1) {
      if (entry % segmentBlobs === 0) this.#numbers.push(new Uint32Array(segmentBlobs * 4))
      const own = this.#numbers.at(-1)!
      const to = (entry % segmentBlobs) * 4
      own[to] = numbers[from] === 1 ? (pack | typeBit) >>> 0 : pack
      own[to + 1] = numbers[from + 1]!
      own[to + 2] = numbers[from + 2]!
      own[to + 3] = numbers[from + 3]!
      packEnd = Math.max(packEnd, numbers[from + 1]! + numbers[from + 2]!)
    }
    this.#packEnds[pack] = packEnd
  }

  #isOfType(entry: number, type: BlobType): boolean {
    const packed = this.#numbers[(entry / segmentBlobs) | 0]![(entry % segmentBlobs) * 4]!
    return ((packed & typeBit) !== 0) === (type === 'tree')
  }

  #location(entry: number): BlobLocation {
    const numbers = this.#numbers[(entry / segmentBlobs) | 0]!
    const at = (entry % segmentBlobs) * 4
    const packed = numbers[at]!
    const sizeBytes = numbers[at + 2]!
    const plain = numbers[at + 3]!
    return {
      id: this.#blobs.hex(entry) as BlobId,
      type: packed & typeBit ? 'tree' : 'data',
      packId: this.packId(packed & ~typeBit),
      offset: numbers[at + 1]!,
      sizeBytes,
      // What is not compressed has the plain size that follows from the sealed one.
      plainSizeBytes: plain === notCompressed ? sizeBytes - sealOverheadBytes : plain,
      isCompressed: plain !== notCompressed,
    }
  }
}

const segmentBlobs = 16_384
const typeBit = 0x80000000

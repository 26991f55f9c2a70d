import assert from 'node:assert/strict'
import type { BlobId, PackId } from '#base/ids.ts'
import type { BlobType, PackedBlob } from './pack.ts'
import { sealOverheadBytes } from './seal.ts'

export interface BlobLocation extends PackedBlob {
  readonly packId: PackId
}

/**
 * Which pack holds which blob, for millions of blobs: 48 bytes for each in typed arrays, and a hash table of at most 8
 * bytes for each. A blob may stand in several packs; all its places are kept. Offsets and sizes are below 4 GiB.
 */
export class PackIndex {
  readonly #segments: Segment[] = []
  #blobs = 0
  /** Entry number + 1 by hash; 0 is free. Open addressing, linear probing. */
  #slots = new Uint32Array(1024)
  readonly #packIds: PackId[] = []
  /** First entry of each pack; its last is before that of the next pack. */
  readonly #packFirst: number[] = []
  readonly #packEnds: number[] = []
  readonly #packNumbers = new Map<PackId, number>()
  readonly #wanted = Buffer.alloc(32)

  /** Entries; a blob in two packs counts twice. */
  get blobCount(): number {
    return this.#blobs
  }

  get packCount(): number {
    return this.#packIds.length
  }

  /** Memory of the tables. For tests of the bound. */
  get sizeBytes(): number {
    return this.#segments.length * segmentSizeBytes + this.#slots.byteLength
  }

  packIds(): Iterable<PackId> {
    return this.#packIds
  }

  hasPack(id: PackId): boolean {
    return this.#packNumbers.has(id)
  }

  /** Blobs of a pack that is known already are ignored: packs never change, so they are the same. */
  addPack(id: PackId, blobs: readonly PackedBlob[]): void {
    if (this.#packNumbers.has(id)) return
    const pack = this.#packIds.length
    this.#packNumbers.set(id, pack)
    this.#packIds.push(id)
    this.#packFirst.push(this.#blobs)
    this.#packEnds.push(blobs.reduce((end, blob) => Math.max(end, blob.offset + blob.sizeBytes), 0))
    for (const blob of blobs) this.#add(pack, blob)
  }

  has(type: BlobType, id: BlobId): boolean {
    return this.#first(type, id) !== undefined
  }

  /** A number below `blobCount` that stands for this blob as long as this index lives: for tables beside it. */
  entryOf(type: BlobType, id: BlobId): number | undefined {
    return this.#first(type, id)
  }

  /** One place of the blob. */
  find(type: BlobType, id: BlobId): BlobLocation | undefined {
    const entry = this.#first(type, id)
    return entry === undefined ? undefined : this.#location(entry)
  }

  /** Every place of the blob, for when one of its packs is damaged. */
  findAll(type: BlobType, id: BlobId): BlobLocation[] {
    return [...this.#entriesOf(type, id)].map((entry) => this.#location(entry))
  }

  /** In order of their offsets as the index listed them; empty for an unknown pack. */
  blobsOf(packId: PackId): BlobLocation[] {
    const pack = this.#packNumbers.get(packId)
    if (pack === undefined) return []
    const first = this.#packFirst[pack]!
    const end = this.#packFirst[pack + 1] ?? this.#blobs
    return Array.from({ length: end - first }, (_, at) => this.#location(first + at))
  }

  /** Where the last blob of the pack ends; 0 for an unknown pack. */
  packEnd(packId: PackId): number {
    const pack = this.#packNumbers.get(packId)
    return pack === undefined ? 0 : this.#packEnds[pack]!
  }

  *blobs(): Iterable<BlobLocation> {
    for (let entry = 0; entry < this.#blobs; entry += 1) yield this.#location(entry)
  }

  #add(pack: number, blob: PackedBlob): void {
    assert.ok(pack < typeBit && blob.sizeBytes <= 0xffffffff && blob.plainSizeBytes < 0xffffffff)
    if ((this.#blobs + 1) * slotsPerBlob > this.#slots.length) this.#growSlots()
    const entry = this.#blobs
    if (entry % segmentBlobs === 0) this.#segments.push(newSegment())
    const { ids, numbers } = this.#segments[(entry / segmentBlobs) | 0]!
    const at = entry % segmentBlobs
    ids.write(blob.id, at * 32, 32, 'hex')
    numbers[at * 4] = blob.type === 'tree' ? (pack | typeBit) >>> 0 : pack
    numbers[at * 4 + 1] = blob.offset
    numbers[at * 4 + 2] = blob.sizeBytes
    // 2^32 - 1 stands for "not compressed": then the plain size follows from the sealed one.
    numbers[at * 4 + 3] = blob.isCompressed ? blob.plainSizeBytes : notCompressed
    this.#blobs += 1
    this.#place(entry)
  }

  #growSlots(): void {
    this.#slots = new Uint32Array(Math.ceil((this.#blobs + 1) * slotsPerBlob * 1.4))
    for (let entry = 0; entry < this.#blobs; entry += 1) this.#place(entry)
  }

  #place(entry: number): void {
    const { ids } = this.#segments[(entry / segmentBlobs) | 0]!
    let slot = slotOf(ids, (entry % segmentBlobs) * 32, this.#slots.length)
    while (this.#slots[slot] !== 0) slot = slot + 1 === this.#slots.length ? 0 : slot + 1
    this.#slots[slot] = entry + 1
  }

  #first(type: BlobType, id: BlobId): number | undefined {
    for (const entry of this.#entriesOf(type, id)) return entry
    return undefined
  }

  *#entriesOf(type: BlobType, id: BlobId): Iterable<number> {
    this.#wanted.write(id, 0, 32, 'hex')
    const wanted = Buffer.from(this.#wanted)
    let slot = slotOf(wanted, 0, this.#slots.length)
    for (let found = this.#slots[slot]!; found !== 0; found = this.#slots[slot]!) {
      const entry = found - 1
      const { ids, numbers } = this.#segments[(entry / segmentBlobs) | 0]!
      const at = entry % segmentBlobs
      const isType = ((numbers[at * 4]! & typeBit) !== 0) === (type === 'tree')
      if (isType && wanted.compare(ids, at * 32, at * 32 + 32) === 0) yield entry
      slot = slot + 1 === this.#slots.length ? 0 : slot + 1
    }
  }

  #location(entry: number): BlobLocation {
    const { ids, numbers } = this.#segments[(entry / segmentBlobs) | 0]!
    const at = entry % segmentBlobs
    const packed = numbers[at * 4]!
    const sizeBytes = numbers[at * 4 + 2]!
    const plain = numbers[at * 4 + 3]!
    return {
      id: ids.toString('hex', at * 32, at * 32 + 32) as BlobId,
      type: packed & typeBit ? 'tree' : 'data',
      packId: this.#packIds[packed & ~typeBit]!,
      offset: numbers[at * 4 + 1]!,
      sizeBytes,
      plainSizeBytes: plain === notCompressed ? sizeBytes - sealOverheadBytes : plain,
      isCompressed: plain !== notCompressed,
    }
  }
}

interface Segment {
  readonly ids: Buffer
  /** Four for each blob: pack with the type bit, offset, sealed size, plain size. */
  readonly numbers: Uint32Array
}

const segmentBlobs = 16_384
const segmentSizeBytes = segmentBlobs * 48
const slotsPerBlob = 1.4
const typeBit = 0x80000000
const notCompressed = 0xffffffff

function newSegment(): Segment {
  return { ids: Buffer.alloc(segmentBlobs * 32), numbers: new Uint32Array(segmentBlobs * 4) }
}

/** Ids are hashes already; their first four bytes spread evenly over the table. */
function slotOf(ids: Buffer, at: number, slots: number): number {
  return Math.floor((ids.readUInt32LE(at) / 0x1_0000_0000) * slots)
}

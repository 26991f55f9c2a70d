import { createHash } from 'node:crypto'
import { Fault } from '#base/fault.ts'
import type { BlobId, PackId } from '#base/ids.ts'
import { seal, sealOverheadBytes, unseal, type SealingKey } from './seal.ts'

export type BlobType = 'data' | 'tree'

/** Where a blob lies in its pack (design.rst "Pack Format"). */
export interface PackedBlob {
  readonly id: BlobId
  readonly type: BlobType
  readonly offset: number
  /** As stored: sealed, and compressed when `isCompressed`. */
  readonly sizeBytes: number
  readonly plainSizeBytes: number
  readonly isCompressed: boolean
}

// Entry of the header: type, u32le sealed length, u32le plain length when compressed, SHA-256.
const entryBytesRaw = 1 + 4 + 32
const entryBytesCompressed = 1 + 4 + 4 + 32
const headerLengthBytes = 4

/** What the header of `blobs` blobs takes at the end of a pack, at most. */
export function packHeaderSizeBytesMax(blobs: number): number {
  return blobs * entryBytesCompressed + sealOverheadBytes + headerLengthBytes
}

/** The plain header. Blobs must lie one after the other from offset 0, in the order given. */
export function encodePackHeader(blobs: readonly PackedBlob[]): Buffer {
  const header = Buffer.alloc(blobs.length * entryBytesCompressed)
  let at = 0
  for (const blob of blobs) {
    header[at] = (blob.type === 'tree' ? 1 : 0) | (blob.isCompressed ? 2 : 0)
    at = header.writeUInt32LE(blob.sizeBytes, at + 1)
    if (blob.isCompressed) at = header.writeUInt32LE(blob.plainSizeBytes, at)
    at += header.write(blob.id, at, 32, 'hex')
  }
  return header.subarray(0, at)
}

/** `EncryptedHeader || Header_Length`: the length is that of the sealed header. */
export function sealPackHeader(key: SealingKey, header: Uint8Array): Buffer {
  const length = Buffer.alloc(headerLengthBytes)
  length.writeUInt32LE(header.byteLength + sealOverheadBytes)
  return Buffer.concat([seal(key, header), length])
}

/** `undefined` when the bytes are no header. */
export function decodePackHeader(header: Uint8Array): PackedBlob[] | undefined {
  const bytes = Buffer.from(header.buffer, header.byteOffset, header.byteLength)
  const blobs: PackedBlob[] = []
  let offset = 0
  for (let at = 0; at < bytes.length;) {
    const kind = bytes[at]!
    if (kind > 3) return undefined
    const isCompressed = (kind & 2) !== 0
    const end = at + (isCompressed ? entryBytesCompressed : entryBytesRaw)
    if (end > bytes.length) return undefined
    const sizeBytes = bytes.readUInt32LE(at + 1)
    if (sizeBytes < sealOverheadBytes) return undefined
    const plainSizeBytes = isCompressed ? bytes.readUInt32LE(at + 5) : sizeBytes - sealOverheadBytes
    const id = bytes.toString('hex', end - 32, end) as BlobId
    blobs.push({ id, type: kind & 1 ? 'tree' : 'data', offset, sizeBytes, plainSizeBytes, isCompressed })
    offset += sizeBytes
    at = end
  }
  return blobs
}

/**
 * The header of a pack from the end of its file. `tail` must hold all of it: `packTailSizeBytes` says how much that is.
 * DAMAGE_PACK when it does not unseal, or does not describe a pack of `packSizeBytes`.
 */
export function readPackHeader(key: SealingKey, pack: { readonly id: PackId; readonly sizeBytes: number }, tail: Uint8Array): PackedBlob[] {
  const { id: packId, sizeBytes: packSizeBytes } = pack
  const sizeBytes = packTailSizeBytes(packId, tail, packSizeBytes)
  if (sizeBytes > tail.byteLength) throw damagedPack(packId, 'has a header longer than the bytes read for it')
  const start = tail.byteLength - sizeBytes
  const header = unseal(key, tail.subarray(start, tail.byteLength - headerLengthBytes))
  const blobs = header && decodePackHeader(header)
  if (!blobs) throw damagedPack(packId, 'has a header that does not unseal')
  const blobBytes = blobs.reduce((sum, blob) => sum + blob.sizeBytes, 0)
  if (blobBytes + sizeBytes !== packSizeBytes) {
    throw damagedPack(packId, `has ${packSizeBytes} bytes, its header describes ${blobBytes + sizeBytes}`)
  }
  return blobs
}

/** How many bytes at the end of the pack file are the sealed header and its length, by the last four bytes of `tail`. */
export function packTailSizeBytes(packId: PackId, tail: Uint8Array, packSizeBytes: number): number {
  if (tail.byteLength < headerLengthBytes) throw damagedPack(packId, `has only ${packSizeBytes} bytes`)
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength)
  const sizeBytes = view.getUint32(tail.byteLength - headerLengthBytes, true) + headerLengthBytes
  if (sizeBytes > packSizeBytes) throw damagedPack(packId, 'states a header longer than itself')
  return sizeBytes
}

export function packIdOf(parts: readonly Uint8Array[]): PackId {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex') as PackId
}

export function damagedPack(packId: PackId, fact: string, cause?: unknown): Fault {
  return new Fault('DAMAGE_PACK', `pack ${packId} ${fact}`, { pack: packId }, { cause })
}

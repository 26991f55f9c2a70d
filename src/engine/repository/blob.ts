import { hash } from 'node:crypto'
import { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { freeAtOnce } from '#host/memory.ts'
import { decompress, decompressInto } from './compression.ts'
import type { PackedBlob } from './pack.ts'
import type { BlobLocation } from './pack-index.ts'
import { unseal, type SealingKey } from './seal.ts'

/** What was wrong with a blob, in words that follow "blob … ". */
export type BlobDamage = 'does not unseal' | 'does not decompress' | 'is not what its name says'

export type OpenedBlob = { readonly kind: 'whole'; readonly plain: Buffer } | { readonly kind: 'damaged'; readonly damage: BlobDamage }

/** Unseals, decompresses and hashes: the plain bytes are handed out only when they are what the blob's name says. */
export function openBlob(key: SealingKey, blob: PackedBlob, sealed: Uint8Array): OpenedBlob {
  return opened(key, blob, { sealed, decompressed: decompress })
}

/**
 * The same, but the plain bytes lie in memory that the next call uses again: one blob after the other stays in the
 * processor's cache, where it is decompressed and hashed one and a half times as fast.
 */
export function openBlobForNow(key: SealingKey, blob: PackedBlob, sealed: Uint8Array): OpenedBlob {
  return opened(key, blob, { sealed, decompressed: decompressedForNow })
}

interface Sealed {
  readonly sealed: Uint8Array
  readonly decompressed: (frame: Uint8Array, plainSizeBytes: number) => Buffer | undefined
}

function opened(key: SealingKey, blob: PackedBlob, { sealed, decompressed }: Sealed): OpenedBlob {
  const stored = unseal(key, sealed)
  if (!stored) return { kind: 'damaged', damage: 'does not unseal' }
  const plain = blob.isCompressed ? decompressed(stored, blob.plainSizeBytes) : stored
  if (blob.isCompressed) freeAtOnce(stored)
  if (!plain) return { kind: 'damaged', damage: 'does not decompress' }
  if (hash('sha256', plain, 'hex') !== blob.id) return { kind: 'damaged', damage: 'is not what its name says' }
  return { kind: 'whole', plain }
}

function decompressedForNow(frame: Uint8Array, plainSizeBytes: number): Buffer | undefined {
  // Only the tree of a huge directory is larger than any chunk.
  if (plainSizeBytes > limits.chunkSizeBytesMax) return decompress(frame, plainSizeBytes)
  if (plainSizeBytes > kept.byteLength) kept = Buffer.allocUnsafeSlow(plainSizeBytes)
  const plain = kept.subarray(0, plainSizeBytes)
  return decompressInto(frame, plain) ? plain : undefined
}

let kept: Buffer = Buffer.alloc(0)

export function damagedBlob(blob: BlobLocation, fact: string, cause?: unknown): Fault {
  const code = blob.type === 'tree' ? 'DAMAGE_TREE' : 'DAMAGE_BLOB'
  return new Fault(code, `${blob.type} blob ${blob.id} in pack ${blob.packId} ${fact}`, { blob: blob.id, pack: blob.packId }, { cause })
}

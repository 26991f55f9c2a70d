import { hash } from 'node:crypto'
import { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { freeAtOnce, KeptMemory } from '#host/memory.ts'
import { decompress, decompressInto } from './compression.ts'
import type { PackedBlob } from './pack.ts'
import type { BlobLocation } from './pack-index.ts'
import { sealOverheadBytes, unseal, unsealInto, type SealingKey } from './seal.ts'

/** What was wrong with a blob, in words that follow "blob … ". */
export type BlobDamage = 'does not unseal' | 'does not decompress' | 'is not what its name says'

export type OpenedBlob = { readonly kind: 'whole'; readonly plain: Buffer } | { readonly kind: 'damaged'; readonly damage: BlobDamage }

/** Unseals, decompresses and hashes: the plain bytes are handed out only when they are what the blob's name says. */
export function openBlob(key: SealingKey, blob: PackedBlob, sealed: Uint8Array): OpenedBlob {
  return opened(blob, {
    stored: () => unseal(key, sealed),
    decompressed(frame) {
      const plain = decompress(frame, blob.plainSizeBytes)
      freeAtOnce(frame)
      return plain
    },
  })
}

/**
 * The same, but the plain bytes lie in memory that the next call uses again. Nothing waits for the garbage collector, and
 * one blob after the other stays in the processor's cache, where it is decompressed and hashed one and a half times as fast.
 */
export function openBlobForNow(key: SealingKey, blob: PackedBlob, sealed: Uint8Array): OpenedBlob {
  return opened(blob, {
    stored() {
      const stored = unsealedMemory.take(Math.max(0, sealed.byteLength - sealOverheadBytes))
      return unsealInto(key, sealed, stored) ? stored : undefined
    },
    decompressed(frame) {
      const plain = plainMemory.take(blob.plainSizeBytes)
      return decompressInto(frame, plain) ? plain : undefined
    },
  })
}

interface Means {
  readonly stored: () => Buffer | undefined
  readonly decompressed: (frame: Buffer) => Buffer | undefined
}

function opened(blob: PackedBlob, { stored, decompressed }: Means): OpenedBlob {
  const bytes = stored()
  if (!bytes) return { kind: 'damaged', damage: 'does not unseal' }
  const plain = blob.isCompressed ? decompressed(bytes) : bytes
  if (!plain) return { kind: 'damaged', damage: 'does not decompress' }
  if (hash('sha256', plain, 'hex') !== blob.id) return { kind: 'damaged', damage: 'is not what its name says' }
  return { kind: 'whole', plain }
}

// Only the tree of a huge directory is larger than any chunk.
const unsealedMemory = new KeptMemory(limits.chunkSizeBytesMax)
const plainMemory = new KeptMemory(limits.chunkSizeBytesMax)

export function damagedBlob(blob: BlobLocation, fact: string, cause?: unknown): Fault {
  const code = blob.type === 'tree' ? 'DAMAGE_TREE' : 'DAMAGE_BLOB'
  return new Fault(code, `${blob.type} blob ${blob.id} in pack ${blob.packId} ${fact}`, { blob: blob.id, pack: blob.packId }, { cause })
}

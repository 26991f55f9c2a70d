import { hash } from 'node:crypto'
import { Fault } from '#base/fault.ts'
import { freeAtOnce } from '#host/memory.ts'
import { decompress } from './compression.ts'
import type { PackedBlob } from './pack.ts'
import type { BlobLocation } from './pack-index.ts'
import { unseal, type SealingKey } from './seal.ts'

/** What was wrong with a blob, in words that follow "blob … ". */
export type BlobDamage = 'does not unseal' | 'does not decompress' | 'is not what its name says'

export type OpenedBlob = { readonly kind: 'whole'; readonly plain: Buffer } | { readonly kind: 'damaged'; readonly damage: BlobDamage }

/** Unseals, decompresses and hashes: the plain bytes are handed out only when they are what the blob's name says. */
export function openBlob(key: SealingKey, blob: PackedBlob, sealed: Uint8Array): OpenedBlob {
  const stored = unseal(key, sealed)
  if (!stored) return { kind: 'damaged', damage: 'does not unseal' }
  const plain = blob.isCompressed ? decompress(stored, blob.plainSizeBytes) : stored
  if (blob.isCompressed) freeAtOnce(stored)
  if (!plain) return { kind: 'damaged', damage: 'does not decompress' }
  if (hash('sha256', plain, 'hex') !== blob.id) return { kind: 'damaged', damage: 'is not what its name says' }
  return { kind: 'whole', plain }
}

export function damagedBlob(blob: BlobLocation, fact: string, cause?: unknown): Fault {
  const code = blob.type === 'tree' ? 'DAMAGE_TREE' : 'DAMAGE_BLOB'
  return new Fault(code, `${blob.type} blob ${blob.id} in pack ${blob.packId} ${fact}`, { blob: blob.id, pack: blob.packId }, { cause })
}

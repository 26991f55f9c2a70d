import { hkdfSync } from 'node:crypto'
import { coreOf } from './core.ts'
import { keyBytesLength } from './key-bytes.ts'
import type { Repository } from './repository.ts'
import { sealingKey, type SealingKey } from './seal.ts'

/**
 * Seals what a machine remembers of its backups outside of the repository: HKDF-SHA256 of the master key, as the proof key is
 * made. Only whoever may open the repository can read it, or make one that is believed.
 */
export function cacheKeyOf(repository: Repository): SealingKey {
  const { key, config } = coreOf(repository)
  return sealingKey(Buffer.from(hkdfSync('sha256', key.bytes, Buffer.from(config.id, 'hex'), 'integrum cache key 1', keyBytesLength)))
}

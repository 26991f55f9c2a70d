import { coreOf } from './core.ts'
import { derivedKey } from './derived-key.ts'
import { keyBytesLength } from './key-bytes.ts'
import type { Repository } from './repository.ts'
import { sealingKey, type SealingKey } from './seal.ts'

/**
 * Seals what a machine remembers of its backups outside of the repository. Only whoever may open the repository can read it, or make one that is believed.
 */
export function cacheKeyOf(repository: Repository): SealingKey {
  return sealingKey(derivedKey(coreOf(repository), 'integrum cache key 1', keyBytesLength))
}

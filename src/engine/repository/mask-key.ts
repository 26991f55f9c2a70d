import { coreOf } from './core.ts'
import { derivedKey } from './derived-key.ts'
import type { Repository } from './repository.ts'

/**
 * The key under which a system's values are masked when nobody gives another one, derived from the master key. All masked backups of one system in one repository have the same, so a pseudonym stays the same from one to the next;
 * another system, or another repository, has another. Whoever may open the repository could make it, and has the originals anyway.
 */
export function maskKeyOf(repository: Repository, system: string): Buffer {
  return derivedKey(coreOf(repository), `integrum mask key 1 ${system}`, 32)
}

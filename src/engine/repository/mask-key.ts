import { hkdfSync } from 'node:crypto'
import { coreOf } from './core.ts'
import type { Repository } from './repository.ts'

/**
 * The key under which a system's values are masked when nobody gives another one: HKDF-SHA256 of the master key, as the proof key
 * is made. All masked backups of one system in one repository have the same, so a pseudonym stays the same from one to the next;
 * another system, or another repository, has another. Whoever may open the repository could make it, and has the originals anyway.
 */
export function maskKeyOf(repository: Repository, system: string): Buffer {
  const { key, config } = coreOf(repository)
  return Buffer.from(hkdfSync('sha256', key.bytes, Buffer.from(config.id, 'hex'), `integrum mask key 1 ${system}`, 32))
}

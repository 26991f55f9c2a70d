import { hkdfSync } from 'node:crypto'
import type { RepositoryCore } from './core.ts'

/**
 * HKDF-SHA256 of the 64 bytes of the master key, salted with the repository's id: every machine that opens the repository has the same
 * key for the same purpose, and nothing new is stored that could be lost.
 */
export function derivedKey({ key, config }: Pick<RepositoryCore, 'key' | 'config'>, purpose: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', key.bytes, Buffer.from(config.id, 'hex'), purpose, bytes))
}

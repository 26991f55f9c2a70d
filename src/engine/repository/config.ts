import { z } from 'zod'
import { Fault } from '#base/fault.ts'
import { parse } from '#base/parse.ts'
import { randomHex, type Random } from '#host/random.ts'
import type { Storage } from '#engine/storage/storage.ts'
import { randomPolynomial } from './polynomial.ts'
import { putAndReadBack } from './read-back.ts'
import { seal, unseal, type SealingKey } from './seal.ts'

/** design.rst "Repository Format". */
export interface RepositoryConfig {
  readonly version: 2
  /** 64 hex digits. */
  readonly id: string
  /** Irreducible of degree 53, in hex. Our chunker only derives its gear table from it; restic chunks with it. */
  readonly chunkerPolynomial: string
}

export function newConfig(random: Random): RepositoryConfig {
  return { version: 2, id: randomHex(random, 64), chunkerPolynomial: randomPolynomial(random).toString(16) }
}

/** The config is sealed JSON as it is, without the encoding byte of other documents. */
export async function saveConfig(storage: Storage, key: SealingKey, config: RepositoryConfig, signal?: AbortSignal): Promise<void> {
  const json = JSON.stringify({ version: config.version, id: config.id, chunker_polynomial: config.chunkerPolynomial })
  await putAndReadBack(storage, { name: 'config', parts: [seal(key, Buffer.from(json, 'utf8'))] }, signal)
}

const schema = z.object({ version: z.number(), id: z.string(), chunker_polynomial: z.string() })

export async function loadConfig(storage: Storage, key: SealingKey, signal?: AbortSignal): Promise<RepositoryConfig> {
  const plain = unseal(key, await storage.get('config', undefined, signal))
  if (!plain) throw new Fault('DAMAGE_CONFIG', 'the config does not unseal with the key of this repository', { location: storage.location })
  const found = parse(schema, plain.toString('utf8'), 'config', 'DAMAGE_CONFIG')
  if (found.version !== 2) {
    throw new Fault('REPOSITORY_VERSION', `the repository has format ${found.version}`, { version: found.version })
  }
  if (!/^[0-9a-f]{64}$/.test(found.id) || !/^[0-9a-f]{14}$/.test(found.chunker_polynomial)) {
    throw new Fault('DAMAGE_CONFIG', 'the config has no valid id or chunker polynomial', { location: storage.location })
  }
  return { version: 2, id: found.id, chunkerPolynomial: found.chunker_polynomial }
}

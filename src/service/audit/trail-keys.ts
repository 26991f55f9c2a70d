import { createHmac, hkdfSync } from 'node:crypto'
import { proofKeyFrom, type ProofKey } from '#engine/repository/proof-key.ts'

/** What seals the trail. Made out of the sealing key, which is not in the catalog: whoever has SQL alone has none of it. */
export interface TrailKeys {
  /** Names this installation's trail among the copies in repositories: 32 hex digits. */
  readonly installation: string
  /** Ed25519: the head of the trail and its checkpoints. From 1; each rotation is a generation. */
  signing(generation: number): ProofKey
  /** HMAC-SHA256 of an event's hash, in hex: the service wrote this event. */
  stamp(hash: string): string
}

/** HKDF-SHA256 (RFC 5869), one use each. Every process with the sealing key has the same ones, and nothing new is stored. */
export function trailKeysFrom(sealingKey: Buffer): TrailKeys {
  const derived = (use: string, length: number) => Buffer.from(hkdfSync('sha256', sealingKey, Buffer.alloc(0), use, length))
  const stampKey = derived('integrum audit stamp 1', 32)
  const keys = new Map<number, ProofKey>()
  return {
    installation: derived('integrum installation 1', 16).toString('hex'),
    signing: (generation) => {
      const known = keys.get(generation) ?? proofKeyFrom(derived(`integrum audit key ${generation}`, 32))
      keys.set(generation, known)
      return known
    },
    stamp: (hash) => createHmac('sha256', stampKey).update(hash).digest('hex'),
  }
}

/** Of all generations up to this one, in their order. Whoever may write the catalog may write any number there. */
export function publicKeysOf(keys: TrailKeys, generation: number): string[] {
  return Array.from({ length: Math.min(generation, generationsMax) }, (_, index) => keys.signing(index + 1).publicKey)
}

const generationsMax = 1_000

import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { canonicalJson } from './canonical-json.ts'
import { coreOf, type RepositoryCore } from './core.ts'
import { derivedKey } from './derived-key.ts'
import type { Repository } from './repository.ts'

export const signatureSchema = z.object({
  algorithm: z.literal('ed25519'),
  /** 32 bytes, hex. */
  publicKey: z.string().regex(/^[0-9a-f]{64}$/),
  /** 64 bytes, base64. */
  value: z.base64(),
})
export type Signature = z.infer<typeof signatureSchema>

/** A document that carries the signature over the rest of it. */
export type Signed<Document> = Document & { readonly signature: Signature }

/**
 * The key that signs the proofs of a repository comes out of its master key, so every machine that opens the repository
 * has the same one, and nothing new is stored that could be lost. Whoever has a password has it, and nobody else.
 */
export function signProof<Document extends object>(repository: Repository, document: Document): Signed<Document> {
  return signedWith(proofKeyOf(coreOf(repository)), document)
}

export function signedWith<Document extends object>({ key, publicKey }: ProofKey, document: Document): Signed<Document> {
  const value = sign(null, signedBytes(document), key).toString('base64')
  return { ...document, signature: { algorithm: 'ed25519', publicKey, value } }
}

/** True when nothing of the document was changed since the key that it names signed it. Whose key that is, is another question. */
export function isSignatureValid(document: object & { readonly signature: Signature }): boolean {
  const { signature, ...rest } = document
  const der = Buffer.concat([publicKeyHeader, Buffer.from(signature.publicKey, 'hex')])
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
  return verify(null, signedBytes(rest), key, Buffer.from(signature.value, 'base64'))
}

/** 64 hex digits. */
export function proofPublicKey(repository: Repository): string {
  return proofKeyOf(coreOf(repository)).publicKey
}

/** For reading aloud and comparing: the first half of the SHA-256 of a public key. */
export function fingerprintOf(publicKey: string): string {
  return createHash('sha256').update(Buffer.from(publicKey, 'hex')).digest('hex').slice(0, 32)
}

// RFC 8410: a private key is the seed behind this beginning, a public key its 32 bytes behind that one.
const privateKeyHeader = Buffer.from('302e020100300506032b657004220420', 'hex')
const publicKeyHeader = Buffer.from('302a300506032b6570032100', 'hex')

export interface ProofKey {
  readonly key: KeyObject
  readonly publicKey: string
}

export function proofKeyOf(core: Pick<RepositoryCore, 'key' | 'config'>): ProofKey {
  return proofKeyFrom(derivedKey(core, 'integrum proof key 1', 32))
}

export function proofKeyFrom(seed: Uint8Array): ProofKey {
  const key = createPrivateKey({ key: Buffer.concat([privateKeyHeader, seed]), format: 'der', type: 'pkcs8' })
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  return { key, publicKey: spki.subarray(publicKeyHeader.byteLength).toString('hex') }
}

function signedBytes(document: object): Buffer {
  return Buffer.from(canonicalJson(document), 'utf8')
}

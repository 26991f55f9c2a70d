import { createCipheriv, createSecretKey, randomFillSync, timingSafeEqual, type Cipheriv, type KeyObject } from 'node:crypto'
import assert from 'node:assert/strict'
import { aes256Ctr } from '#host/aes256-ctr.ts'
import { poly1305 } from '#host/poly1305.ts'
import { keyBytesLength } from './key-bytes.ts'

const nonceBytes = 16
const macBytes = 16
/** design.rst "Repository Format": `IV || CIPHERTEXT || MAC`. */
export const sealOverheadBytes = nonceBytes + macBytes

/** A key made ready for use. Its nonces come from the operating system alone: a repeated nonce would give the content away. */
export interface SealingKey {
  /** For handing the key to a thread, and for key files. Secret. */
  readonly bytes: Uint8Array
  readonly encryption: Uint8Array
  readonly macEncryption: KeyObject
  readonly macR: Uint8Array
  /** `AES-128_k` of one block after the other: making a cipher for each takes longer than the block. */
  readonly macS: Cipheriv
  readonly nonces: NonceSupply
}

export function sealingKey(bytes: Uint8Array): SealingKey {
  assert.equal(bytes.byteLength, keyBytesLength)
  const macEncryption = createSecretKey(bytes.subarray(32, 48))
  return {
    bytes,
    encryption: bytes.slice(0, 32),
    macEncryption,
    macR: bytes.slice(48, 64),
    macS: createCipheriv('aes-128-ecb', macEncryption, null),
    nonces: new NonceSupply(macEncryption),
  }
}

/** Encrypts and authenticates: nonce, ciphertext, MAC over the ciphertext (design.rst "Keys, Encryption and MAC"). */
export function seal(key: SealingKey, plain: Uint8Array): Buffer {
  const sealed = Buffer.allocUnsafeSlow(plain.byteLength + sealOverheadBytes)
  sealInto(key, plain, sealed)
  return sealed
}

/** Where `sealInto` puts the ciphertext: plain bytes that lie there already are sealed in place. */
export const sealedPlainAt = nonceBytes

/** Like `seal`, into the beginning of `target`. Returns the bytes written: always `plain.byteLength + sealOverheadBytes`. */
export function sealInto(key: SealingKey, plain: Uint8Array, target: Uint8Array): number {
  const { nonce, macS } = key.nonces.take()
  const end = nonceBytes + plain.byteLength
  target.set(nonce, 0)
  const ciphertext = target.subarray(nonceBytes, end)
  aes256Ctr({ key: key.encryption, counter: nonce }, plain, ciphertext)
  target.set(macOf(ciphertext, key.macR, macS), end)
  return plain.byteLength + sealOverheadBytes
}

/** The plain bytes, or `undefined` when the MAC says that `sealed` was altered or that the key is another one. */
export function unseal(key: SealingKey, sealed: Uint8Array): Buffer | undefined {
  // Memory of its own, never a part of Node's pool: it is given back at once where that helps (`host/memory.ts`).
  const plain = Buffer.allocUnsafeSlow(Math.max(0, sealed.byteLength - sealOverheadBytes))
  return unsealInto(key, sealed, plain) ? plain : undefined
}

/** Like `unseal`, into the beginning of `target`: true when all of `sealed.byteLength - sealOverheadBytes` are there. */
export function unsealInto(key: SealingKey, sealed: Uint8Array, target: Uint8Array): boolean {
  const proven = authentic(key, sealed)
  if (!proven) return false
  aes256Ctr({ key: key.encryption, counter: proven.nonce }, proven.ciphertext, target)
  return true
}

function authentic(key: SealingKey, sealed: Uint8Array): { nonce: Uint8Array; ciphertext: Uint8Array } | undefined {
  if (sealed.byteLength < sealOverheadBytes) return undefined
  const nonce = sealed.subarray(0, nonceBytes)
  const ciphertext = sealed.subarray(nonceBytes, sealed.byteLength - macBytes)
  const mac = sealed.subarray(sealed.byteLength - macBytes)
  const macS = key.macS.update(nonce)
  return timingSafeEqual(macOf(ciphertext, key.macR, macS), mac) ? { nonce, ciphertext } : undefined
}

/** Poly1305-AES is Poly1305 with the one-time key r || AES-128_k(nonce) (Bernstein 2005, section 2), which clamps r. */
function macOf(message: Uint8Array, r: Uint8Array, s: Uint8Array): Uint8Array {
  const oneTimeKey = new Uint8Array(32)
  oneTimeKey.set(r, 0)
  oneTimeKey.set(s, 16)
  return poly1305(message, oneTimeKey)
}

const noncesPerFill = 256

/** Random nonces with their `AES-128_k(nonce)`, made 256 at a time: one call each instead of two per blob. */
class NonceSupply {
  readonly #macEncryption: KeyObject
  #nonces: Buffer = Buffer.alloc(0)
  #macS: Buffer = Buffer.alloc(0)
  #used = noncesPerFill

  constructor(macEncryption: KeyObject) {
    this.#macEncryption = macEncryption
  }

  take(): { nonce: Uint8Array; macS: Uint8Array } {
    if (this.#used === noncesPerFill) {
      // Fresh buffers: the views handed out before stay what they were.
      this.#nonces = randomFillSync(Buffer.alloc(noncesPerFill * nonceBytes))
      this.#macS = createCipheriv('aes-128-ecb', this.#macEncryption, null).update(this.#nonces)
      this.#used = 0
    }
    const at = this.#used * nonceBytes
    this.#used += 1
    return { nonce: this.#nonces.subarray(at, at + nonceBytes), macS: this.#macS.subarray(at, at + nonceBytes) }
  }
}

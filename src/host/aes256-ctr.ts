import { createCipheriv, timingSafeEqual } from 'node:crypto'
import koffi from 'koffi'
import { GiB, KiB } from '#base/units.ts'
import { freeAtOnce } from './memory.ts'

/**
 * AES-256 in counter mode (NIST SP 800-38A, section 6.5) over `input`, into the beginning of `target`, which may be the same
 * memory; the same call encrypts and decrypts. The code is OpenSSL's inside Node's binary,
 * with one context kept for each thread: Node's own calls make a cipher for every message and a buffer for every piece of the
 * answer, which for a small file takes eight times as long as encrypting it, and for a large one as long again. Where that
 * binary does not show it, Node's own calls do the same.
 */
export function aes256Ctr(message: CtrMessage, input: Uint8Array, target: Uint8Array): void {
  cipher(message, input, target)
}

export interface CtrMessage {
  /** 32 bytes. */
  readonly key: Uint8Array
  /** 16 bytes, the first of this message. */
  readonly counter: Uint8Array
}

export type Aes256Ctr = typeof aes256Ctr

/** `undefined` where Node's binary does not show what it takes, or where it does not come out with the published answer. */
export function viaOpenSsl(): Aes256Ctr | undefined {
  const calls = findCalls()
  if (!calls) return undefined
  const algorithm = calls.fetch(null, 'AES-256-CTR', null)
  const context = algorithm === null ? null : calls.newContext()
  if (context === null) return undefined
  const doneBytes = Buffer.alloc(4)
  const apply: Aes256Ctr = ({ key, counter }, input, target) => {
    expectLengths({ key, counter }, input, target)
    let isDone = calls.init(context, algorithm, key, counter, encrypts, null) === 1
    for (let at = 0; isDone && at < input.byteLength; at += callBytesMax) {
      const slice = input.subarray(at, at + callBytesMax)
      isDone =
        calls.update(context, target.subarray(at), doneBytes, slice, slice.byteLength) === 1 && doneBytes.readInt32LE() === slice.byteLength
    }
    if (!isDone) throw new Error('AES-256-CTR of OpenSSL has failed')
  }
  const answer = Buffer.alloc(published.plain.byteLength)
  apply(published, published.plain, answer)
  return timingSafeEqual(answer, published.ciphertext) ? apply : undefined
}

/** With the calls of node:crypto alone. */
export const viaNode: Aes256Ctr = ({ key, counter }, input, target) => {
  expectLengths({ key, counter }, input, target)
  const node = createCipheriv('aes-256-ctr', key, counter)
  for (let at = 0; at < input.byteLength; at += sliceBytes) {
    const slice = node.update(input.subarray(at, at + sliceBytes))
    target.set(slice, at)
    freeAtOnce(slice)
  }
}

/** OpenSSL takes pointers, and would read and write beyond what is too short. */
function expectLengths({ key, counter }: CtrMessage, input: Uint8Array, target: Uint8Array): void {
  if (key.byteLength !== 32 || counter.byteLength !== 16) throw new RangeError('AES-256-CTR takes a key of 32 bytes and a counter of 16')
  if (target.byteLength < input.byteLength) throw new RangeError('AES-256-CTR gives as many bytes as it takes: the target is too short')
}

interface Calls {
  fetch(library: null, name: string, properties: null): unknown
  newContext(): unknown
  init(context: unknown, algorithm: unknown, key: Uint8Array, counter: Uint8Array, direction: number, parameters: null): number
  update(context: unknown, target: Uint8Array, doneBytes: Buffer, input: Uint8Array, inputBytes: number): number
}

/** EVP_EncryptInit(3): the public interface of OpenSSL 3. */
function findCalls(): Calls | undefined {
  try {
    const library = koffi.load(null)
    return {
      fetch: library.func('void *EVP_CIPHER_fetch(void *library, const char *name, const char *properties)'),
      newContext: library.func('void *EVP_CIPHER_CTX_new()'),
      init: library.func(
        'int EVP_CipherInit_ex2(void *context, void *algorithm, void *key, void *counter, int direction, void *parameters)',
      ),
      update: library.func('int EVP_CipherUpdate(void *context, void *target, void *doneBytes, void *input, int inputBytes)'),
    }
  } catch {
    // Not among the symbols of this Node: node:crypto has the same library.
    return undefined
  }
}

const encrypts = 1
/** Lengths are C's `int`. */
const callBytesMax = 1 * GiB
/** Small slices need little memory beside the target, and stay in the cache on their way there. */
const sliceBytes = 128 * KiB

// NIST SP 800-38A, F.5.5, its first block.
const published = {
  key: Buffer.from('603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4', 'hex'),
  counter: Buffer.from('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff', 'hex'),
  plain: Buffer.from('6bc1bee22e409f96e93d7e117393172a', 'hex'),
  ciphertext: Buffer.from('601ec313775789a5b7a7f504bbf3d228', 'hex'),
}

const cipher = viaOpenSsl() ?? viaNode

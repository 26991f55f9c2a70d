import { timingSafeEqual } from 'node:crypto'
import koffi from 'koffi'

/**
 * Poly1305 (RFC 8439, section 2.5): 16 bytes over `message` under a key that is used for this message alone. The code is
 * OpenSSL's inside Node's binary, with one context kept for each thread. Where that binary does not show it, or where it
 * does not come out with the published answer, libsodium in WebAssembly does the same; it is loaded only then.
 */
export function poly1305(message: Uint8Array, oneTimeKey: Uint8Array): Uint8Array {
  return authenticator(message, oneTimeKey)
}

export type Poly1305 = (message: Uint8Array, oneTimeKey: Uint8Array) => Uint8Array

/** `undefined` where Node's binary does not show what it takes. */
export function viaOpenSsl(): Poly1305 | undefined {
  const calls = findCalls()
  if (!calls) return undefined
  const algorithm = calls.fetch(null, 'POLY1305', null)
  const context = algorithm === null ? null : calls.newContext(algorithm)
  if (context === null) return undefined
  const tagBytes = Buffer.alloc(8)
  const compute: Poly1305 = (message, oneTimeKey) => {
    const tag = new Uint8Array(16)
    const isDone =
      calls.init(context, oneTimeKey, oneTimeKey.byteLength, null) === 1 &&
      calls.update(context, message, message.byteLength) === 1 &&
      calls.final(context, tag, tagBytes, tag.byteLength) === 1
    if (!isDone || tagBytes.readBigUInt64LE() !== 16n) throw new Error('Poly1305 of OpenSSL has failed')
    return tag
  }
  return timingSafeEqual(compute(publishedMessage, publishedKey), publishedTag) ? compute : undefined
}

/** Its memory is small, so long messages go through it in slices. */
export async function viaSodium(): Promise<Poly1305> {
  const { default: sodium } = await import('libsodium-wrappers-sumo')
  await sodium.ready
  return (message, oneTimeKey) => {
    if (message.byteLength <= sliceBytes) return sodium.crypto_onetimeauth(message, oneTimeKey)
    const state = sodium.crypto_onetimeauth_init(oneTimeKey)
    for (let at = 0; at < message.byteLength; at += sliceBytes) {
      sodium.crypto_onetimeauth_update(state, message.subarray(at, at + sliceBytes))
    }
    return sodium.crypto_onetimeauth_final(state)
  }
}

interface Calls {
  fetch(library: null, name: string, properties: null): unknown
  newContext(algorithm: unknown): unknown
  init(context: unknown, key: Uint8Array, keyBytes: number, parameters: null): number
  update(context: unknown, message: Uint8Array, messageBytes: number): number
  final(context: unknown, tag: Uint8Array, tagBytes: Buffer, tagBytesMax: number): number
}

/** EVP_MAC(3): the public interface of OpenSSL 3. */
function findCalls(): Calls | undefined {
  try {
    const library = koffi.load(null)
    return {
      fetch: library.func('void *EVP_MAC_fetch(void *library, const char *name, const char *properties)'),
      newContext: library.func('void *EVP_MAC_CTX_new(void *algorithm)'),
      init: library.func('int EVP_MAC_init(void *context, void *key, size_t keyBytes, void *parameters)'),
      update: library.func('int EVP_MAC_update(void *context, void *message, size_t messageBytes)'),
      final: library.func('int EVP_MAC_final(void *context, void *tag, void *tagBytes, size_t tagBytesMax)'),
    }
  } catch {
    // Not among the symbols of this Node: libsodium does the same.
    return undefined
  }
}

const sliceBytes = 131_072

// RFC 8439, section 2.5.2.
const publishedKey = Buffer.from('85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b', 'hex')
const publishedMessage = Buffer.from('Cryptographic Forum Research Group')
const publishedTag = Buffer.from('a8061dc1305136c6c22b8baf0c0127a9', 'hex')

const authenticator: Poly1305 = viaOpenSsl() ?? (await viaSodium())

import { createCipheriv, createHash } from 'node:crypto'

/** Bytes that look random and repeat for the same seed: the key stream of AES-CTR, fast enough for gigabytes of images. */
export function randomBytes(length: number, ...words: readonly (string | number)[]): Buffer {
  const key = createHash('sha256').update(words.join('\u0000')).digest()
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length))
}

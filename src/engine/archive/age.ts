import { createCipheriv, createDecipheriv, createHmac, hkdfSync, scrypt, timingSafeEqual } from 'node:crypto'
import { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import type { Random } from '#host/random.ts'
import { damagedArchive, refusedFormat, truncatedArchive } from './archive-fault.ts'
import { ByteReader } from './byte-reader.ts'

// https://age-encryption.org/v1, with one scrypt recipient: what `age --passphrase` writes and reads.
export const ageMagic = 'age-encryption.org/v1\n'
const scryptLabel = 'age-encryption.org/v1/scrypt'
const chunkBytes = 64 * 1024
const tagBytes = 16
/** age's own default: about a second and 256 MiB for each guess. */
const defaultWorkFactor = 18
/** No line of a header is longer; a header has few of them. */
const headerBytesMax = 4096

export interface Encryption {
  readonly passphrase: string
  readonly random: Random
  /** Powers of two that each guess costs. */
  readonly workFactor?: number
}

/** Encrypts a stream for a passphrase, 64 KiB at a time. */
export async function* encryptAge(
  source: AsyncIterable<Uint8Array>,
  { passphrase, random, workFactor = defaultWorkFactor }: Encryption,
): AsyncGenerator<Uint8Array> {
  const fileKey = random.bytes(16)
  const salt = random.bytes(16)
  const wrapKey = await passphraseKey(passphrase, salt, workFactor)
  const stanza = `-> scrypt ${base64(salt)} ${workFactor}\n${base64(seal(wrapKey, Buffer.alloc(12), fileKey))}\n`
  const header = `${ageMagic}${stanza}---`
  yield Buffer.from(`${header} ${base64(headerMac(fileKey, header))}\n`, 'latin1')
  const nonce = random.bytes(16)
  yield nonce
  const key = derived(fileKey, nonce, 'payload')
  const reader = new ByteReader(source)
  try {
    let chunk = await reader.read(chunkBytes)
    for (let counter = 0; ; counter += 1) {
      const next = chunk.byteLength < chunkBytes ? Buffer.alloc(0) : await reader.read(chunkBytes)
      const isLast = next.byteLength === 0
      yield seal(key, chunkNonce(counter, isLast), chunk)
      if (isLast) return
      chunk = next
    }
  } finally {
    await reader.end()
  }
}

/**
 * Decrypts what `encryptAge` or `age --passphrase` wrote. Nothing is handed out that was not proven to be whole; a stream
 * that was cut off is a fault at its end. Faults: ARCHIVE_PASSPHRASE, ARCHIVE_FORMAT, DAMAGE_ARCHIVE.
 */
export async function* decryptAge(source: AsyncIterable<Uint8Array>, passphrase: Passphrase): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(source)
  try {
    const fileKey = await openHeader(await readHeader(reader), passphrase)
    const nonce = await reader.read(16)
    if (nonce.byteLength < 16) throw truncatedArchive('the beginning of the encrypted content')
    const key = derived(fileKey, nonce, 'payload')
    let chunk = await reader.read(chunkBytes + tagBytes)
    for (let counter = 0; ; counter += 1) {
      const next = await reader.read(chunkBytes + tagBytes)
      const isLast = next.byteLength === 0
      const plain = opened(key, chunkNonce(counter, isLast), chunk)
      if (!plain) throw damagedArchive(`the encrypted content is altered or cut off behind its first ${counter * chunkBytes} bytes`)
      if (plain.byteLength === 0 && counter > 0) throw damagedArchive('the encrypted content ends with an empty chunk')
      yield plain
      if (isLast) return
      chunk = next
    }
  } finally {
    await reader.end()
  }
}

/** A passphrase to decrypt with. Trying it costs a second, so what came of that is kept for the next reading of a file. */
export class Passphrase {
  readonly #text: string
  readonly #keys = new Map<string, Promise<Buffer>>()

  constructor(text: string) {
    this.#text = text
  }

  key(salt: Uint8Array, factor: number): Promise<Buffer> {
    const id = `${factor} ${base64(salt)}`
    const key = this.#keys.get(id) ?? passphraseKey(this.#text, salt, factor)
    this.#keys.set(id, key)
    return key
  }
}

interface Header {
  /** Up to and with `---`: what the MAC is of. */
  readonly text: string
  readonly mac: Buffer
  readonly salt: Buffer
  readonly workFactor: number
  readonly wrapped: Buffer
}

async function readHeader(reader: ByteReader): Promise<Header> {
  let text = ''
  // Byte by byte is slow and short: a header has some 150 of them, and what follows is not to be taken along.
  while (!/\n--- [^\n]*\n$/.test(text)) {
    const byte = await reader.read(1)
    if (byte.byteLength === 0) throw truncatedArchive('the header of the encryption')
    text += byte.toString('latin1')
    if (text.length > headerBytesMax) throw refusedFormat('the header of the encryption has no end')
  }
  const found =
    /^(age-encryption\.org\/v1\n-> scrypt ([A-Za-z0-9+/]{22}) ([1-9]\d?)\n([A-Za-z0-9+/]{43})\n---) ([A-Za-z0-9+/]{43})\n$/.exec(text)
  if (!found) {
    if (/\n-> X25519 /.test(text)) throw refusedFormat('it is encrypted to keys, not with a passphrase: decrypt it with age first')
    throw refusedFormat('the header of the encryption is none of age with a passphrase')
  }
  const [, before = '', salt = '', factor, wrapped = '', mac = ''] = found
  return { text: before, mac: bytesIn(mac), salt: bytesIn(salt), workFactor: Number(factor), wrapped: bytesIn(wrapped) }
}

async function openHeader({ text, mac, salt, workFactor: factor, wrapped }: Header, passphrase: Passphrase): Promise<Buffer> {
  if (2 ** factor * scryptBlockBytes > limits.scryptMemoryBytesMax) {
    throw refusedFormat(`the passphrase was made to cost 2^${factor} steps to try, which is more than is spent here`)
  }
  const fileKey = opened(await passphrase.key(salt, factor), Buffer.alloc(12), wrapped)
  if (!fileKey) throw new Fault('ARCHIVE_PASSPHRASE', 'the passphrase does not open the archive')
  if (!timingSafeEqual(headerMac(fileKey, text), mac)) throw damagedArchive('the header of the encryption is altered')
  return fileKey
}

const scryptBlockBytes = 128 * 8

function passphraseKey(passphrase: string, salt: Uint8Array, factor: number): Promise<Buffer> {
  const options = { N: 2 ** factor, r: 8, p: 1, maxmem: 2 ** factor * scryptBlockBytes + 1024 * 1024 }
  const all = Buffer.concat([Buffer.from(scryptLabel, 'latin1'), salt])
  return new Promise((resolve, reject) => {
    scrypt(passphrase, all, 32, options, (error, key) => (error ? reject(error) : resolve(key)))
  })
}

function headerMac(fileKey: Uint8Array, header: string): Buffer {
  return createHmac('sha256', derived(fileKey, new Uint8Array(0), 'header'))
    .update(header, 'latin1')
    .digest()
}

function derived(fileKey: Uint8Array, salt: Uint8Array, label: string): Buffer {
  return Buffer.from(hkdfSync('sha256', fileKey, salt, label, 32))
}

/** STREAM: eleven bytes count the chunks, the last one marks the last of them. */
function chunkNonce(counter: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeBigUInt64BE(BigInt(counter), 3)
  nonce[11] = isLast ? 1 : 0
  return nonce
}

function seal(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array): Buffer {
  const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: tagBytes })
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** Undefined when it is not what was sealed under this key. */
function opened(key: Uint8Array, nonce: Uint8Array, sealed: Buffer): Buffer | undefined {
  if (sealed.byteLength < tagBytes) return undefined
  const decipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: tagBytes })
  decipher.setAuthTag(sealed.subarray(sealed.byteLength - tagBytes))
  const plain = decipher.update(sealed.subarray(0, sealed.byteLength - tagBytes))
  try {
    decipher.final()
  } catch {
    // The one thing that final() says of this cipher: the tag is not that of these bytes.
    return undefined
  }
  return plain
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replaceAll('=', '')
}

function bytesIn(text: string): Buffer {
  return Buffer.from(text, 'base64')
}

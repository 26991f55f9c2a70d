import { createHmac } from 'node:crypto'

/** RFC 4648 base32 in small letters: no case to lose, nothing to escape. */
const letters = 'abcdefghijklmnopqrstuvwxyz234567'

/** Below 16 characters of five bits two values in a large table may come to the same. */
export const pseudonymLengthMin = 16
export const pseudonymLengthMax = 26

/** 128 bits of HMAC-SHA256, or as many of them as the column holds. */
export function pseudonym(key: Uint8Array, text: string, length: number = pseudonymLengthMax): string {
  const digest = digestOf(key, 'pseudonym', text)
  let bits = 0n
  for (const byte of digest.subarray(0, 17)) bits = (bits << 8n) | BigInt(byte)
  let found = ''
  for (let at = 0; at < pseudonymLengthMax; at += 1) found += letters[Number((bits >> BigInt(at * 5)) & 31n)]
  return found.slice(0, length)
}

/** RFC 9562, version 8: "for vendor-specific use cases". */
export function pseudonymUuid(key: Uint8Array, text: string): string {
  const bytes = Buffer.from(digestOf(key, 'uuid', text).subarray(0, 16))
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

const consonants = ['b', 'd', 'f', 'g', 'k', 'l', 'm', 'n', 'p', 'r', 's', 't', 'v', 'z', 'br', 'tr']
const vowels = ['a', 'e', 'i', 'o']

/** A word that can be spoken and is nobody's name but by chance: three of 64 syllables, and an ending that says that it was made. */
function madeWord(digest: Buffer, from: number): string {
  const syllables = [0, 1, 2].map((at) => {
    const byte = digest[from + at]!
    return `${consonants[byte >> 4]}${vowels[(byte >> 2) & 3]}`
  })
  const word = `${syllables.join('')}x`
  return `${word[0]!.toUpperCase()}${word.slice(1)}`
}

export type NamePart = 'full' | 'given' | 'family'

export function fakeName(key: Uint8Array, part: NamePart, text: string): string {
  const digest = digestOf(key, 'name', text)
  return part === 'full' ? `${madeWord(digest, 0)} ${madeWord(digest, 3)}` : madeWord(digest, 0)
}

/** RFC 2606: nobody can ever own a name below `.invalid`, so no message reaches anybody. */
const mailDomain = '@masked.invalid'
export const mailLengthMin = pseudonymLengthMin + mailDomain.length

/** As `pseudonym`, so that what is unique stays so; letters in either case are one address. */
export function fakeMail(key: Uint8Array, text: string, lengthMax: number): string {
  return `${pseudonym(key, text.toLowerCase(), Math.min(pseudonymLengthMax, lengthMax - mailDomain.length))}${mailDomain}`
}

/** ITU-T E.164: the country code 999 belongs to no country, so no call reaches anybody. */
export const phoneLength = 14

export function fakePhone(key: Uint8Array, text: string): string {
  const digits = digestOf(key, 'phone', text.replace(/[^\d+]/g, '')).readBigUInt64BE() % 10n ** 10n
  return `+999${digits.toString().padStart(10, '0')}`
}

export const addressLengthMax = 20

export function fakeAddress(key: Uint8Array, text: string): string {
  const digest = digestOf(key, 'address', text)
  return `${(digest[8]! % 199) + 1} ${madeWord(digest, 0)} Road`
}

export function digestOf(key: Uint8Array, purpose: string, text: string): Buffer {
  return createHmac('sha256', key).update(`${purpose}\0${text}`).digest()
}

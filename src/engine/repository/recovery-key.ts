import { createHash } from 'node:crypto'
import type { Random } from '#host/random.ts'

// Crockford's base32: no I, L, O and U, so that a key read from paper is not misread.
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const secretLength = 32
const checksumLength = 4
const groupLength = 6

/**
 * 160 random bits and a checksum of 20, as `XXXXXX-XXXXXX-XXXXXX-XXXXXX-XXXXXX-XXXXXX`. The text exactly so is the
 * password of a key file, so that restic takes it too.
 */
export function newRecoveryKey(random: Random): string {
  // 256 is a multiple of 32: every letter is as likely as any other.
  const secret = [...random.bytes(secretLength)].map((byte) => alphabet[byte % 32]).join('')
  return printed(secret + checksumOf(secret))
}

/** A text as a person typed it: a recovery key in its exact form, one with a typing error, or something else altogether. */
export type TypedKey = { readonly kind: 'recovery-key'; readonly text: string } | { readonly kind: 'mistyped' } | { readonly kind: 'other' }

/** Accepts any case, spaces or dashes anywhere, O for 0, I and L for 1. */
export function readRecoveryKey(typed: string): TypedKey {
  const letters = typed.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1')
  if (letters.length !== secretLength + checksumLength || ![...letters].every((letter) => alphabet.includes(letter)))
    return { kind: 'other' }
  const isRight = checksumOf(letters.slice(0, secretLength)) === letters.slice(secretLength)
  return isRight ? { kind: 'recovery-key', text: printed(letters) } : { kind: 'mistyped' }
}

function checksumOf(secret: string): string {
  const digest = createHash('sha256').update(`integrum recovery key ${secret}`).digest()
  const bits = digest.readUInt32BE(0) >>> 12
  return [15, 10, 5, 0].map((shift) => alphabet[(bits >>> shift) & 31]).join('')
}

function printed(letters: string): string {
  return (letters.match(new RegExp(`.{${groupLength}}`, 'g')) ?? []).join('-')
}

import { createHash } from 'node:crypto'
import type { Random } from '#host/random.ts'

/** What a credential begins with, so that one that leaked is known for what it is. */
export type TokenKind = 'its' | 'itk' | 'itu' | 'itp'

/** 256 bits of chance in base64url after its kind: `its_` a session, `itk_` a key, `itu_` the first set-up, `itp_` a link that sets a password. */
export function newToken(random: Random, kind: TokenKind): string {
  return `${kind}_${Buffer.from(random.bytes(32)).toString('base64url')}`
}

/** Of so much chance that one round of SHA-256 is enough: nobody guesses it. */
export function hashOfToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

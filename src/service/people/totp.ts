import { generateURI, ScureBase32Plugin, verifySync } from 'otplib'
import type { Random } from '#host/random.ts'

/** RFC 6238 with what every authenticator does: SHA-1, six digits, 30 seconds. */
const periodSeconds = 30
const base32 = new ScureBase32Plugin()

export interface TotpSecret {
  /** In base32, to be typed. */
  readonly secret: string
  /** For the QR code. */
  readonly uri: string
}

export function newTotpSecret(name: string, random: Random): TotpSecret {
  const secret = base32.encode(random.bytes(20), { padding: false })
  return { secret, uri: generateURI({ issuer: 'Integrum', label: name, secret, period: periodSeconds }) }
}

/**
 * The step whose code it is: this one, the one before or the one after, since clocks differ. Only of steps after `lastStep`:
 * a code is good once (RFC 6238 5.2).
 */
export function stepOfCode(
  code: string,
  { secret, now, lastStep }: { readonly secret: string; readonly now: Date; readonly lastStep: number },
): number | undefined {
  const epoch = Math.floor(now.getTime() / 1000)
  const result = verifySync({ secret, token: code, epoch, period: periodSeconds, epochTolerance: periodSeconds })
  if (!result.valid) return undefined
  const step = Math.floor(epoch / periodSeconds) + result.delta
  return step > lastStep ? step : undefined
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** Sixteen letters of 32: 80 bits, so that a hash of one round is enough. */
export function newRecoveryCode(random: Random): string {
  const code = [...random.bytes(16)].map((byte) => letters[byte % 32]).join('')
  return code.replaceAll(/(.{4})(?=.)/g, '$1-')
}

/** However it was typed. */
export function plainRecoveryCode(text: string): string {
  return text.toUpperCase().replaceAll(/[\s-]/g, '')
}

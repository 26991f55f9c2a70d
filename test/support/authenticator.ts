import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import type { Clock } from '#base/clock.ts'
import { testPassword, type TestService } from './service.ts'

/** RFC 4226 and 6238 by hand, as an authenticator does it: a second opinion on what the service accepts. */
export function codeOfStep(secret: string, step: number): string {
  const bits = [...secret].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', key).update(counter).digest()
  const offset = mac.at(-1)! & 15
  return String((mac.readUInt32BE(offset) & 0x7f_ff_ff_ff) % 1_000_000).padStart(6, '0')
}

export interface Authenticator {
  readonly secret: string
  readonly recoveryCodes: readonly string[]
  /** A code that was not given before; three of them are good at any moment, the first of which `enrol` used. */
  next(): string
}

/** Enrols an authenticator for whoever that session is of, and accepts the signing policy: they can sign. */
export async function enrol(here: TestService, token: string, clock: Clock = here.service.house.clock): Promise<Authenticator> {
  const begun = await here.ask('POST', '/api/v1/me/totp', { token, body: { password: testPassword } })
  assert.equal(begun.status, 200, begun.text)
  const { secret } = begun.json as { secret: string }
  const now = () => Math.floor(clock.now().getTime() / 30_000)
  let last = 0
  const next = () => codeOfStep(secret, (last = Math.max(last + 1, now() - 1)))
  const confirmed = await here.ask('POST', '/api/v1/me/totp/confirm', { token, body: { code: next() } })
  assert.equal(confirmed.status, 200, confirmed.text)
  const accepted = await here.ask('POST', '/api/v1/me/signing-policy', { token, body: { version: 1 } })
  assert.equal(accepted.status, 204, accepted.text)
  return { secret, recoveryCodes: confirmed.json.recoveryCodes, next }
}

import type { FastifyReply } from 'fastify'
import { limits } from '#base/limits.ts'
import type { SignedIn } from '#contract/sign-in.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { RequestFacts } from '#service/http/gate.ts'
import type { House } from '#service/house.ts'
import { sessionTimes } from './session-times.ts'
import { insertSession } from './sessions.store.ts'
import { hashOfToken, newToken } from './token.ts'

export interface OpenedSession {
  readonly token: string
  readonly idleUntil: Date
  readonly expiresAt: Date
}

export interface SessionOrder {
  readonly userId: string
  readonly request: RequestFacts
  readonly isPending?: boolean
}

/** A new token each time one step more is proven: whoever had the one before has nothing. */
export async function openSession(house: House, tx: Tx, { userId, request, isPending = false }: SessionOrder): Promise<OpenedSession> {
  const { idleMs, longestMs } = await sessionTimes(tx)
  const now = house.clock.now()
  const after = (durationMs: number) => new Date(now.getTime() + durationMs)
  const token = newToken(house.random, 'its')
  const expiresAt = after(isPending ? limits.secondStepMsMax : longestMs)
  const idleUntil = isPending ? expiresAt : after(Math.min(idleMs, longestMs))
  await insertSession(tx, {
    id: house.random.uuid(),
    userId,
    tokenHash: hashOfToken(token),
    at: now,
    idleUntil,
    expiresAt,
    address: request.address,
    userAgent: request.userAgent,
    isPending,
  })
  return { token, idleUntil, expiresAt }
}

export function signedIn(
  { token, idleUntil, expiresAt }: OpenedSession,
  account: { readonly id: string; readonly mustChangePassword: boolean },
): SignedIn {
  return {
    next: 'done',
    token,
    userId: account.id,
    idleUntil: idleUntil.toISOString(),
    expiresAt: expiresAt.toISOString(),
    mustChangePassword: account.mustChangePassword,
  }
}

/** No script reads it, no other site sends it, and it never goes in the clear where the public address is https. */
export function setSessionCookie(house: House, reply: FastifyReply, token: string): void {
  reply.setCookie('integrum_session', token, cookieOptions(house))
}

export function clearSessionCookie(house: House, reply: FastifyReply): void {
  reply.clearCookie('integrum_session', cookieOptions(house))
}

function cookieOptions({ config }: House) {
  return { path: '/', httpOnly: true, sameSite: 'strict', secure: config.publicUrl?.startsWith('https:') ?? false } as const
}

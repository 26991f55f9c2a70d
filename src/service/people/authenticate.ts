import { durations } from '#base/units.ts'
import type { Clock } from '#base/clock.ts'
import type { Catalog } from '#service/catalog/catalog.ts'
import { everything } from '#service/catalog/scope.ts'
import type { Authenticate } from '#service/http/caller.ts'
import { findByKey, findBySession, touchKey, touchSession } from './credentials.store.ts'
import { sessionTimes } from './session-times.ts'
import { hashOfToken } from './token.ts'

/** How old a note of the last use may be: not each request writes one. */
const touchEveryMs = 30 * durations.second

/** By the session's cookie, or by a bearer token: a session's or a key's. */
export function authenticatorOf(catalog: Catalog, clock: Clock): Authenticate {
  return async ({ session, bearer, isLookOnly = false }) => {
    const token = bearer ?? session
    if (token === undefined) return undefined
    const now = clock.now()
    const hash = hashOfToken(token)
    return await catalog.as(everything, async (tx) => {
      if (token.startsWith('itk_')) {
        const key = await findByKey(tx, hash, now)
        if (key && !isLookOnly && isDue(key.usedAt, now)) await touchKey(tx, key.caller.credentialId, now)
        return key?.caller
      }
      const found = await findBySession(tx, hash, now)
      if (found && !isLookOnly && isDue(found.usedAt, now))
        await touchSession(tx, found.caller.credentialId, { usedAt: now, idleMs: (await sessionTimes(tx)).idleMs })
      return found?.caller
    })
  }
}

function isDue(usedAt: Date | null, now: Date): boolean {
  return usedAt === null || now.getTime() - usedAt.getTime() >= touchEveryMs
}

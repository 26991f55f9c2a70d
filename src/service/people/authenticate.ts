import { durations } from '#base/units.ts'
import type { Clock } from '#base/clock.ts'
import type { Catalog } from '#service/catalog/catalog.ts'
import { everything, type Tx } from '#service/catalog/scope.ts'
import type { Authenticate, PersonCaller } from '#service/http/caller.ts'
import { batched } from '#service/http/together.ts'
import { findByKeys, findBySessions, touchKey, touchSession } from './credentials.store.ts'
import { sessionTimes } from './session-times.ts'

/** How old a note of the last use may be: not each request writes one. */
const touchEveryMs = 30 * durations.second

/** By the session's cookie, or by a bearer token: a session's or a key's. */
export function authenticatorOf(catalog: Catalog, clock: Clock): Authenticate {
  const sessions = batched((tokens) => catalog.look((tables) => findBySessions(tables, tokens, clock.now())))
  const keys = batched((tokens) => catalog.look((tables) => findByKeys(tables, tokens, clock.now())))
  // One at a time for each: a hundred requests that find the note too old would wait for one row, with every connection there is.
  const beingTouched = new Set<string>()
  const touchOnce = async (caller: PersonCaller, now: Date) => {
    if (beingTouched.has(caller.credentialId)) return
    beingTouched.add(caller.credentialId)
    try {
      await catalog.as(everything, (tx) => touch(tx, caller, now))
    } finally {
      beingTouched.delete(caller.credentialId)
    }
  }
  return async ({ session, bearer, isLookOnly = false }) => {
    const token = bearer ?? session
    if (token === undefined) return undefined
    const found = await (token.startsWith('itk_') ? keys(token) : sessions(token))
    const now = clock.now()
    if (found && !isLookOnly && isDue(found.usedAt, now)) await touchOnce(found.caller, now)
    return found?.caller
  }
}

async function touch(tx: Tx, { kind, credentialId }: PersonCaller, now: Date): Promise<void> {
  if (kind === 'key') await touchKey(tx, credentialId, now)
  else await touchSession(tx, credentialId, { usedAt: now, idleMs: (await sessionTimes(tx)).idleMs })
}

function isDue(usedAt: Date | null, now: Date): boolean {
  return usedAt === null || now.getTime() - usedAt.getTime() >= touchEveryMs
}

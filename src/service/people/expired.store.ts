import { durations } from '#base/units.ts'
import type { Tx } from '#service/catalog/scope.ts'

/** So long after its end nobody asks after it: who signed in, and from where, stays in the trail. */
const keptMs = 30 * durations.day

/** Sessions, links and remembered replies that are good for nothing any more. */
export async function removeExpired(tx: Tx, now: Date): Promise<void> {
  const before = new Date(now.getTime() - keptMs)
  await tx.deleteFrom('sessions').where('expires_at', '<', before).execute()
  await tx.deleteFrom('password_links').where('expires_at', '<', before).execute()
  await tx.deleteFrom('setup_tokens').where('expires_at', '<', before).execute()
  await tx.deleteFrom('idempotency_keys').where('created_at', '<', before).execute()
}

import { limits } from '#base/limits.ts'
import { durations } from '#base/units.ts'
import { raiseAlert, settleQuiet } from '#service/alerts/alerts.ts'
import { everything } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { refusedBursts, type Burst } from './sign-in-watch.store.ts'

/** People are told within a minute of the refusal that makes it a burst: what delivers looks every five seconds. */
export const signInLookEveryMs = 20 * durations.second

/** Somebody tries passwords: of one account, or from one address. The trail has each of the tries. */
export async function watchSignIns(house: House): Promise<void> {
  await house.catalog.as(everything, async (tx) => {
    const now = house.clock.now().getTime()
    const windowMs = limits.signInBurstMs
    // Longer than from one look to the next, so that no burst falls between two of them.
    const since = new Date(now - windowMs - 2 * signInLookEveryMs)
    const bursts = await refusedBursts(tx, { since, windowMs, countLeast: limits.signInBurstLeast })
    for (const burst of bursts) {
      const { what, who, name, count } = burst
      await raiseAlert(house, tx, {
        kind: 'sign-in-burst',
        tenantId: null,
        concerns: `${what}:${who}`,
        subject: { kind: what, id: who, name },
        fact: `${count} sign-ins were refused within a minute, ${placeOf(burst)}`,
        hint: 'Look at the refused sign-ins in the audit trail. An account locks by itself after five failures; an address is stopped at the firewall.',
        facts: { count },
      })
    }
    const quietSince = new Date(now - limits.signInQuietMs)
    await settleQuiet(house, tx, { kind: 'sign-in-burst', quietSince, because: 'there was no further burst for an hour' })
  })
}

function placeOf({ what, name }: Burst): string {
  return what === 'address' ? `from the address ${name}` : `of the account ${name}`
}

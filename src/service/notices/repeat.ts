import { parseValue } from '#base/parse.ts'
import { durations } from '#base/units.ts'
import { severities } from '#contract/notice-kinds.ts'
import { repeatingSchema, type Repeating } from '#contract/notice-settings.ts'
import { repeatAlert } from '#service/alerts/alerts.ts'
import { lockUntold } from '#service/alerts/alerts.store.ts'
import { everything, type Tx } from '#service/catalog/scope.ts'
import { readSetting } from '#service/catalog/settings.store.ts'
import type { House } from '#service/house.ts'

export const repeatingSetting = 'repeating'
const repeatedAtOnceMax = 100

/** As long as nobody set anything else. */
const defaults: Repeating = { info: 0, warning: 24, critical: 6 }

export async function readRepeating(tx: Tx): Promise<Repeating> {
  const value = await readSetting(tx, repeatingSetting)
  return value === undefined ? defaults : parseValue(repeatingSchema, value, 'the setting of repeating')
}

/** Tells of what is open for long and of which nobody takes care. Returns of how many. */
export async function repeatAlerts(house: House): Promise<number> {
  return await house.catalog.as(everything, async (tx) => {
    const repeating = await readRepeating(tx)
    const now = house.clock.now()
    let repeated = 0
    for (const severity of severities) {
      const hours = repeating[severity]
      if (hours === 0) continue
      const since = new Date(now.getTime() - hours * durations.hour)
      const untold = await lockUntold(tx, { severity, since, now, rowsMax: repeatedAtOnceMax })
      for (const alert of untold) await repeatAlert(house, tx, alert)
      repeated += untold.length
    }
    return repeated
  })
}

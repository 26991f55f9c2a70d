import { parseValue } from '#base/parse.ts'
import { durations } from '#base/units.ts'
import { sessionTimesSchema } from '#contract/settings.ts'
import type { z } from 'zod'
import type { Tx } from '#service/catalog/scope.ts'

export type SessionTimes = z.infer<typeof sessionTimesSchema>

/** 21 CFR 11.300, as long as nobody set anything else. */
const defaults: SessionTimes = { idleMinutes: 15, longestHours: 12 }

export async function readSessionTimes(tx: Tx): Promise<SessionTimes> {
  const row = await tx.selectFrom('settings').select('value').where('name', '=', 'sessions').executeTakeFirst()
  return row ? parseValue(sessionTimesSchema, row.value, 'the setting of sessions') : defaults
}

export async function writeSessionTimes(tx: Tx, times: SessionTimes, at: Date): Promise<void> {
  const value = JSON.stringify(times)
  await tx
    .insertInto('settings')
    .values({ name: 'sessions', value, changed_at: at })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value, changed_at: at }))
    .execute()
}

export async function sessionTimes(tx: Tx): Promise<{ readonly idleMs: number; readonly longestMs: number }> {
  const { idleMinutes, longestHours } = await readSessionTimes(tx)
  return { idleMs: idleMinutes * durations.minute, longestMs: longestHours * durations.hour }
}

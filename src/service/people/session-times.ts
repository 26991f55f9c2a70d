import { parseValue } from '#base/parse.ts'
import { durations } from '#base/units.ts'
import { sessionTimesSchema } from '#contract/settings.ts'
import type { z } from 'zod'
import type { Tx } from '#service/catalog/scope.ts'
import { readSetting } from '#service/catalog/settings.store.ts'

export type SessionTimes = z.infer<typeof sessionTimesSchema>

/** 21 CFR 11.300, as long as nobody set anything else. */
const defaults: SessionTimes = { idleMinutes: 15, longestHours: 12 }

export async function readSessionTimes(tx: Tx): Promise<SessionTimes> {
  const value = await readSetting(tx, 'sessions')
  return value === undefined ? defaults : parseValue(sessionTimesSchema, value, 'the setting of sessions')
}

export async function sessionTimes(tx: Tx): Promise<{ readonly idleMs: number; readonly longestMs: number }> {
  const { idleMinutes, longestHours } = await readSessionTimes(tx)
  return { idleMs: idleMinutes * durations.minute, longestMs: longestHours * durations.hour }
}

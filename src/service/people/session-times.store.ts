import { durations } from '#base/units.ts'
import { z } from 'zod'
import { parseValue } from '#base/parse.ts'
import type { Tx } from '#service/catalog/scope.ts'

/** Idle and absolute end of a session (21 CFR 11.300), as an administrator set them. */
export interface SessionTimes {
  readonly idleMs: number
  readonly longestMs: number
}

const storedSchema = z.strictObject({ idleMinutes: z.number(), longestHours: z.number() })
export type StoredSessionTimes = z.infer<typeof storedSchema>

export const defaultSessionTimes: StoredSessionTimes = { idleMinutes: 15, longestHours: 12 }

export async function readSessionTimes(tx: Tx): Promise<StoredSessionTimes> {
  const row = await tx.selectFrom('settings').select('value').where('name', '=', 'sessions').executeTakeFirst()
  return row ? parseValue(storedSchema, row.value, 'the setting of sessions') : defaultSessionTimes
}

export async function sessionTimes(tx: Tx): Promise<SessionTimes> {
  const { idleMinutes, longestHours } = await readSessionTimes(tx)
  return { idleMs: idleMinutes * durations.minute, longestMs: longestHours * durations.hour }
}

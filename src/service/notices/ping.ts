import { z } from 'zod'
import { isFault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { parseValue } from '#base/parse.ts'
import { durations } from '#base/units.ts'
import type { BodyOf, ReplyOf } from '#contract/endpoint.ts'
import type { noticeSettings } from '#contract/notice-settings.ts'
import { everything, type Tx } from '#service/catalog/scope.ts'
import { lockSetting, readSetting, removeSetting, writeSetting } from '#service/catalog/settings.store.ts'
import type { House } from '#service/house.ts'
import { fetched } from './web.ts'

const name = 'ping'
const use = 'ping'

const storedSchema = z.object({
  urlSealed: z.base64(),
  place: z.string(),
  everyMinutes: z.number(),
  pingedAt: z.string().nullable(),
  problem: z.string().nullable(),
})
type Stored = z.infer<typeof storedSchema>
type Ping = NonNullable<ReplyOf<typeof noticeSettings.ping>['ping']>

export async function readPing(tx: Tx): Promise<Ping | null> {
  const stored = await readStored(tx)
  return stored ? shown(stored) : null
}

export async function setPing(
  { sealing, clock }: House,
  tx: Tx,
  { url, everyMinutes }: BodyOf<typeof noticeSettings.setPing>,
): Promise<Ping> {
  const urlSealed = sealing.seal(url, use).toString('base64')
  const stored: Stored = { urlSealed, place: new URL(url).origin, everyMinutes, pingedAt: null, problem: null }
  await writeSetting(tx, name, { value: stored, at: clock.now() })
  return shown(stored)
}

export async function removePing(tx: Tx): Promise<void> {
  await removeSetting(tx, name)
}

/**
 * Says outside that the service is well: it has a catalog that takes what it writes, or no ping goes out. Of several services one
 * does it. A ping that does not come through is tried with the next; whoever waits for it outside tells people.
 */
export async function sendPing(house: House, signal: AbortSignal, timeoutMs: number = limits.noticeTimeoutMs): Promise<void> {
  const { catalog, clock, sealing } = house
  const due = await catalog.as(everything, async (tx) => {
    await lockSetting(tx, name)
    const stored = await readStored(tx)
    const now = clock.now()
    if (!stored || !isDue(stored, now)) return undefined
    await writeSetting(tx, name, { value: { ...stored, pingedAt: now.toISOString() }, at: now })
    return stored
  })
  if (!due) return
  const problem = await problemOf(() =>
    fetched(sealing.unseal(Buffer.from(due.urlSealed, 'base64'), use), { method: 'GET', timeoutMs, signal }),
  )
  await catalog.as(everything, async (tx) => {
    await lockSetting(tx, name)
    const stored = await readStored(tx)
    // It may lead elsewhere by now.
    if (stored?.urlSealed === due.urlSealed) await writeSetting(tx, name, { value: { ...stored, problem }, at: clock.now() })
  })
}

async function problemOf(work: () => Promise<unknown>): Promise<string | null> {
  try {
    await work()
    return null
  } catch (error) {
    if (!isFault(error)) throw error
    return error.message
  }
}

/** Also when the clock was set back. */
function isDue({ pingedAt, everyMinutes }: Stored, now: Date): boolean {
  return pingedAt === null || Math.abs(now.getTime() - Date.parse(pingedAt)) >= everyMinutes * durations.minute
}

async function readStored(tx: Tx): Promise<Stored | undefined> {
  const value = await readSetting(tx, name)
  return value === undefined ? undefined : parseValue(storedSchema, value, 'the setting of the ping')
}

function shown({ urlSealed: _sealed, ...ping }: Stored): Ping {
  return ping
}

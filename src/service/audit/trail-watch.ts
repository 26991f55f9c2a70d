import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { parseValue } from '#base/parse.ts'
import { durations } from '#base/units.ts'
import { raiseAlert, settleAlert } from '#service/alerts/alerts.ts'
import { everything, type Tx } from '#service/catalog/scope.ts'
import { lockSetting, readSetting, writeSetting } from '#service/catalog/settings.store.ts'
import type { House } from '#service/house.ts'
import { startTicker } from '#service/ticker.ts'
import type { TrailReport } from './trail-verifier.ts'
import { verifyCatalog } from './verify-catalog.ts'

const name = 'trail-watch'
const lookEveryMs = 5 * durations.minute
const everyMs = durations.hour
const wholeEveryMs = durations.day

const stateSchema = z.object({
  at: z.string(),
  /** When all of it was read, and how far it is known to be whole since; null before the first time and while something is wrong. */
  known: z.object({ wholeAt: z.string(), seq: z.number(), hash: z.string() }).nullable(),
})
type State = z.infer<typeof stateSchema>

/** Verifies what was added to the trail once an hour, and all of it once a day. Of several services one does it. */
export async function watchTrail(house: House): Promise<void> {
  const { catalog, trail, clock } = house
  const before = await catalog.as(everything, (tx) => claim(tx, clock.now()))
  if (!before) return
  const at = clock.now()
  const known = before.known && sinceMs(before.known.wholeAt, at) < wholeEveryMs ? before.known : null
  const report = await verifyCatalog({ catalog, trail, ...(known && { after: known }) }, house.stopping)
  await catalog.as(everything, async (tx) => {
    const { isWhole, lastSeq: seq, lastHash: hash } = report
    const wholeAt = known?.wholeAt ?? at.toISOString()
    await writeState(tx, { at: at.toISOString(), known: isWhole ? { wholeAt, seq, hash } : null }, at)
    if (!isWhole) await raiseBroken(house, tx, report)
    else if (!known)
      await settleAlert(house, tx, { kind: 'audit-broken', concerns: 'trail', because: 'all of the trail was read, and is whole' })
  })
}

export function keepWatch(app: FastifyInstance, house: House): void {
  const ticker = startTicker(house, { name: 'verifying the trail', everyMs: lookEveryMs }, () => watchTrail(house))
  app.addHook('onClose', () => ticker[Symbol.asyncDispose]())
}

async function raiseBroken(house: House, tx: Tx, { findings, findingCount }: TrailReport): Promise<void> {
  const [first] = findings
  await raiseAlert(house, tx, {
    kind: 'audit-broken',
    tenantId: null,
    concerns: 'trail',
    fact: `the audit trail is not what was written, in ${findingCount} ${findingCount === 1 ? 'place' : 'places'}: event ${first!.seq}: ${first!.fact}`,
    hint: 'Keep the catalog as it is, copy it, and verify the trail (under Audit trail, or by `integrum audit verify`): that names each event that was altered. Somebody wrote into the catalog past the service.',
    facts: { findingCount, firstSeq: first!.seq },
  })
}

/** Undefined while it is not due, or another one does it. */
async function claim(tx: Tx, now: Date): Promise<State | undefined> {
  await lockSetting(tx, name)
  const value = await readSetting(tx, name)
  const state: State | undefined = value === undefined ? undefined : parseValue(stateSchema, value, 'the state of the watch over the trail')
  if (state && sinceMs(state.at, now) < everyMs) return undefined
  const known = state?.known ?? null
  await writeState(tx, { at: now.toISOString(), known }, now)
  return { at: now.toISOString(), known }
}

/** Whichever way the clock was set. */
function sinceMs(instant: string, now: Date): number {
  return Math.abs(now.getTime() - Date.parse(instant))
}

async function writeState(tx: Tx, value: State, at: Date): Promise<void> {
  await writeSetting(tx, name, { value, at })
}

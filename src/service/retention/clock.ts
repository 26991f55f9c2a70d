import { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { durations, printDuration } from '#base/units.ts'
import { raiseAlert, settleAlert } from '#service/alerts/alerts.ts'
import { everything, type Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { catalogTime, lockMarks, readMarks, removeMarks, writeMark, type ClockMark } from './clock.store.ts'

type Watch = Pick<House, 'clock' | 'boot'>

/** Undefined while the time may be deleted by. */
export type Doubt = { readonly fact: string; readonly facts: Readonly<Record<string, string>> } | undefined

/** What an alert about it concerns. */
const concerns = 'installation'

/**
 * Moves the mark of trusted time on, or finds that it cannot be (SAFETY rule 29): between two looks the clock must have gone as
 * far as the machine has run. Looked at every few minutes and before anything is deleted.
 */
export async function watchClock(house: House): Promise<Doubt> {
  return await house.catalog.as(everything, async (tx) => {
    const marks = await lockMarks(tx)
    const now = house.clock.now()
    const doubt = doubtOf(house, marks, { now, witness: await catalogTime(tx) })
    if (doubt) {
      await raiseAlert(house, tx, {
        kind: 'clock-jumped',
        concerns,
        tenantId: null,
        fact: doubt.fact,
        hint: 'Set the clock right; nothing is deleted meanwhile. If it is right, an administrator of the installation signs that it is.',
        facts: doubt.facts,
      })
      return doubt
    }
    await writeMark(tx, markOf(house, now))
    await removeMarks(tx, new Date(now.getTime() - limits.clockMarksKeepMs))
    await settleAlert(house, tx, { kind: 'clock-jumped', concerns, because: 'the clock and the time that passed agree' })
    return undefined
  })
}

/** RETENTION_CLOCK while the clock is in doubt. For whoever deletes, in the same transaction. */
export async function assertTrustedTime(house: Watch, tx: Tx): Promise<void> {
  const doubt = await clockDoubt(house, tx)
  if (doubt) throw new Fault('RETENTION_CLOCK', doubt.fact, doubt.facts)
}

export async function clockDoubt(house: Watch, tx: Tx): Promise<Doubt> {
  return doubtOf(house, await readMarks(tx), { now: house.clock.now(), witness: await catalogTime(tx) })
}

/** Somebody has looked and signed: time is what the clock says, from now on. */
export async function acceptClock(house: House, tx: Tx, reason: string): Promise<void> {
  await lockMarks(tx)
  await removeMarks(tx, undefined)
  await writeMark(tx, markOf(house, house.clock.now()))
  await settleAlert(house, tx, { kind: 'clock-jumped', concerns, because: reason })
}

function markOf({ boot }: Watch, now: Date): ClockMark {
  return { boot: boot.boot, elapsed_ms: Math.round(boot.elapsedMs()), mark: now }
}

interface Clocks {
  readonly now: Date
  /** Of a machine that is not ours. */
  readonly witness: Date | undefined
}

/**
 * The clock of another machine that agrees is enough. Else, while the machine runs, the clock must have gone as far as it ran.
 * After a start nobody knows how long it stood still: never longer than a week and a half day, unless somebody says so.
 */
export function doubtOf({ boot }: Pick<Watch, 'boot'>, marks: readonly ClockMark[], { now, witness }: Clocks): Doubt {
  if (witness && Math.abs(now.getTime() - witness.getTime()) <= limits.clockToleranceMs) return undefined
  const newest = marks.reduce<Date | undefined>((last, { mark }) => (last && last > mark ? last : mark), undefined)
  if (newest === undefined) return undefined
  const same = marks.find((mark) => mark.boot === boot.boot && mark.elapsed_ms <= boot.elapsedMs() + durations.second)
  if (!same) return doubtAfterStart(now, newest)
  const ranMs = boot.elapsedMs() - same.elapsed_ms
  const apartMs = now.getTime() - same.mark.getTime() - ranMs
  if (Math.abs(apartMs) <= limits.clockToleranceMs) return undefined
  const expected = new Date(same.mark.getTime() + ranMs)
  return {
    fact: `the clock jumped ${printDuration(Math.abs(apartMs))} ${apartMs > 0 ? 'ahead' : 'back'}`,
    facts: { now: now.toISOString(), expected: expected.toISOString() },
  }
}

function doubtAfterStart(now: Date, newest: Date): Doubt {
  const sinceMs = now.getTime() - newest.getTime()
  if (sinceMs >= -limits.clockToleranceMs && sinceMs <= limits.clockJumpMsMax) return undefined
  const fact =
    sinceMs > 0
      ? `after a start the clock is ${printDuration(sinceMs)} ahead of the last time that was trusted`
      : `after a start the clock is ${printDuration(-sinceMs)} behind the last time that was trusted`
  return { fact, facts: { now: now.toISOString(), lastTrusted: newest.toISOString() } }
}

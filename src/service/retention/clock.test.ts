import assert from 'node:assert/strict'
import { test } from 'node:test'
import { durations } from '#base/units.ts'
import { doubtOf } from './clock.ts'

const trusted = new Date('2026-03-31T12:00:00Z')
const mark = { boot: 'first', elapsed_ms: 5 * durations.hour, mark: trusted }
const after = (ms: number) => new Date(trusted.getTime() + ms)

/** What is doubted when a machine of that start, having run for so long, looks at a clock that says `now`. */
const doubt = (boot: string, ranMs: number, now: Date, witness?: Date) =>
  doubtOf({ boot: { boot, elapsedMs: () => ranMs } }, [mark], { now, witness })?.fact

test('SAFETY rule 29: while a machine runs its clock goes as far as it ran, asleep or awake, and no further', () => {
  const hour = durations.hour
  assert.equal(doubt('first', 6 * hour, after(hour)), undefined)
  assert.equal(doubt('first', 400 * 24 * hour, after((400 * 24 - 5) * hour)), undefined)
  assert.equal(doubt('first', 6 * hour, after(hour + 9 * durations.minute)), undefined)
  assert.equal(doubt('first', 6 * hour, after(25 * hour)), 'the clock jumped 24h 0m ahead')
  assert.equal(doubt('first', 6 * hour, after(-hour)), 'the clock jumped 2h 0m back')
})

test('SAFETY rule 29: after a start a week without a backup is believed, a month or a step back is not', () => {
  assert.equal(doubt('second', durations.minute, after(7 * durations.day)), undefined)
  assert.match(doubt('second', durations.minute, after(30 * durations.day)) ?? '', /^after a start the clock is .* ahead/)
  assert.match(doubt('second', durations.minute, after(-durations.hour)) ?? '', /^after a start the clock is .* behind/)
  // A machine that names no start of its own has run for less than the mark says: it was started anew.
  assert.match(doubt('first', durations.minute, after(30 * durations.day)) ?? '', /^after a start/)
})

test('SAFETY rule 29: the clock of another machine that agrees vouches for ours, one that does not changes nothing', () => {
  const month = after(30 * durations.day)
  assert.equal(doubt('second', durations.minute, month, month), undefined)
  assert.match(doubt('second', durations.minute, month, after(durations.minute)) ?? '', /^after a start/)
  assert.equal(doubt('first', 6 * durations.hour, after(durations.hour), month), undefined)
})

test('SAFETY rule 29: nobody has looked before: there is nothing to hold the clock against', () => {
  assert.equal(doubtOf({ boot: { boot: 'first', elapsedMs: () => 0 } }, [], { now: trusted, witness: undefined }), undefined)
})

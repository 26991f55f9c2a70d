import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cronOf, firstOf, hourSteps, minuteSteps, rhythmOf, type Rhythm, type RhythmKind } from './rhythm.ts'

const chosen: readonly (readonly [Rhythm, string])[] = [
  [{ kind: 'minutes', every: 15 }, '*/15 * * * *'],
  [{ kind: 'hourly', every: 1, minute: 7 }, '7 * * * *'],
  [{ kind: 'hourly', every: 6, minute: 0 }, '0 */6 * * *'],
  [{ kind: 'daily', time: '02:30' }, '30 2 * * *'],
  [{ kind: 'weekly', days: [5, 1], time: '23:05' }, '5 23 * * 1,5'],
  [{ kind: 'monthly', day: 31, time: '00:00' }, '0 0 31 * *'],
]

test('what is chosen becomes its cron expression, and the expression is shown as what was chosen', () => {
  for (const [rhythm, cron] of chosen) {
    assert.equal(cronOf(rhythm), cron)
    const back = rhythmOf(cron)
    assert.equal(back.kind, rhythm.kind)
    assert.equal(cronOf(back), cron)
  }
  for (const every of minuteSteps) assert.deepEqual(rhythmOf(`*/${every} * * * *`), { kind: 'minutes', every })
  for (const every of hourSteps)
    assert.equal(cronOf({ kind: 'hourly', every, minute: 3 }), cronOf(rhythmOf(cronOf({ kind: 'hourly', every, minute: 3 }))))
  for (const kind of ['minutes', 'hourly', 'daily', 'weekly', 'monthly'] satisfies RhythmKind[])
    assert.equal(rhythmOf(cronOf(firstOf(kind, ''))).kind, kind)
})

test('Sunday may be 7; what nobody could have chosen stays as it was written', () => {
  assert.deepEqual(rhythmOf('0 4 * * 7'), { kind: 'weekly', days: [0], time: '04:00' })
  for (const cron of ['0 2 * * 1-5', '0,30 * * * *', '*/7 * * * *', '0 */5 * * *', '0 2 1 * 1', '0 2 1 6 *', '0 2 * *', 'nonsense'])
    assert.deepEqual(rhythmOf(cron), { kind: 'own', expression: cron })
})

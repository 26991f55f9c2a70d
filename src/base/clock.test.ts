import assert from 'node:assert/strict'
import test from 'node:test'
import { systemClock, testClock } from './clock.ts'
import { printBytes, printDuration } from './units.ts'

test('a test clock moves when told to, and when somebody sleeps on it', async () => {
  const clock = testClock(new Date('2026-03-01T00:00:00Z'))
  clock.advance(1500)
  await clock.sleep(500)
  assert.equal(clock.now().toISOString(), '2026-03-01T00:00:02.000Z')
  assert.equal(clock.monotonicMs(), 2000)
})

test('a sleep that is cancelled ends at once with CANCELLED, also when it was cancelled before', async () => {
  const stop = new AbortController()
  const sleeping = systemClock.sleep(3_600_000, stop.signal)
  stop.abort(new Error('enough'))
  await assert.rejects(sleeping, { code: 'CANCELLED' })
  await assert.rejects(systemClock.sleep(3_600_000, stop.signal), { code: 'CANCELLED' })
  await assert.rejects(testClock(new Date(0)).sleep(1, stop.signal), { code: 'CANCELLED' })
})

test('sizes and durations are printed for people', () => {
  assert.deepEqual([0, 1023, 1536, 5 * 1024 ** 3].map(printBytes), ['0 B', '1023 B', '1.5 KiB', '5.0 GiB'])
  assert.deepEqual([12.4, 9400, 83_000, 7_260_000].map(printDuration), ['12 ms', '9.4 s', '1m 23s', '2h 1m'])
})

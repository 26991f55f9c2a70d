import assert from 'node:assert/strict'
import test from 'node:test'
import { durations } from '#base/units.ts'
import { systemRandom } from '#host/random.ts'
import { chances, passDays } from '#test/support/scheduled-year.ts'

test('400 days over changes of the clocks, three services, one killed again and again: each time once, or told as missed', async (t) => {
  const seed = Buffer.from(systemRandom.bytes(4)).readUInt32LE()
  t.diagnostic(`seed ${seed}`)
  const { ticks, missed, kills, displaced } = await passDays({
    days: 400,
    start: new Date('2026-02-10T00:00:00Z'),
    stepMsMax: 100 * durations.minute,
    chance: chances(seed),
  })
  assert.ok(ticks > 4_000)
  assert.ok(kills > 20)
  // In Berlin on 29 March; in Sydney on 4 October.
  assert.equal(displaced, 2)
  for (const because of ['service-away', 'not-taken', 'waiting']) assert.ok((missed[because] ?? 0) > 0, because)
})

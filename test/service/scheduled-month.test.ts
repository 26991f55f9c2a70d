import assert from 'node:assert/strict'
import test from 'node:test'
import { durations } from '#base/units.ts'
import { systemRandom } from '#host/random.ts'
import { chances, passDays } from '#test/support/scheduled-year.ts'

test('thirty days over a change of the clocks, three services, one killed again and again: each time once, or told as missed', async (t) => {
  const seed = Buffer.from(systemRandom.bytes(4)).readUInt32LE()
  t.diagnostic(`seed ${seed}`)
  const { ticks, displaced } = await passDays({
    days: 30,
    start: new Date('2026-03-12T00:00:00Z'),
    stepMsMax: 4 * durations.hour,
    chance: chances(seed),
  })
  assert.ok(ticks > 300)
  // 02:30 in Berlin on 29 March.
  assert.equal(displaced, 1)
})

import assert from 'node:assert/strict'
import test from 'node:test'
import { durations } from '#base/units.ts'
import { placeMarks, ticksOf } from './timeline-layout.ts'

const span = { fromMs: 0, untilMs: 100 * durations.day }

test('marks stand at their time, and no two cover each other', () => {
  const moments = Array.from({ length: 200 }, (_none, index) => ({ id: `${index}`, atMs: index * 0.5 * durations.day }))
  const placed = placeMarks(moments, { span, widthPx: 626, markPx: 26 })
  assert.equal(placed.length, 200)
  assert.equal(placed[0]!.leftPx, 13)
  for (const one of placed)
    for (const other of placed)
      assert.ok(one === other || one.lane !== other.lane || Math.abs(one.leftPx - other.leftPx) >= 26, `${one.id} covers ${other.id}`)
})

test('what lies outside of the time shown stands at its edge', () => {
  const placed = placeMarks([{ id: 'late', atMs: 200 * durations.day }], { span, widthPx: 626, markPx: 26 })
  assert.deepEqual(placed, [{ id: 'late', leftPx: 613, lane: 0 }])
})

test('ticks are midnights or whole hours, and no more than there is room for', () => {
  for (const days of [1, 7, 30, 365, 3650]) {
    const untilMs = Date.UTC(2026, 10, 22, 14, 5)
    const ticks = ticksOf({ fromMs: untilMs - days * durations.day, untilMs }, 10)
    assert.ok(ticks.length >= 2 && ticks.length <= 11, `${days} days have ${ticks.length} ticks`)
    for (const { atMs } of ticks) assert.equal(new Date(atMs).getMinutes(), 0)
  }
})

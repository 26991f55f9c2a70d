import assert from 'node:assert/strict'
import { test } from 'node:test'
import { historyOf } from './history.ts'

test('what became of an alert is told in its order, with what became of the messages', () => {
  const told = { delivered: 0, waiting: 0, givenUp: 0 }
  const words = historyOf({
    openedAt: '2026-03-01T02:00:00.000Z',
    seenAt: '2026-03-01T09:00:00.000Z',
    times: 3,
    acknowledgedAt: '2026-03-01T08:30:00.000Z',
    acknowledgedBy: 'omar',
    acknowledgedNote: 'ordered a disk',
    settledAt: '2026-03-01T12:00:00.000Z',
    settledBecause: 'a full backup was completed',
    tellings: [
      { at: '2026-03-01T02:00:00.000Z', occasion: 'opened', ...told, delivered: 2, givenUp: 1 },
      { at: '2026-03-01T08:00:00.000Z', occasion: 'repeated', ...told, waiting: 1 },
      { at: '2026-03-01T12:00:00.000Z', occasion: 'settled', ...told },
    ],
  }).map((one) => one.words)
  assert.deepEqual(words, [
    'Opened.',
    'Told: 2 messages delivered, 1 message given up.',
    'Told again: 1 message on the way.',
    'omar takes care of it: ordered a disk',
    'Found again, for the 3rd time.',
    'Told that it is settled: no channel takes it.',
    'Settled: a full backup was completed',
  ])
})

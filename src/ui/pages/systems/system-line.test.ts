import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SystemHealth } from '#contract/health.ts'
import type { ScheduleView } from '#contract/schedules.ts'
import type { SystemView } from '#contract/systems.ts'
import { lineOf, printSources } from './system-line.ts'

const database = { name: 'main', url: 'postgresql://b@h/d', hasPassword: false }
const system = { id: 'a', databases: [database], roots: [{ name: 'x', path: '/x' }] } as unknown as SystemView
const stateOf = (...points: (string | null)[]) =>
  ({ id: 'a', sources: points.map((recoveryPoint) => ({ recoveryPoint })) }) as unknown as SystemHealth
const runOf = (systemId: string, nextRunAt: string | null) => ({ systemId, nextRunAt }) as unknown as ScheduleView

test('a system can be brought back to where its worst source can be', () => {
  const [early, late] = ['2026-11-01T00:00:00Z', '2026-11-02T00:00:00Z']
  assert.equal(lineOf(system, { states: [stateOf(late, early)], planned: [] }).recoveryPoint, early)
  assert.equal(lineOf(system, { states: [stateOf(late, null)], planned: [] }).recoveryPoint, null)
  assert.equal(lineOf(system, { states: undefined, planned: undefined }).recoveryPoint, null)
})

test('its next run is the earliest of its own schedules', () => {
  const planned = [
    runOf('b', '2026-11-01T00:00:00Z'),
    runOf('a', '2026-11-03T00:00:00Z'),
    runOf('a', '2026-11-02T00:00:00Z'),
    runOf('a', null),
  ]
  assert.equal(lineOf(system, { states: [], planned }).nextRunAt, '2026-11-02T00:00:00Z')
  assert.equal(lineOf(system, { states: [], planned: [runOf('a', null)] }).nextRunAt, null)
})

test('sources are counted', () => {
  assert.equal(printSources(system), '1 database, 1 directory')
  assert.equal(printSources({ databases: [database, database], roots: [] }), '2 databases')
})

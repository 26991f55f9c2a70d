import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SystemHealth } from '#contract/health.ts'
import { remediesOf, verdictOf, worstFirst } from './verdict.ts'

const now = new Date('2026-03-10T03:00:00Z')

const well: SystemHealth = {
  id: 's1',
  tenantId: 't1',
  name: 'emr',
  title: 'Clinical records',
  state: 'protected',
  reasons: [],
  sources: [
    { kind: 'database', name: 'main', backupId: 'b2', recoveryPoint: '2026-03-10T02:00:00Z' },
    { kind: 'files', name: 'documents', backupId: 'b1', recoveryPoint: '2026-03-09T02:00:00Z' },
  ],
  rpo: { objectiveMinutes: 1_440, limitMinutes: 2_880, achievedMinutes: 60 },
  rto: { objectiveMinutes: 60, achievedMinutes: 3, projectedMinutes: 3, measuredBy: 'drill', measuredAt: '2026-03-01T04:00:00Z' },
  lastBackup: { id: 'b2', name: 'nightly', status: 'completed', at: '2026-03-10T02:00:00Z' },
  lastProvenAt: '2026-03-01T04:00:00Z',
  chain: { unverified: 1, intact: 0, proven: 1, failed: 0, missing: 0 },
  lastRun: null,
  openAlerts: 0,
  undoUntil: null,
  coverage: null,
}

const kinds = (system: SystemHealth) => remediesOf(system, [], now).map((one) => (one.kind === 'go' ? one.to : one.kind))

test('the answer for all is as good as the worst, and names who it is about', () => {
  const [one, two, three] = [
    well,
    { ...well, state: 'at-risk' as const, title: 'Images' },
    { ...well, state: 'unprotected' as const, title: 'Laboratory' },
  ]
  assert.equal(verdictOf([one]).words, 'The one system is protected.')
  assert.deepEqual(verdictOf([one, one]), { tone: 'good', answer: 'Yes', words: 'All 2 systems are protected.' })
  assert.deepEqual([verdictOf([one, two]).tone, verdictOf([one, two]).words], ['warning', '1 of 2 systems at risk: Images.'])
  const all = verdictOf([one, two, three])
  assert.deepEqual([all.answer, all.words], ['Not everything', '1 of 3 systems unprotected: Laboratory; 1 of 3 systems at risk: Images.'])
  assert.equal(verdictOf([three]).answer, 'No')
  assert.deepEqual(
    worstFirst([one, two, three]).map(({ title }) => title),
    ['Laboratory', 'Images', 'Clinical records'],
  )
})

test('nothing is offered where nothing is wrong; otherwise what would put it right', () => {
  assert.deepEqual(kinds(well), [])
  const bare = {
    ...well,
    sources: [{ ...well.sources[1]!, backupId: null, recoveryPoint: null }],
    lastBackup: { ...well.lastBackup!, status: 'failed' },
  }
  assert.deepEqual(remediesOf({ ...bare, state: 'unprotected' }, [], now)[0], { kind: 'back-up', type: 'files' })
  assert.deepEqual(kinds({ ...bare, state: 'unprotected' }), ['back-up', '/backups/b2'])
  assert.deepEqual(kinds({ ...well, rpo: { ...well.rpo, achievedMinutes: 1_500 } }), ['back-up'])
  assert.deepEqual(kinds({ ...well, lastProvenAt: '2026-01-01T04:00:00Z' }), ['drill'])
  assert.deepEqual(kinds({ ...well, chain: { ...well.chain, proven: 0 } }), ['verify'])
  assert.deepEqual(kinds({ ...well, rto: { ...well.rto, achievedMinutes: null } }), ['drill'])
})

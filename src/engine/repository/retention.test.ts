import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import type { BlobId, SnapshotId } from '#base/ids.ts'
import { durations } from '#base/units.ts'
import type { Snapshot } from './repository.ts'
import { defaultPolicy, type RetentionPolicy } from './keep-rules.ts'
import { judge, nothingHeld } from './retention.ts'

const now = new Date('2026-03-31T12:00:00Z')
const isGood = () => true

function backup(time: string, more: { system?: string; type?: string; tags?: string[]; paths?: string[] } = {}): Snapshot {
  const { system = 'emr', type = 'full', tags = [], paths = ['/database/emr', '/files/uploads'] } = more
  const id = createHash('sha256').update(`${time}${system}${type}${tags.join()}`).digest('hex') as SnapshotId
  const all = ['integrum', `system=${system}`, `type=${type}`, ...tags]
  return { id, time: new Date(time), tree: '' as BlobId, paths, hostname: 'h', username: 'u', tags: all, uid: 0, gid: 0 }
}

/** Times of what is kept, oldest first, each with its reasons. */
function kept(snapshots: readonly Snapshot[], policy: RetentionPolicy, good: (snapshot: Snapshot) => boolean = isGood): string[] {
  const { reasons } = judge(snapshots, policy, { now, isGood: good })
  return snapshots
    .filter(({ id }) => reasons.has(id))
    .map(({ id, time }) => `${time.toISOString().slice(0, 16)} ${reasons.get(id)!.join(', ')}`)
}

test('days, ISO weeks, months and years each keep their newest, in UTC', () => {
  const times = [
    '2025-12-28T23:59Z',
    '2025-12-29T00:00Z',
    '2026-01-01T05:00Z',
    '2026-02-28T05:00Z',
    '2026-03-30T05:00Z',
    '2026-03-31T01:00Z',
    '2026-03-31T02:00Z',
  ]
  const snapshots = times.map((time) => backup(time))
  assert.deepEqual(kept(snapshots, { daily: 2 }), [
    '2026-03-30T05:00 daily 2026-03-30',
    '2026-03-31T02:00 daily 2026-03-31, last good backup of emr',
  ])
  assert.deepEqual(kept(snapshots, { weekly: 4 }), [
    '2025-12-28T23:59 weekly 2025-W52',
    '2026-01-01T05:00 weekly 2026-W01',
    '2026-02-28T05:00 weekly 2026-W09',
    '2026-03-31T02:00 weekly 2026-W14, last good backup of emr',
  ])
  assert.deepEqual(kept(snapshots, { monthly: 12 }).length, 4)
  assert.deepEqual(kept(snapshots, { yearly: 2 }), [
    '2025-12-29T00:00 yearly 2025',
    '2026-03-31T02:00 yearly 2026, last good backup of emr',
  ])
  assert.deepEqual(kept(snapshots, { hourly: 2 }).length, 2)
})

test('the default policy keeps 7 days, 5 weeks and 12 months of a backup made each day for two years', () => {
  const daily = Array.from({ length: 730 }, (_, day) => backup(new Date(now.getTime() - day * durations.day).toISOString()))
  const { reasons } = judge(daily, defaultPolicy, { now, isGood })
  const count = (word: string) => [...reasons.values()].filter((all) => all.some((reason) => reason.startsWith(word))).length
  assert.deepEqual([count('daily'), count('weekly'), count('monthly')], [7, 5, 12])
  assert.equal(reasons.size, 7 + 3 + 11)
})

test('a masked backup is the last good one of nothing, however new it is, and takes no place of another type', () => {
  const paths = ['/database/emr']
  const whole = backup('2026-03-01T05:00Z', { type: 'database', paths })
  const masked = backup('2026-03-30T05:00Z', { type: 'masked', paths })
  assert.deepEqual(kept([whole, masked], {}), ['2026-03-01T05:00 last good backup of emr'])
  assert.deepEqual(kept([whole, masked], { daily: 1 }), [
    '2026-03-01T05:00 daily 2026-03-01, last good backup of emr',
    '2026-03-30T05:00 daily 2026-03-30',
  ])
})

test('SAFETY rule 28 the last good backup of a system is kept by the emptiest policy, and one with gaps does not replace it', () => {
  const good = backup('2026-03-01T05:00Z')
  const gaps = backup('2026-03-02T05:00Z', { tags: ['gaps'] })
  const anomalous = backup('2026-03-03T05:00Z')
  const judged = judge([good, gaps, anomalous], {}, { now, isGood: (snapshot) => snapshot.id !== anomalous.id })
  assert.deepEqual([...judged.reasons], [[good.id, ['last good backup of emr']]])
  assert.deepEqual([...judged.last.keys()], [good.id])
})

test('SAFETY rule 28 last good is per system and source: a backup of the files alone does not replace one of the database', () => {
  const full = backup('2026-03-01T05:00Z')
  const files = backup('2026-03-02T05:00Z', { type: 'files', paths: ['/files/uploads'] })
  const other = backup('2026-02-01T05:00Z', { system: 'pacs' })
  assert.deepEqual([...judge([full, files, other], {}, { now, isGood }).last.keys()].toSorted(), [full.id, files.id, other.id].toSorted())
  const newer = backup('2026-03-03T05:00Z')
  assert.deepEqual([...judge([full, files, newer], {}, { now, isGood }).last.keys()], [newer.id])
})

test('when no backup is good, the newest is kept', () => {
  const gaps = ['2026-03-01T05:00Z', '2026-03-02T05:00Z'].map((time) => backup(time, { tags: ['gaps'] }))
  assert.deepEqual(kept(gaps, {}), ['2026-03-02T05:00 last good backup of emr'])
})

test('a good backup stands for its day even when a newer one of that day has gaps', () => {
  const snapshots = [
    backup('2026-03-30T05:00Z'),
    backup('2026-03-30T06:00Z', { tags: ['gaps'] }),
    backup('2026-03-31T05:00Z', { tags: ['gaps'] }),
  ]
  assert.deepEqual(kept(snapshots, { daily: 7 }), [
    '2026-03-30T05:00 daily 2026-03-30, last good backup of emr',
    '2026-03-31T05:00 daily 2026-03-31',
  ])
  assert.deepEqual(kept(snapshots, { last: 1 }), ['2026-03-30T05:00 last 1 of 1, last good backup of emr'])
})

test('SAFETY rule 12 safety backups take no place of regular ones and stay until their time is over', () => {
  const snapshots = [
    backup('2026-03-01T05:00Z', { tags: ['safety'] }),
    backup('2026-03-28T05:00Z'),
    backup('2026-03-29T05:00Z'),
    backup('2026-03-30T05:00Z', { tags: ['safety'] }),
    backup('2026-03-31T05:00Z', { tags: ['release'] }),
  ]
  assert.deepEqual(kept(snapshots, { last: 2 }), [
    '2026-03-28T05:00 last 2 of 2',
    '2026-03-29T05:00 last 1 of 2, last good backup of emr',
    '2026-03-30T05:00 safety backup, kept for 8 days',
    '2026-03-31T05:00 release backup, kept for 8 days',
  ])
})

test('SAFETY rule 29 a backup dated in the future stays and is never the newest', () => {
  const snapshots = [backup('2026-03-29T05:00Z'), backup('2026-03-30T05:00Z'), backup('2036-01-01T00:00Z')]
  assert.deepEqual(kept(snapshots, { last: 1 }), [
    '2026-03-30T05:00 last 1 of 1, last good backup of emr',
    '2036-01-01T00:00 dated in the future',
  ])
})

test('snapshots of other programs are left alone', () => {
  const foreign = { ...backup('2020-01-01T00:00Z'), tags: ['nightly'] }
  assert.deepEqual(kept([foreign], { last: 1 }), ['2020-01-01T00:00 not a backup of Integrum'])
})

test('whatever the times, what is kept never shrinks below the policy, and one more backup never revives a forgotten one', () => {
  const days = fc.uniqueArray(fc.nat({ max: 800 }), { minLength: 1, maxLength: 60 })
  const policies = fc.record({ last: fc.nat(4), daily: fc.nat(8), weekly: fc.nat(6), monthly: fc.nat(13), yearly: fc.nat(3) })
  fc.assert(
    fc.property(days, policies, (ages, policy) => {
      const snapshots = ages.map((age) => backup(new Date(now.getTime() - (age + 1) * durations.day).toISOString()))
      const before = judge(snapshots, policy, { now, isGood: nothingHeld.isGood }).reasons
      assert(before.size >= Math.min(snapshots.length, Math.max(policy.last, policy.daily, 1)))
      const after = judge([...snapshots, backup(now.toISOString())], policy, { now, isGood }).reasons
      for (const { id } of snapshots) assert(before.has(id) || !after.has(id))
    }),
  )
})

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import fc from 'fast-check'
import { durations } from '#base/units.ts'
import { defaultRetention, retentionPolicySchema, type RetentionPolicy } from '#contract/retention.ts'
import type { Hold } from '#service/holds/hold.ts'
import { decide, type Decision, type RetentionBackup } from '#service/retention/decide.ts'
import { isMassDeletion, shortenedRules } from '#service/retention/shortening.ts'
import { seedOf, type Seed } from '#test/support/seed.ts'
import { isKept } from './slow-model.ts'

const now = new Date('2026-03-31T12:00:00Z')
const sourcesOf = { full: ['database/emr', 'files/uploads'], database: ['database/emr'], files: ['files/uploads'] } as const

function backup(time: string, more: Partial<RetentionBackup> = {}): RetentionBackup {
  const type = (more.type ?? 'full') as keyof typeof sourcesOf
  return {
    id: `${time} ${type}`,
    systemName: 'emr',
    repositoryId: 'main',
    type,
    sources: sourcesOf[type],
    purpose: 'regular',
    status: 'completed',
    standing: 'unverified',
    isAnomalous: false,
    isMissing: false,
    isKeptByAlarm: false,
    createdAt: new Date(time),
    scheduleDays: null,
    undoUntil: null,
    ...more,
  }
}

const policyOf = (keep: Partial<RetentionPolicy['keep']>, more: Partial<RetentionPolicy> = {}): RetentionPolicy =>
  retentionPolicySchema.parse({ keep, ...more })
const newestOnly = policyOf({ last: 1 })
const keptOf = (decisions: readonly Decision[]) =>
  decisions.filter(({ act }) => act === 'keep').map(({ backup: one, reasons }) => [one.createdAt.toISOString().slice(0, 10), ...reasons])

test('SAFETY rule 28: only good backups count, and the last good and the last proven of each source stay', () => {
  const backups = [
    backup('2026-03-01T02:00Z', { standing: 'proven' }),
    backup('2026-03-02T02:00Z'),
    backup('2026-03-03T02:00Z', { status: 'completed_with_gaps' }),
    backup('2026-03-04T02:00Z', { isAnomalous: true }),
    backup('2026-03-05T02:00Z', { standing: 'failed' }),
    backup('2026-03-06T02:00Z', { isMissing: true }),
    backup('2026-03-07T02:00Z', { type: 'files' }),
  ]
  assert.deepEqual(keptOf(decide(backups, newestOnly, { holds: [], now })), [
    ['2026-03-07', 'last 1 of 1', 'last good backup of emr files/uploads'],
    ['2026-03-06', 'nothing to remove: its snapshot is missing'],
    ['2026-03-05', 'no good backup is newer, although it is damaged'],
    ['2026-03-04', 'no good backup is newer, although it is unlike those before it'],
    ['2026-03-03', 'no good backup is newer, although it has gaps'],
    ['2026-03-02', 'last 1 of 1', 'last good backup of emr database/emr'],
    ['2026-03-01', 'last proven backup of emr database/emr', 'last proven backup of emr files/uploads'],
  ])
})

test('SAFETY rule 12: a safety backup takes no place, and stays until its undo window and some days more are over', () => {
  const safety = (time: string, undoUntil: Date | null) => backup(time, { purpose: 'safety', undoUntil })
  const decisions = decide(
    [
      backup('2026-03-01T02:00Z'),
      safety('2026-03-30T02:00Z', null),
      safety('2026-03-10T02:00Z', null),
      safety('2026-03-11T02:00Z', new Date('2026-03-29T12:00Z')),
      safety('2026-03-12T02:00Z', new Date('2026-03-28T12:00Z')),
    ],
    newestOnly,
    { holds: [], now },
  )
  assert.deepEqual(
    decisions.map(({ backup: one, act, reasons }) => [one.createdAt.toISOString().slice(5, 10), act, reasons[0]]),
    [
      ['03-30', 'keep', 'safety backup, kept for 8 days'],
      ['03-12', 'remove', 'safety backup whose time is over'],
      ['03-11', 'keep', 'safety backup, its restore can be undone'],
      ['03-10', 'remove', 'safety backup whose time is over'],
      ['03-01', 'keep', 'last 1 of 1'],
    ],
  )
})

test('SAFETY rule 29: a backup dated in the future stays, and is the newest of nothing', () => {
  const backups = [backup('2026-03-30T02:00Z'), backup('2031-01-01T00:00Z'), backup('2026-03-29T02:00Z')]
  assert.deepEqual(keptOf(decide(backups, newestOnly, { holds: [], now })), [
    ['2031-01-01', 'dated in the future'],
    ['2026-03-30', 'last 1 of 1', 'last good backup of emr database/emr', 'last good backup of emr files/uploads'],
  ])
})

test('a hold wins over every rule, and so do the minimum of the record class and the days of a schedule', () => {
  const hold = (more: Partial<Hold>): Hold => ({
    id: 'h',
    backupId: null,
    systemName: null,
    from: null,
    to: null,
    reference: 'A-12',
    ...more,
  })
  const backups = ['05', '10', '15', '20', '25', '30'].map((day) => backup(`2026-03-${day}T02:00Z`))
  const scheduled = backup('2026-03-17T02:00Z', { scheduleDays: 20 })
  const kept = (holds: readonly Hold[], policy = newestOnly) =>
    keptOf(decide([...backups, scheduled], policy, { holds, now })).map(([day, why]) => `${day!.slice(8)} ${why}`)
  assert.deepEqual(kept([hold({ backupId: backups[0]!.id })]), [
    '30 last 1 of 1',
    '17 its schedule keeps it for 20 days',
    '05 legal hold A-12',
  ])
  assert.deepEqual(kept([hold({ systemName: 'pacs' })]), ['30 last 1 of 1', '17 its schedule keeps it for 20 days'])
  assert.deepEqual(kept([hold({ systemName: 'emr', from: new Date('2026-03-10T02:00Z'), to: new Date('2026-03-15T02:00Z') })]), [
    '30 last 1 of 1',
    '17 its schedule keeps it for 20 days',
    '10 legal hold A-12',
  ])
  const atLeast = 'under the minimum retention of 12 days'
  assert.deepEqual(kept([], policyOf({ last: 1 }, { recordClass: 'record-retention', minimumDays: 12 })), [
    `30 ${atLeast}`,
    `25 ${atLeast}`,
    `20 ${atLeast}`,
    '17 its schedule keeps it for 20 days',
  ])
})

test('a policy that keeps less in any rule, or a lower minimum, is a shortening; many removals at once are a mass deletion', () => {
  const after = (keep: Partial<RetentionPolicy['keep']>, more: Partial<RetentionPolicy> = {}) =>
    shortenedRules(
      { ...defaultRetention, minimumDays: 30 },
      { ...defaultRetention, minimumDays: 30, ...more, keep: { ...defaultRetention.keep, ...keep } },
    )
  assert.deepEqual(after({}), [])
  assert.deepEqual(after({ daily: 8, yearly: 3 }), [])
  assert.deepEqual(after({ daily: 30, weekly: 4 }), ['weekly 5 → 4'])
  assert.deepEqual(after({}, { minimumDays: 29 }), ['minimum of days 30 → 29'])
  const decisions = (removes: number, keeps: number): Decision[] =>
    [...Array(removes + keeps).keys()].map((at) => ({
      backup: backup('2026-03-01T02:00Z'),
      act: at < removes ? 'remove' : 'keep',
      reasons: [''],
    }))
  for (const [removes, keeps, isMass] of [
    [10, 1, false],
    [11, 10, true],
    [11, 11, false],
    [200, 400, false],
    [201, 4000, true],
  ] as const)
    assert.equal(isMassDeletion(decisions(removes, keeps)), isMass, `${removes} of ${removes + keeps}`)
})

const policies = fc.record({
  keep: fc.record({
    days: fc.constantFrom(0, 0, 3, 30),
    last: fc.constantFrom(0, 0, 1, 10),
    daily: fc.constantFrom(0, 7, 14),
    weekly: fc.constantFrom(0, 5),
    monthly: fc.constantFrom(0, 12),
    yearly: fc.constantFrom(0, 2),
  }),
  timeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Pacific/Apia'),
  minimumDays: fc.constantFrom(0, 0, 45),
})

test('after each of 400 simulated days what is left is what a slow model of the definition says', () => {
  fc.assert(
    fc.property(policies, fc.nat(), (chosen, seed) => {
      const policy: RetentionPolicy = { ...chosen, recordClass: chosen.minimumDays > 0 ? 'record-retention' : 'operational' }
      live(400, policy, seedOf(seed))
    }),
    { numRuns: 4 },
  )
})

/** A clinic over so many days: each day backups are made, some flawed, holds come and go, and the policy is carried out. */
function live(days: number, policy: RetentionPolicy, seed: Seed): void {
  let there: RetentionBackup[] = []
  let holds: Hold[] = []
  for (let day = 0; day < days; day += 1) {
    const midnightMs = Date.UTC(2025, 8, 1) + day * durations.day
    for (let count = seed.below(4); count > 0; count -= 1) there.push(madeAt(midnightMs, there.length, seed))
    // What is found out later: by a drill, by a verification.
    if (there.length > 0) there = replaced(there, seed.below(there.length), { standing: seed.oneOf(['intact', 'proven', 'failed']) })
    if (seed.below(20) === 0) holds.push(placedAt(midnightMs, there, seed))
    if (seed.below(20) === 0) holds = holds.slice(1)
    const world = { backups: there, policy, holds, now: new Date(midnightMs + durations.day) }
    const decisions = decide(there, policy, world)
    assert.deepEqual(
      decisions
        .filter(({ act }) => act === 'keep')
        .map(({ backup: { id } }) => id)
        .toSorted(),
      there
        .filter((one) => isKept(one, world))
        .map(({ id }) => id)
        .toSorted(),
      `day ${day}`,
    )
    there = decisions.filter(({ act }) => act === 'keep').map((decision) => decision.backup)
  }
}

function madeAt(midnightMs: number, number: number, seed: Seed): RetentionBackup {
  const ms = midnightMs + seed.below(durations.day) + (seed.below(150) === 0 ? 30 * durations.day : 0)
  const purpose = seed.below(15) === 0 ? 'safety' : 'regular'
  return backup(new Date(ms).toISOString(), {
    id: `${ms}-${number}-${seed.below(1e9)}`,
    type: seed.oneOf(['full', 'full', 'database', 'files']),
    systemName: seed.oneOf(['emr', 'emr', 'pacs']),
    repositoryId: seed.below(30) === 0 ? 'other' : 'main',
    purpose,
    status: seed.oneOf(['completed', 'completed', 'completed', 'completed', 'completed_with_gaps', 'failed']),
    isAnomalous: seed.below(20) === 0,
    isMissing: seed.below(40) === 0,
    isKeptByAlarm: seed.below(60) === 0,
    scheduleDays: seed.below(5) === 0 ? seed.below(40) : null,
    undoUntil: purpose === 'safety' && seed.below(2) === 0 ? new Date(ms + seed.below(14 * durations.day)) : null,
  })
}

function replaced(all: readonly RetentionBackup[], at: number, change: Partial<RetentionBackup>): RetentionBackup[] {
  return all.map((one, index) => (index === at ? { ...one, ...change } : one))
}

function placedAt(midnightMs: number, there: readonly RetentionBackup[], seed: Seed): Hold {
  const nothing: Hold = { id: `${midnightMs}`, backupId: null, systemName: null, from: null, to: null, reference: 'A-12' }
  const [from, to] = [new Date(midnightMs - seed.below(60) * durations.day), new Date(midnightMs)]
  switch (seed.below(3)) {
    case 0:
      return { ...nothing, backupId: there.length > 0 ? seed.oneOf(there).id : 'none' }
    case 1:
      return { ...nothing, systemName: seed.oneOf(['emr', 'pacs']), to: seed.below(2) === 0 ? to : null }
    default:
      return { ...nothing, from, to }
  }
}

/** One worked example for each kind of policy: docs/guide/retention.md shows them. A backup at 23:30 UTC is of the next day in Berlin. */
const goldens: Readonly<Record<string, RetentionPolicy>> = {
  default: defaultRetention,
  days: policyOf({ days: 30 }),
  count: policyOf({ last: 10 }),
  'grandfather-father-son': policyOf({ daily: 7, weekly: 4, monthly: 6, yearly: 2 }, { timeZone: 'Europe/Berlin' }),
  'record-retention': policyOf({ daily: 7 }, { recordClass: 'record-retention', minimumDays: 45 }),
}

for (const [name, policy] of Object.entries(goldens)) {
  test(`the worked example of the policy ${name} is what comes out of it`, async () => {
    const nightly = [...Array(400).keys()].map((day) => backup(new Date(Date.UTC(2026, 2, 30, 23, 30) - day * durations.day).toISOString()))
    const text = printGolden(policy, decide(nightly, policy, { holds: [], now }))
    assert.equal(text, await readFile(new URL(`golden/${name}.txt`, import.meta.url), 'utf8'))
  })
}

function printGolden({ keep, timeZone, minimumDays }: RetentionPolicy, decisions: readonly Decision[]): string {
  const rules = Object.entries({ ...keep, minimumDays }).filter(([, count]) => count > 0)
  const kept = decisions.filter(({ act }) => act === 'keep')
  return [
    `policy: ${rules.map(([rule, count]) => `${rule} ${count}`).join(', ')}; time zone ${timeZone}`,
    `400 backups, one each night at 23:30 UTC, the newest on 30 March 2026; looked at on 31 March 2026, 12:00 UTC`,
    '',
    ...kept.map(({ backup: one, reasons }) => `keep  ${one.createdAt.toISOString().slice(0, 16)}Z  ${reasons.join('; ')}`),
    '',
    `keeps ${kept.length}, removes ${decisions.length - kept.length}: ${decisions.find(({ act }) => act === 'remove')?.reasons.join('; ')}`,
    '',
  ].join('\n')
}

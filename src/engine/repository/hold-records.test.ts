import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base/fault.ts'
import { foreignAmong } from '#engine/backup/foreign.ts'
import { smallPassword, smallRepository, store } from '#test/support/small-repository.ts'
import { checkRepository } from './check.ts'
import { executeForget, planForget, type ForgetRequest } from './forget.ts'
import { holdRecordsAmong, holdsInForce, recordHold } from './hold-records.ts'
import { signedWith, proofKeyFrom } from './proof-key.ts'

const id = '6f1c1a52-7a64-4d7c-9f0e-2f8f6f0a1b2c'
const uuidOf = (day: number) => `00000000-0000-4000-8000-00000000000${day}`
const hold = {
  id,
  state: 'placed',
  backup: null,
  system: null,
  from: null,
  to: null,
  reason: 'a claim, of a patient',
  reference: 'A-12',
  by: 'anna',
} as const
const lastOne: ForgetRequest = { kind: 'policy', policy: { last: 1 } }

/** A backup of emr on each of three days. */
async function lived() {
  const small = await smallRepository({ start: new Date('2026-03-04T12:00:00Z') })
  const repository = await small.open()
  for (const day of [1, 2, 3])
    await store(
      repository,
      { day: `${day}` },
      ['integrum', 'system=emr', 'type=full', `backup=${uuidOf(day)}`],
      new Date(`2026-03-0${day}T02:00:00Z`),
    )
  return { ...small, repository, at: small.clock.now().toISOString() }
}

test('SAFETY rule 28 a hold stands in the repository: a policy keeps what it covers, and nobody forgets it by name', async () => {
  const { repository, at } = await lived()
  for (const [number, covers, kept] of [
    [1, { backup: uuidOf(1) }, ['01', '03']],
    [2, { system: 'emr' }, ['01', '02', '03']],
    [3, { system: 'pacs' }, ['03']],
    [4, { from: '2026-03-02T02:00:00.000Z', to: '2026-03-03T02:00:00.000Z' }, ['02', '03']],
  ] as const) {
    const one = { ...hold, ...covers, id: uuidOf(number), at }
    await recordHold(repository, one)
    const { decisions } = await planForget(repository, lastOne)
    const keeps = decisions.filter(({ act }) => act === 'keep').map(({ time }) => time.toISOString().slice(8, 10))
    assert.deepEqual(keeps.toSorted(), kept)
    const held = decisions.find(({ reasons }) => reasons.includes('legal hold A-12'))
    if (held)
      await assert.rejects(planForget(repository, { kind: 'chosen', snapshots: [held.snapshot] }), (error) =>
        isFault(error, 'RETENTION_HELD'),
      )
    await recordHold(repository, { ...one, state: 'released' })
  }
})

test('SAFETY rule 28 a hold that is placed between plan and execution is seen inside the lock', async () => {
  const { repository, at } = await lived()
  const plan = await planForget(repository, lastOne)
  await recordHold(repository, { ...hold, system: 'emr', at })
  await assert.rejects(executeForget(repository, plan), (error) => isFault(error, 'PLAN_STALE'))
})

test('a hold that was released holds nothing, and its records stay and are no backups', async () => {
  const { repository, at, storage, clock } = await lived()
  await recordHold(repository, { ...hold, system: 'emr', at })
  await recordHold(repository, { ...hold, system: 'emr', state: 'released', at })
  const snapshots = await repository.snapshots()
  const records = holdRecordsAmong(repository, snapshots)
  assert.deepEqual([records.map(({ state }) => state).toSorted(), holdsInForce(records)], [['placed', 'released'], []])
  assert.equal(records[0]!.reason, hold.reason)
  assert.deepEqual(foreignAmong(snapshots), [])
  await executeForget(repository, await planForget(repository, lastOne))
  assert.equal(holdRecordsAmong(repository, await repository.snapshots()).length, 2)
  const report = await checkRepository({ storage, password: smallPassword, clock }, { depth: 'full' })
  assert.deepEqual(report.findings, [])
})

test('a record that another key signed, or that was changed, holds and releases nothing', async () => {
  const { repository, at } = await lived()
  await recordHold(repository, { ...hold, system: 'emr', at })
  const forged = { kind: 'hold', format: 1, repositoryId: repository.id, ...hold, system: 'emr', state: 'released', at } as const
  const [placed] = (await repository.snapshots()).filter(({ tags }) => tags.includes('integrum-hold'))
  const document = (signed: object) => `hold=${Buffer.from(JSON.stringify(signed)).toString('base64url')}`
  const own = JSON.parse(Buffer.from(placed!.tags.find((tag) => tag.startsWith('hold='))!.slice(5), 'base64url').toString()) as object
  for (const lie of [
    document(signedWith(proofKeyFrom(Buffer.alloc(32, 7)), forged)),
    document({ ...own, state: 'released' }),
    'hold=nonsense',
  ])
    await store(repository, {}, ['integrum-hold', lie], new Date(at))
  const records = holdRecordsAmong(repository, await repository.snapshots())
  assert.deepEqual(
    holdsInForce(records).map((one) => one.id),
    [id],
  )
})

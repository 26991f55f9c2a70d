import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base/fault.ts'
import type { SnapshotId } from '#base/ids.ts'
import { durations } from '#base/units.ts'
import { diskFull, faulty } from '#engine/storage/faulty.ts'
import { flippedAt, openSmall, overwrite, smallRepository, store } from '#test/support/small-repository.ts'
import { executeForget, planForget, type ForgetRequest } from './forget.ts'
import type { Keeping } from './retention.ts'

const tags = (system: string) => ['integrum', `system=${system}`, 'type=full']
const lastOne: ForgetRequest = { kind: 'policy', policy: { last: 1 } }

/** One backup a day of each system, the newest a day old. */
async function made(systems: readonly string[], days: number) {
  const small = await smallRepository()
  const repository = await small.open()
  const ids: SnapshotId[] = []
  for (let day = 0; day < days; day += 1) {
    const time = new Date(small.clock.now().getTime() - (days - day) * durations.day)
    for (const system of systems) ids.push(await store(repository, { day: `${day}` }, tags(system), time))
  }
  return { ...small, repository, ids }
}

const listed = async ({ repository }: Awaited<ReturnType<typeof made>>) => new Set((await repository.snapshots()).map(({ id }) => id))

test('a plan gives a reason for every snapshot and removes nothing; executing it removes exactly what it says', async () => {
  const all = await made(['emr', 'pacs'], 3)
  const plan = await planForget(all.repository, lastOne)
  assert.equal(plan.decisions.length, 6)
  assert(plan.decisions.every((decision) => decision.reasons.length > 0))
  assert.equal((await listed(all)).size, 6)
  const { forgotten } = await executeForget(all.repository, plan)
  assert.deepEqual(new Set(forgotten), new Set(all.ids.slice(0, 4)))
  assert.deepEqual(await listed(all), new Set(all.ids.slice(4)))
})

test('a policy for one system leaves the others alone', async () => {
  const all = await made(['emr', 'pacs'], 2)
  await executeForget(all.repository, await planForget(all.repository, { ...lastOne, system: 'pacs' }))
  assert.deepEqual(await listed(all), new Set([all.ids[0]!, all.ids[2]!, all.ids[3]!]))
})

test('INV-10 a plan is carried out once, and refused when a backup came or went since', async () => {
  const all = await made(['emr'], 3)
  const plan = await planForget(all.repository, lastOne)
  await store(all.repository, { day: 'new' }, tags('emr'), all.clock.now())
  await assert.rejects(executeForget(all.repository, plan), (error) => isFault(error, 'PLAN_STALE'))
  assert.equal((await listed(all)).size, 4)
  const fresh = await planForget(all.repository, lastOne)
  assert.equal((await executeForget(all.repository, fresh)).forgotten.length, 3)
  await assert.rejects(executeForget(all.repository, fresh), (error) => isFault(error, 'PLAN_USED'))
})

test('a plan of one repository is none of another', async () => {
  const [one, other] = [await made(['emr'], 2), await made(['emr'], 2)]
  await assert.rejects(executeForget(other.repository, await planForget(one.repository, lastOne)), (error) => isFault(error, 'PLAN_STALE'))
  assert.equal((await listed(other)).size, 2)
})

test('INV-11 SAFETY rule 28 the last good backup is not forgotten even by name', async () => {
  const all = await made(['emr'], 2)
  const request = (snapshots: readonly SnapshotId[]): ForgetRequest => ({ kind: 'chosen', snapshots })
  await assert.rejects(planForget(all.repository, request(all.ids)), (error) => isFault(error, 'RETENTION_LAST_GOOD'))
  await assert.rejects(planForget(all.repository, request(['f'.repeat(64) as SnapshotId])), (error) => isFault(error, 'BACKUP_NOT_FOUND'))
  const { forgotten } = await executeForget(all.repository, await planForget(all.repository, request([all.ids[0]!])))
  assert.deepEqual(forgotten, [all.ids[0]])
})

test('SAFETY rule 28 a hold is asked for again inside the lock, and one that came after the plan stops it', async () => {
  const all = await made(['emr'], 3)
  const held = new Map<SnapshotId, string>()
  const keeping: Keeping = { holds: async () => held, isGood: () => true }
  const plan = await planForget(all.repository, lastOne, keeping)
  held.set(all.ids[0]!, 'legal hold of case 7')
  await assert.rejects(executeForget(all.repository, plan, keeping), (error) => isFault(error, 'PLAN_STALE'))
  assert.equal((await listed(all)).size, 3)
  const again = await planForget(all.repository, lastOne, keeping)
  assert.deepEqual(again.decisions.find((decision) => decision.snapshot === all.ids[0])?.reasons, ['legal hold of case 7'])
  await executeForget(all.repository, again, keeping)
  assert.deepEqual(await listed(all), new Set([all.ids[0]!, all.ids[2]!]))
  await assert.rejects(planForget(all.repository, { kind: 'chosen', snapshots: [all.ids[0]!] }, keeping), (error) =>
    isFault(error, 'RETENTION_HELD'),
  )
})

test('SAFETY rule 28 a backup that became suspicious since the plan is good no more, and the one before it stays', async () => {
  const all = await made(['emr'], 2)
  let trusted = true
  const keeping: Keeping = { holds: async () => new Map(), isGood: ({ id }) => trusted || id !== all.ids[1] }
  const plan = await planForget(all.repository, lastOne, keeping)
  trusted = false
  await assert.rejects(executeForget(all.repository, plan, keeping), (error) => isFault(error, 'PLAN_STALE'))
  const again = await planForget(all.repository, lastOne, keeping)
  assert.deepEqual(
    again.decisions.map(({ act }) => act),
    ['forget', 'keep'],
  )
})

test('SAFETY rule 12 a safety backup inside its time is not forgotten by name, and after it the policy lets it go', async () => {
  const all = await made(['emr'], 1)
  const safety = await store(all.repository, { day: 'safety' }, [...tags('emr'), 'safety'], all.clock.now())
  await assert.rejects(planForget(all.repository, { kind: 'chosen', snapshots: [safety] }), (error) => isFault(error, 'RETENTION_HELD'))
  all.clock.advance(9 * durations.day)
  await store(all.repository, { day: 'today' }, tags('pacs'), all.clock.now())
  const { forgotten } = await executeForget(all.repository, await planForget(all.repository, lastOne))
  assert.deepEqual(forgotten, [safety])
})

test('SAFETY rule 29 nothing is planned while our clock and the storage disagree', async () => {
  const all = await made(['emr'], 2)
  const storage = { ...all.storage, now: async () => new Date(all.clock.now().getTime() - durations.day) }
  await using repository = await openSmall(storage, all.clock)
  await assert.rejects(planForget(repository, lastOne), (error) => isFault(error, 'RETENTION_CLOCK'))
})

test('a snapshot that cannot be read stops planning: nobody knows what it protects', async () => {
  const all = await made(['emr'], 2)
  await overwrite(all.storage, `snapshots/${all.ids[0]!}`, flippedAt(4))
  await assert.rejects(planForget(all.repository, lastOne), (error) => isFault(error, 'DAMAGE_SNAPSHOT'))
})

test('forgetting that breaks off has removed whole snapshots only, releases its lock and can be planned again', async () => {
  const all = await made(['emr'], 4)
  const storage = faulty(all.storage, [{ verb: 'remove', folder: 'snapshots', nth: 2, fail: diskFull }])
  await using repository = await openSmall(storage, all.clock)
  await assert.rejects(executeForget(repository, await planForget(repository, lastOne)), (error) => error === diskFull)
  storage.assertFired()
  assert.equal((await listed(all)).size, 3)
  assert.equal((await executeForget(repository, await planForget(repository, lastOne))).forgotten.length, 2)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClock } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { durations } from '#base/units.ts'
import type { Storage } from '#engine/storage/storage.ts'
import { openSmall, smallRepository, store } from '#test/support/small-repository.ts'
import { executeForget, planForget, type ForgetRequest } from './forget.ts'
import { planPrune } from './prune-plan.ts'
import { executePrune } from './prune.ts'
import type { Repository } from './repository.ts'

const tags = ['integrum', 'system=emr', 'type=full']
const lastOne: ForgetRequest = { kind: 'policy', policy: { last: 1 } }
const isClock = (error: unknown) => isFault(error, 'RETENTION_CLOCK')

/** Three days of backups, the first forgotten, its packs marked, and one safety backup. */
async function lived() {
  const small = await smallRepository()
  const repository = await small.open()
  for (const day of [1, 2, 3]) {
    await store(repository, { day: `${day}`.repeat(2000) }, tags, small.clock.now())
    small.clock.advance(durations.day)
  }
  await store(repository, { safety: 'safety' }, [...tags, 'safety'], small.clock.now())
  await executeForget(repository, await planForget(repository, lastOne))
  await prune(repository)
  return { ...small, repository }
}

async function prune(repository: Repository, clockReason?: string): Promise<number> {
  const plan = await planPrune(repository, clockReason === undefined ? {} : { clockReason })
  return (await executePrune(repository, plan)).deletedPacks
}

test('SAFETY rule 29 a clock that jumps ahead deletes nothing: no backup, no safety backup, no pack', async () => {
  const { repository, clock } = await lived()
  clock.advance(limits.clockJumpMsMax + durations.hour)
  await assert.rejects(planForget(repository, lastOne), isClock)
  await assert.rejects(prune(repository), isClock)
  assert.equal((await repository.snapshots()).length, 2)
})

test('SAFETY rule 29 a week without a backup is no jump', async () => {
  const { repository, clock } = await lived()
  clock.advance(7 * durations.day)
  await planForget(repository, lastOne)
  assert((await prune(repository)) > 0)
})

test('SAFETY rule 29 whoever has looked at the clock says so, and a new backup says it, too', async () => {
  const { repository, clock } = await lived()
  clock.advance(100 * durations.day)
  const request: ForgetRequest = { ...lastOne, clockReason: 'the clinic was closed' }
  assert.equal((await executeForget(repository, await planForget(repository, request))).forgotten.length, 1)
  assert((await prune(repository, 'the clinic was closed')) > 0)
  await assert.rejects(planForget(repository, lastOne), isClock)
  await store(repository, { day: 'today' }, tags, clock.now())
  await planForget(repository, lastOne)
})

test('SAFETY rule 29 a clock that jumped back deletes nothing either', async () => {
  const { repository, storage, clock } = await lived()
  const earlier = testClock(new Date(clock.now().getTime() - durations.day))
  const behind: Storage = { ...storage, now: async () => earlier.now() }
  await using opened = await openSmall(behind, earlier)
  await assert.rejects(planForget(opened, lastOne), isClock)
  assert.equal((await repository.snapshots()).length, 2)
})

test('SAFETY rule 29 a reason is no way around clocks that disagree', async () => {
  const { storage, clock } = await lived()
  const behind: Storage = { ...storage, now: async () => new Date(clock.now().getTime() - durations.hour) }
  await using repository = await openSmall(behind, clock)
  await assert.rejects(planForget(repository, { ...lastOne, clockReason: 'because' }), isClock)
})

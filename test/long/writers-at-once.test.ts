import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isFault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { durations } from '#base/units.ts'
import { memory } from '#engine/storage/memory.ts'
import type { Storage } from '#engine/storage/storage.ts'
import { hesitating, interrupted } from '#test/support/interleaved.ts'
import { checkedWhole, newClock, repositoryVerbs, stateOf, type RepositoryVerb } from '#test/support/repository-verbs.ts'
import { newSeed } from '#test/support/seed.ts'
import type { SmallClock } from '#test/support/small-repository.ts'
import { temporaryDirectory } from '#test/support/temporary-directory.ts'

const seed = newSeed()
let root: Awaited<ReturnType<typeof temporaryDirectory>>
let verbs: readonly RepositoryVerb[]
before(async () => {
  root = await temporaryDirectory()
  verbs = await repositoryVerbs(root.path)
})
after(() => root[Symbol.asyncDispose]())

const verbOf = (name: string) => verbs.find((one) => one.name === name)!
const isOfRoot = (line: string) => line.startsWith('backup of the root')

/** What one may meet where another works; anything else is a mistake of ours. A file that somebody took looks like one that was not kept. */
const expectedCodes: readonly string[] = [
  'REPOSITORY_LOCKED',
  'REPOSITORY_LOCK_LOST',
  'REPOSITORY_PACK_VANISHED',
  'PLAN_STALE',
  'RETENTION_LAST_GOOD',
  'STORAGE_UNTRUE',
]

async function outcomeOf(running: Promise<void>): Promise<'done' | 'refused'> {
  try {
    await running
    return 'done'
  } catch (error) {
    assert.ok(isFault(error) && expectedCodes.includes(error.code), String(error instanceof Error ? error.stack : error))
    return 'refused'
  }
}

async function assertSound(storage: Storage, clock: SmallClock, what: string): Promise<readonly string[]> {
  assert.deepEqual((await checkedWhole(storage, clock))?.findings, [], what)
  // Reads every byte of every backup that is listed.
  return await stateOf(storage, clock)
}

const pairs = [
  ['next backup', 'next backup'],
  ['next backup', 'prune that marks'],
  ['next backup', 'prune that deletes'],
  ['next backup', 'forget'],
  ['prune that marks', 'prune that marks'],
  ['prune that deletes', 'prune that deletes'],
  ['prune that deletes', 'forget'],
  ['forget', 'forget'],
] as const

for (const [one, other] of pairs) {
  test(`SAFETY rule 26 ${one} beside ${other}, in any order of their calls: each is done or refused, and all that is there is whole`, async (context) => {
    const outcomes: string[] = []
    for (let round = 0; round < 12; round += 1) {
      const clock = newClock()
      const storage = memory(clock)
      // The second of the two says what there is to begin with: it needs something to forget or to prune.
      await verbOf(other).begin(storage)
      const ended = await Promise.all([one, other].map((name) => outcomeOf(verbOf(name).run(hesitating(storage, seed), clock))))
      outcomes.push(ended.join())
      const state = await assertSound(storage, clock, `round ${round}, SWEEP_SEED=${seed.value}`)
      const backups = [one, other].filter((name, at) => name === 'next backup' && ended[at] === 'done').length
      assert.equal(state.filter(isOfRoot).length, backups, `a backup that was done is there, SWEEP_SEED=${seed.value}`)
    }
    if (one === other && one === 'next backup')
      assert.ok(
        outcomes.every((ended) => ended === 'done,done'),
        'backups never stand in each other’s way',
      )
    context.diagnostic(`${one} beside ${other}: ${[...new Set(outcomes)].join(' | ')}, SWEEP_SEED=${seed.value}`)
  })
}

/** What takes a writer's lock away: another program's unlock, or half an hour in which this machine slept. */
const losses: Readonly<Record<string, (storage: Storage, clock: SmallClock) => Promise<void>>> = {
  'its lock removed': async (storage) => {
    for await (const { name } of storage.list('locks')) await storage.remove(name)
  },
  'a clock that jumped ahead': async (_storage, clock) => clock.advance(limits.lockStaleAfterMs + 10 * durations.minute),
}

for (const [name, lose] of Object.entries(losses)) {
  test(`SAFETY rule 26 a backup with ${name} at any call, and two prunes without a grace in that moment: it is whole or is not there`, async (context) => {
    let points = 0
    const outcomes = new Set<string>()
    for (;;) {
      const clock = newClock()
      const storage = memory(clock)
      await verbOf('prune that marks').begin(storage)
      const pruner = verbOf('prune that deletes')
      const beside = interrupted(storage, points + 1, async () => {
        await lose(storage, clock)
        for (const _ of ['mark', 'delete']) await outcomeOf(pruner.run(storage, clock))
      })
      const ended = await outcomeOf(verbOf('next backup').run(beside, clock))
      if (!beside.hasHappened) break
      points += 1
      outcomes.add(ended)
      // An index may be left that names what the prunes took; no backup needs it.
      const report = await checkedWhole(storage, clock)
      assert.deepEqual(
        report?.findings.filter(({ code }) => code !== 'DAMAGE_MISSING_PACK'),
        [],
        `${name} at call ${points}`,
      )
      const state = await stateOf(storage, clock)
      assert.equal(state.filter(isOfRoot).length, ended === 'done' ? 1 : 0, `${name} at call ${points}`)
    }
    assert.deepEqual([...outcomes].toSorted(), ['done', 'refused'])
    context.diagnostic(`a backup with ${name}: ${points} points`)
  })
}

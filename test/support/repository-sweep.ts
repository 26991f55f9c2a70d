import assert from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { inspect } from 'node:util'
import { isFault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import {
  dead,
  denied,
  describe,
  diskFull,
  faulty,
  networkDown,
  type Effect,
  type FaultyStorage,
  type Injection,
} from '#engine/storage/faulty.ts'
import { memory } from '#engine/storage/memory.ts'
import type { Storage } from '#engine/storage/storage.ts'
import { timed } from '#engine/storage/timed.ts'
import { checkedWhole, isBetween, newClock, stateOf, type RepositoryVerb } from './repository-verbs.ts'
import type { Seed } from './seed.ts'
import type { SmallClock } from './small-repository.ts'

export interface Expected {
  readonly old: readonly string[]
  readonly now: readonly string[]
}

export async function expectedOf(verb: RepositoryVerb): Promise<Expected> {
  const { storage, clock } = await begun(verb)
  const old = await stateOf(storage, clock)
  await verb.run(storage, clock)
  return { old, now: await stateOf(storage, clock) }
}

async function begun(verb: RepositoryVerb): Promise<{ storage: Storage; clock: SmallClock }> {
  const clock = newClock()
  const storage = memory(clock)
  await verb.begin(storage)
  return { storage, clock }
}

/** The machine dies at the nth call of the storage. False when the verb has no nth call any more. */
export async function dieAt(nth: number, verb: RepositoryVerb, { old, now }: Expected): Promise<boolean> {
  const { storage, clock } = await begun(verb)
  const what = `${verb.name}, dead at call ${nth}`
  const dying = faulty(storage, [{ verb: 'any', nth, crash: true }])
  const outcome = await outcomeOf(verb.run(dying, clock))
  if (!dying.hasFired) {
    assert.equal(outcome, undefined)
    return false
  }
  // Dying while the lock is given back leaves the lock alone.
  assert.ok(outcome === undefined || outcome === dead, `${what}: ${String(outcome)}`)
  await assertSound({ storage, clock, what })
  const state = await stateOf(storage, clock)
  assert.ok(isBetween(state, old, now), `${what}: ${state.join('\n')}`)
  if (outcome === undefined) assert.deepEqual(state, now, what)
  if (!verb.mayRepeat(state, old)) return true
  await verb.run(storage, clock)
  const again = await stateOf(storage, clock)
  assert.ok(
    now.every((line) => again.includes(line)),
    `${what}, run again`,
  )
  await assertSound({ storage, clock, what })
  return true
}

type FaultyVerb = Exclude<Injection['verb'], 'write' | 'any'>

/** What can go wrong with each verb of a storage. */
export function effectsOf(verb: FaultyVerb, seed: Seed): readonly Effect[] {
  const fail: Effect = { fail: seed.oneOf([networkDown, denied, diskFull]) }
  const hang: Effect = { hang: true }
  const failAfter: Effect = { failAfter: networkDown }
  switch (verb) {
    case 'put':
      return [fail, failAfter, hang, { lose: true }, { truncateTo: seed.below(40) }, { flipAt: seed.below(40) }]
    case 'get':
      return [fail, hang, { shortenTo: seed.below(20) }, { flipAt: seed.below(20) }]
    case 'remove':
      return [fail, failAfter, hang, { lose: true }]
    case 'list':
      return [fail, failAfter, hang]
    case 'stat':
    case 'now':
      return [fail, hang]
  }
}

export const faultyVerbs: readonly FaultyVerb[] = ['put', 'get', 'stat', 'list', 'remove', 'now']

/**
 * One fault of the storage: the verb either does what it says and all of it is true, or it fails with a Fault and the
 * repository is sound. False when the verb makes no such call.
 */
export async function strikeAt(injection: Injection, verb: RepositoryVerb, { old, now }: Expected): Promise<boolean> {
  const { storage, clock } = await begun(verb)
  const what = `${verb.name}, ${describe(injection)}`
  const struck = faulty(storage, [injection])
  const running = verb.run(timed(struck, clock), clock)
  if ('hang' in injection) void endHang(struck, clock, running)
  const outcome = await outcomeOf(running)
  if (!struck.hasFired) {
    assert.equal(outcome, undefined, what)
    return false
  }
  if (outcome === undefined) {
    if (await isFlippedPack(storage, clock, injection)) return true
    await assertSound({ storage, clock, what })
    assert.deepEqual(await stateOf(storage, clock), now, `${what}: it said that it was done`)
    return true
  }
  assert.ok(isFault(outcome), `${what}: ${outcome instanceof Error ? outcome.stack : inspect(outcome)}`)
  await assertSound({ storage, clock, what })
  const state = await stateOf(storage, clock)
  assert.ok(isBetween(state, old, now), `${what}: ${outcome.message}\n${state.join('\n')}`)
  return true
}

/** The clock passes the time that a call may take, once the call hangs. */
async function endHang(struck: FaultyStorage, clock: SmallClock, running: Promise<void>): Promise<void> {
  const over = outcomeOf(running).then(() => true)
  while (!struck.hasFired && !(await Promise.race([over, nextTurn(false)]))) continue
  // A turn more: the time-out of the very call is set up by then.
  await nextTurn()
  clock.advance(limits.storageTimeoutMs)
}

/** One bit of a pack's content, wrong from the beginning: nobody but a reader of every byte can see it, and that one must. */
async function isFlippedPack(storage: Storage, clock: SmallClock, injection: Injection): Promise<boolean> {
  if (!('flipAt' in injection) || injection.verb !== 'put') return false
  const report = await checkedWhole(storage, clock)
  return report !== undefined && report.findings.length > 0 && report.findings.every(({ code }) => code.startsWith('DAMAGE_'))
}

async function assertSound({ storage, clock, what }: { storage: Storage; clock: SmallClock; what: string }): Promise<void> {
  assert.deepEqual((await checkedWhole(storage, clock))?.findings ?? [], [], what)
}

async function outcomeOf(running: Promise<void>): Promise<unknown> {
  return await running.then(
    () => undefined,
    (error: unknown) => error,
  )
}

import { test } from 'node:test'
import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { testClock } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { durations } from '#base/units.ts'
import { namesIn } from '#test/support/repository.ts'
import { memory } from '#engine/storage/memory.ts'
import { sealDocument } from './document.ts'
import { newMasterKey } from './keys.ts'
import { acquireLock, listLocks, removeLeftLocks, type LockRecord } from './locks.ts'

function place() {
  const clock = testClock(new Date('2026-01-01T00:00:00Z'))
  return { clock, storage: memory(clock), key: newMasterKey() }
}

const isLocked = (error: unknown) => isFault(error, 'REPOSITORY_LOCKED')
const isLost = (error: unknown) => isFault(error, 'REPOSITORY_LOCK_LOST')

test('shared locks stand beside each other; an exclusive one stands alone, both ways', async () => {
  const here = place()
  {
    await using one = await acquireLock(here, 'shared')
    await using two = await acquireLock(here, 'shared')
    assert.notEqual(one.lockId, two.lockId)
    await assert.rejects(acquireLock(here, 'exclusive'), isLocked)
    assert.equal((await listLocks(here)).length, 2)
  }
  {
    await using only = await acquireLock(here, 'exclusive')
    await only.confirm()
    await assert.rejects(acquireLock(here, 'shared'), isLocked)
    await assert.rejects(acquireLock(here, 'exclusive'), isLocked)
  }
  assert.deepEqual(await namesIn(here.storage, 'locks'), [])
})

test('of many takers of the exclusive lock at the same moment at most one gets it', async () => {
  const here = place()
  const taken = await Promise.allSettled(Array.from({ length: 8 }, () => acquireLock(here, 'exclusive')))
  const winners = taken.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  assert.ok(winners.length <= 1)
  for (const outcome of taken) if (outcome.status === 'rejected') assert.ok(isLocked(outcome.reason))
  for (const winner of winners) await winner[Symbol.asyncDispose]()
  assert.deepEqual(await namesIn(here.storage, 'locks'), [])
})

test('SAFETY rule 26: the lock of a process that does not live is respected for 30 minutes of storage time, then passed', async () => {
  const here = place()
  // As a container with our host name writes it: its process id means nothing here. Its own time is far in the past.
  const json = JSON.stringify({ time: '2001-01-01T00:00:00Z', exclusive: true, hostname: hostname(), username: 'root', pid: 4_194_304 })
  const { id, sealed } = sealDocument(here, json)
  await here.storage.put(`locks/${id}`, [sealed])
  here.clock.advance(limits.lockStaleAfterMs)
  await assert.rejects(acquireLock(here, 'shared'), isLocked)
  assert.equal((await listLocks(here))[0]!.isStale, false)
  here.clock.advance(1)
  assert.equal((await listLocks(here))[0]!.isStale, true)
  await using lock = await acquireLock(here, 'shared')
  assert.deepEqual(await namesIn(here.storage, 'locks'), [`locks/${lock.lockId}`])
})

test('a lock is refreshed, so that a long job never loses it', async () => {
  const here = place()
  await using lock = await acquireLock(here, 'exclusive')
  const first = lock.lockId
  for (let minutes = 0; minutes < 180; minutes += 5) {
    here.clock.advance(5 * durations.minute)
    await lock.confirm()
    await assert.rejects(acquireLock(here, 'shared'), isLocked)
  }
  assert.notEqual(lock.lockId, first)
  assert.equal((await namesIn(here.storage, 'locks')).length, 1)
})

test('SAFETY rule 26: a lock that somebody removed is lost, and a refresh does not bring it back', async () => {
  const here = place()
  await using lock = await acquireLock(here, 'shared')
  await removeLeftLocks(here.storage, [lock.lockId])
  await assert.rejects(lock.confirm(), isLost)
  here.clock.advance(limits.lockRefreshEveryMs)
  await assert.rejects(lock.confirm(), isLost)
  assert.deepEqual(await namesIn(here.storage, 'locks'), [])
})

test('a lock that could not be refreshed in time counts as lost, though its file stands: others may have passed it by', async () => {
  const here = place()
  await using lock = await acquireLock(here, 'shared')
  // The machine slept: one late refresh.
  here.clock.advance(limits.lockStaleAfterMs + 1)
  await assert.rejects(lock.confirm(), isLost)
})

test('a lock file that cannot be read is respected as exclusive until it is old', async () => {
  const here = place()
  await here.storage.put(`locks/${'ab'.repeat(32)}`, [Buffer.from('rubbish')])
  await assert.rejects(acquireLock(here, 'shared'), isLocked)
  here.clock.advance(limits.lockStaleAfterMs + 1)
  await using lock = await acquireLock(here, 'exclusive')
  await lock.confirm()
})

test('whoever takes over removes exactly the locks that were written down, also of one killed in mid-refresh', async () => {
  const here = place()
  const written = new Set<string>()
  const seenBefore: string[] = []
  const lockRecord: LockRecord = {
    taking: async (id) => {
      seenBefore.push(...(await namesIn(here.storage, 'locks')))
      written.add(id)
    },
    gone: async (id) => void written.delete(id),
  }
  await using other = await acquireLock(here, 'shared')
  const left = await acquireLock({ ...here, lockRecord }, 'shared')
  assert.deepEqual([...written], [left.lockId])
  assert.deepEqual(seenBefore, [`locks/${other.lockId}`], 'it was written down before it was there')
  await removeLeftLocks(here.storage, [...written, 'f'.repeat(64)])
  assert.deepEqual(await namesIn(here.storage, 'locks'), [`locks/${other.lockId}`])

  const kept = await acquireLock(
    { ...here, lockRecord: { ...lockRecord, taking: async () => Promise.reject(new Error('fenced')) } },
    'shared',
  ).catch((error: Error) => error.message)
  assert.equal(kept, 'fenced', 'what cannot be written down is not taken')
  assert.deepEqual(await namesIn(here.storage, 'locks'), [`locks/${other.lockId}`])
})

test('a lock that is refreshed has its new name written down, and its old one crossed out', async () => {
  const here = place()
  const written = new Set<string>()
  const lockRecord: LockRecord = { taking: async (id) => void written.add(id), gone: async (id) => void written.delete(id) }
  {
    await using lock = await acquireLock({ ...here, lockRecord }, 'shared')
    const before = lock.lockId
    here.clock.advance(limits.lockRefreshEveryMs)
    await lock.confirm()
    assert.notEqual(lock.lockId, before)
    assert.deepEqual([...written], [lock.lockId])
  }
  assert.deepEqual([...written], [])
})

import assert from 'node:assert/strict'
import { z } from 'zod'
import type { Clock } from '#base/clock.ts'
import { Fault, isFault, messageOf } from '#base/fault.ts'
import { isHexId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import { parse } from '#base/parse.ts'
import { printDuration } from '#base/units.ts'
import type { Storage, StoredFile } from '#engine/storage/storage.ts'
import { loadDocument, sealDocument, type DocumentPlace } from './document.ts'
import { goString } from './go-json.ts'
import { owner } from './owner.ts'
import type { Lease } from './repository.ts'

export type LockKind = 'shared' | 'exclusive'

export interface LockPlace extends DocumentPlace {
  readonly clock: Clock
  readonly lockRecord?: LockRecord | undefined
}

/** Where it is written down which locks are ours, so that whoever takes our work over can remove exactly those. */
export interface LockRecord {
  /** Before the lock is written: from here on it may be there. */
  taking(id: string): Promise<void>
  /** It has been removed. */
  gone(id: string): Promise<void>
}

export interface HeldLock extends Lease, AsyncDisposable {}

/**
 * Takes a lock (design.rst "Locks") and keeps it fresh until its scope ends. REPOSITORY_LOCKED when another one stands in
 * the way. Our own lock is written first and the others are looked for after it, so of two takers at least one sees the other.
 */
export async function acquireLock(place: LockPlace, kind: LockKind, signal?: AbortSignal): Promise<HeldLock> {
  await refuseIfLocked(place, kind, undefined, signal)
  const lock = new OwnLock(place, kind, await writeLock(place, kind, signal))
  try {
    await refuseIfLocked(place, kind, lock.lockId, signal)
  } catch (error) {
    await lock.release()
    throw error
  }
  lock.keepFresh()
  return lock
}

/** A lock as `check` and people see it. */
export interface SeenLock {
  readonly id: string
  readonly kind: LockKind
  readonly ageMs: number
  readonly isStale: boolean
  /** Who took it, as they said. Empty when the file cannot be read. */
  readonly owner: string
}

/** All locks in the storage. One that cannot be read counts as exclusive: nobody knows what it protects. */
export async function listLocks(place: LockPlace, signal?: AbortSignal): Promise<SeenLock[]> {
  const locks: SeenLock[] = []
  for (const { id, ageMs } of await lockFiles(place, signal)) {
    const read = await readLock(place, id, signal)
    if (read) locks.push({ id, ageMs, isStale: ageMs > limits.lockStaleAfterMs, ...read })
  }
  return locks
}

/**
 * Removes exactly these locks: for a job that has fenced off its dead predecessor, whose `LockRecord` named them. One that
 * is not there is fine.
 */
export async function removeLeftLocks(storage: Storage, ids: readonly string[], signal?: AbortSignal): Promise<void> {
  for (const id of ids) {
    assert(isHexId(id), `${id} names no lock`)
    await storage.remove(`locks/${id}`, signal)
  }
}

class OwnLock implements HeldLock {
  readonly #place: LockPlace
  readonly #kind: LockKind
  #id: string
  #refreshing: Promise<void> = Promise.resolve()
  #refreshFault: unknown
  #stopRefreshing: Disposable | undefined

  constructor(place: LockPlace, kind: LockKind, id: string) {
    this.#place = place
    this.#kind = kind
    this.#id = id
  }

  get lockId(): string {
    return this.#id
  }

  keepFresh(): void {
    this.#stopRefreshing = this.#place.clock.every(limits.lockRefreshEveryMs, () => {
      this.#refreshing = this.#refreshing.then(() => this.#refresh())
    })
  }

  /** Also refuses a lock that stands but was not refreshed in time: others may have passed it by already. */
  async confirm(signal?: AbortSignal): Promise<void> {
    await this.#refreshing
    const id = this.#id
    const file = await this.#place.storage.stat(`locks/${id}`, signal)
    if (!file) throw this.#isGone(id)
    const ageMs = ageOf(file, await this.#place.storage.now(signal))
    if (ageMs > limits.lockStaleAfterMs) {
      const fact = `our lock ${id.slice(0, 8)} was not refreshed for ${printDuration(ageMs)}`
      throw new Fault('REPOSITORY_LOCK_LOST', fact, { lock: id, ageMs }, { cause: this.#refreshFault })
    }
    try {
      await loadDocument(this.#place, 'locks', id, signal)
    } catch (error) {
      throw isFault(error, 'STORAGE_NOT_FOUND') ? this.#isGone(id) : error
    }
  }

  #isGone(id: string): Fault {
    return new Fault('REPOSITORY_LOCK_LOST', `our lock ${id.slice(0, 8)} is gone`, { lock: id }, { cause: this.#refreshFault })
  }

  async release(): Promise<void> {
    this.#stopRefreshing?.[Symbol.dispose]()
    await this.#refreshing
    try {
      await this.#place.storage.remove(`locks/${this.#id}`)
      await this.#place.lockRecord?.gone(this.#id)
    } catch (error) {
      if (!isFault(error)) throw error
      // The storage has failed: what the work came to is told, not this. The lock expires by itself.
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release()
  }

  /** The new lock first, then the old one goes: at no moment is there none. */
  async #refresh(): Promise<void> {
    try {
      const { storage, lockRecord } = this.#place
      const old = this.#id
      const file = await storage.stat(`locks/${old}`)
      // A lock that was removed, or that others may have passed by as stale, is not brought back: `confirm` must see it.
      if (!file || ageOf(file, await storage.now()) > limits.lockStaleAfterMs) return
      const renewed = await writeLock(this.#place, this.#kind)
      const isOldThere = (await storage.stat(`locks/${old}`)) !== undefined
      if (isOldThere) this.#id = renewed
      const spare = isOldThere ? old : renewed
      await storage.remove(`locks/${spare}`)
      await lockRecord?.gone(spare)
    } catch (error) {
      // One missed refresh is no harm; when the lock grows too old, `confirm` fails and names this cause.
      this.#refreshFault = error
    }
  }
}

async function writeLock(place: LockPlace, kind: LockKind, signal?: AbortSignal): Promise<string> {
  const { hostname, username, uid, gid } = owner()
  let json = `{"time":"${place.clock.now().toISOString()}","exclusive":${kind === 'exclusive'}`
  json += `,"hostname":${goString(hostname)},"username":${goString(username)},"pid":${process.pid}`
  if (uid > 0) json += `,"uid":${uid}`
  if (gid > 0) json += `,"gid":${gid}`
  const { id, sealed } = sealDocument(place, `${json}}`)
  await place.lockRecord?.taking(id)
  // It is looked at again before anything relies on it (`confirm`).
  await place.storage.put(`locks/${id}`, [sealed], signal)
  return id
}

/**
 * SAFETY rule 26: age is measured between the storage's own times, never by a process id, which means nothing in another
 * container. Stale locks in the way are removed.
 */
async function refuseIfLocked(place: LockPlace, kind: LockKind, ownId: string | undefined, signal?: AbortSignal): Promise<void> {
  for (const { id, ageMs } of await lockFiles(place, signal)) {
    if (id === ownId) continue
    const other = await readLock(place, id, signal)
    if (!other || (kind === 'shared' && other.kind === 'shared')) continue
    if (ageMs > limits.lockStaleAfterMs) {
      await place.storage.remove(`locks/${id}`, signal)
      continue
    }
    const since = `refreshed ${printDuration(Math.max(0, ageMs))} ago`
    throw new Fault(
      'REPOSITORY_LOCKED',
      `the repository has ${other.kind === 'exclusive' ? 'an exclusive' : 'a'} lock by ${other.owner}, ${since}`,
      {
        lock: id,
        kind: other.kind,
        ageMs,
      },
    )
  }
}

async function lockFiles(place: LockPlace, signal?: AbortSignal): Promise<{ id: string; ageMs: number }[]> {
  const files: StoredFile[] = []
  for await (const file of place.storage.list('locks', signal)) files.push(file)
  if (files.length === 0) return []
  const now = await place.storage.now(signal)
  return files.map((file) => ({ id: file.name.slice('locks/'.length), ageMs: ageOf(file, now) })).filter(({ id }) => isHexId(id))
}

function ageOf(file: StoredFile, now: Date): number {
  return now.getTime() - file.modifiedAt.getTime()
}

const schema = z.object({
  exclusive: z.boolean().default(false),
  hostname: z.string().default('?'),
  username: z.string().default('?'),
  pid: z.number().default(0),
})

/** `undefined` when the lock has gone meanwhile. */
async function readLock(place: LockPlace, id: string, signal?: AbortSignal): Promise<{ kind: LockKind; owner: string } | undefined> {
  try {
    const lock = parse(schema, await loadDocument(place, 'locks', id, signal), `lock ${id.slice(0, 8)}`, 'DAMAGE_LOCK')
    return { kind: lock.exclusive ? 'exclusive' : 'shared', owner: `${lock.username} on ${lock.hostname}, process ${lock.pid}` }
  } catch (error) {
    if (isFault(error, 'STORAGE_NOT_FOUND')) return undefined
    // Whatever an unreadable lock protects, it is respected until its age says that its owner is gone.
    if (isFault(error, 'DAMAGE_LOCK')) return { kind: 'exclusive', owner: `an unreadable file (${messageOf(error)})` }
    throw error
  }
}

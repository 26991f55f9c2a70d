import { throwIfCancelled, type Clock } from '#base/clock.ts'
import { durations } from '#base/units.ts'
import type { Random } from '#host/random.ts'
import { openRepository } from '#engine/repository/open.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { openStorage } from '#engine/storage/storages.ts'
import type { Log } from '#service/log.ts'

/** An opened repository for as long as its scope lasts. */
export interface LentRepository extends AsyncDisposable {
  readonly repository: Repository
}

export interface RepositoryAccess {
  readonly id: string
  readonly place: string
  readonly password: () => string
}

/** Keeps a few repositories open: opening one costs a scrypt and the reading of its index. */
export interface OpenRepositories extends AsyncDisposable {
  lend(access: RepositoryAccess, signal: AbortSignal): Promise<LentRepository>
}

/** So many stay open when nobody uses them. */
const idleMax = 4
/** Others write to a repository, too: an index older than this is read again before it is lent. */
const indexAgeMsMax = 2 * durations.second

interface Held {
  readonly opening: Promise<Repository>
  users: number
  refreshedMs: number
  refreshing: Promise<void> | undefined
}

export interface OpenRepositoriesParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export function openRepositories(parts: OpenRepositoriesParts): OpenRepositories {
  // In the order of their last use.
  const held = new Map<string, Held>()
  const close = async (one: Held) => await (await one.opening)[Symbol.asyncDispose]()
  const leave = async (id: string, one: Held) => {
    one.users -= 1
    if (one.users > 0) return
    if (held.get(id) !== one) return await close(one)
    const idle = [...held].filter(([, other]) => other.users === 0)
    for (const [otherId, other] of idle.slice(0, Math.max(0, idle.length - idleMax))) {
      held.delete(otherId)
      await close(other)
    }
  }
  return {
    lend: async (access, signal) => {
      throwIfCancelled(signal)
      const one = held.get(access.id) ?? begin(access, parts)
      held.delete(access.id)
      held.set(access.id, one)
      one.users += 1
      const repository = await openedOrForgotten(held, access.id, one)
      try {
        await refresh(one, repository, parts.clock)
        throwIfCancelled(signal)
      } catch (error) {
        await leave(access.id, one)
        throw error
      }
      return { repository, [Symbol.asyncDispose]: () => leave(access.id, one) }
    },
    [Symbol.asyncDispose]: async () => {
      const all = [...held.values()]
      held.clear()
      for (const one of all) await close(one)
    },
  }
}

/** What could not be opened is opened anew by the next who asks. */
async function openedOrForgotten(held: Map<string, Held>, id: string, one: Held): Promise<Repository> {
  try {
    return await one.opening
  } catch (error) {
    if (held.get(id) === one) held.delete(id)
    throw error
  }
}

function begin({ id, place, password }: RepositoryAccess, { clock, random, log }: OpenRepositoriesParts): Held {
  const onDamagedIndex = (fault: Error) => log.warn({ repository: id, fact: fault.message }, 'an index file is damaged')
  // Not with the signal of whoever asks first: others wait for it, too.
  const opening = openRepository(openStorage(place, clock, random), password(), { clock, random, onDamagedIndex })
  return { opening, users: 0, refreshedMs: clock.monotonicMs(), refreshing: undefined }
}

async function refresh(one: Held, repository: Repository, clock: Clock): Promise<void> {
  if (clock.monotonicMs() - one.refreshedMs < indexAgeMsMax) return
  one.refreshing ??= repository.refreshIndex().then(
    () => {
      one.refreshedMs = clock.monotonicMs()
      one.refreshing = undefined
    },
    (error: unknown) => {
      one.refreshing = undefined
      throw error
    },
  )
  await one.refreshing
}

import type { FastifyInstance } from 'fastify'
import { messageOf } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { durations } from '#base/units.ts'
import type { SignedCheckpoint } from '#engine/repository/checkpoints.ts'
import { signedWith } from '#engine/repository/proof-key.ts'
import { everything } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { repositoriesWithoutCopy } from './copies.store.ts'
import { insertCheckpoint, lastCheckpoint, lockEnd, setHandedOver } from './trail.store.ts'

/** So often it is asked whether a checkpoint is due. */
const lookEveryMs = 1 * durations.minute

/** Signs what the trail is by now. Undefined when nothing happened since the last time. */
export async function signCheckpoint({ catalog, clock, trail }: House, isDue: IsDue = always): Promise<SignedCheckpoint | undefined> {
  return await catalog.as(everything, async (tx) => {
    const end = await lockEnd(tx)
    const last = await lastCheckpoint(tx)
    const now = clock.now()
    if (end.seq === (last?.seq ?? 0)) return undefined
    if (!end.isHandingOver && !isDue({ events: end.seq - (last?.seq ?? 0), sinceMs: last ? now.getTime() - last.at.getTime() : Infinity }))
      return undefined
    // The key before vouches for the event that names the new one.
    const key = trail.signing(end.isHandingOver ? end.generation - 1 : end.generation)
    const { installation } = trail
    const { seq, hash } = end
    const checkpoint = signedWith(key, { kind: 'audit-checkpoint', format: 1, installation, seq, hash, at: now.toISOString() } as const)
    await insertCheckpoint(tx, checkpoint)
    if (end.isHandingOver) await setHandedOver(tx)
    return checkpoint
  })
}

type IsDue = (since: { readonly events: number; readonly sinceMs: number }) => boolean

const always: IsDue = () => true

/** A clock that was set back does not put it off. */
const inTurn: IsDue = ({ events, sinceMs }) => events >= limits.auditCheckpointEvents || Math.abs(sinceMs) >= limits.auditCheckpointEveryMs

/** A copy into each repository that has none of the newest checkpoint, once an hour at most. */
export async function enqueueCopies({ catalog, clock, queue }: House): Promise<void> {
  await catalog.as(everything, async (tx) => {
    // One process at a time, as for checkpoints.
    await lockEnd(tx)
    if (!(await lastCheckpoint(tx))) return
    const before = new Date(clock.now().getTime() - limits.auditCheckpointEveryMs)
    for (const { id, tenant_id: tenantId, name } of await repositoriesWithoutCopy(tx, before))
      await queue.add(tx, {
        kind: 'audit-copy',
        tenantId,
        systemId: null,
        repositoryId: id,
        subjectId: null,
        title: `The trail's checkpoint into ${name}`,
        order: {},
        createdBy: { id: null, name: 'Integrum' },
        lane: id,
      })
  })
}

/** As long as the service runs. Several processes may do it at once: the head of the trail is locked by one of them. */
export function keepCheckpoints(app: FastifyInstance, house: House): void {
  let looking: Promise<void> | undefined
  const look = async () => {
    try {
      await signCheckpoint(house, inTurn)
      await enqueueCopies(house)
    } catch (error) {
      // The next look makes up for it.
      house.log.error({ fact: messageOf(error) }, 'no checkpoint of the trail could be signed')
    }
    looking = undefined
  }
  const ticker = house.clock.every(lookEveryMs, () => {
    looking ??= look()
  })
  app.addHook('onClose', async () => {
    ticker[Symbol.dispose]()
    await looking
  })
}

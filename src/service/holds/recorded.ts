import { durations } from '#base/units.ts'
import { holdRecordsAmong, holdsInForce, type NewHoldRecord } from '#engine/repository/hold-records.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { recordSystemEvent } from '#service/audit/audit.ts'
import { everything, within } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import type { StoredHold } from './holds.store.ts'
import { enterHold, lockUnrecorded, systemIdNamed } from './recorded.store.ts'

export const recordingEveryMs = durations.minute
const againAfterMs = durations.hour

/** A job for each repository that does not know of a hold, or of its release, yet: once, however many services look. */
export async function enqueueHoldRecords({ catalog, clock, queue }: House): Promise<number> {
  return await catalog.as(everything, async (tx) => {
    const repositories = await lockUnrecorded(tx, new Date(clock.now().getTime() - againAfterMs))
    for (const { id, tenant_id: tenantId, name } of repositories)
      await queue.add(tx, {
        kind: 'hold-records',
        tenantId,
        systemId: null,
        repositoryId: id,
        subjectId: null,
        title: `legal holds into ${name}`,
        order: {},
        createdBy: { id: null, name: 'Integrum' },
        lane: id,
      })
    return repositories.length
  })
}

/** As they stand in a repository: one of its placing, and one of its release when there was one. */
export function recordsOf(row: StoredHold): NewHoldRecord[] {
  const { id, backup_id: backup, system_name: system, from_at, to_at, reason, reference, released_at } = row
  const about = { id, backup, system, from: from_at?.toISOString() ?? null, to: to_at?.toISOString() ?? null, reason, reference }
  const placed: NewHoldRecord = { ...about, state: 'placed', by: row.placed_by, at: row.placed_at.toISOString() }
  if (released_at === null) return [placed]
  return [placed, { ...about, state: 'released', by: row.released_by ?? '', at: released_at.toISOString() }]
}

/** Into a catalog that is rebuilt: those in force that it does not know. Returns how many. */
export async function enterRecordedHolds(
  house: Pick<House, 'catalog' | 'clock' | 'random' | 'trail'>,
  { repositoryId, tenantId, repository }: { readonly repositoryId: string; readonly tenantId: string; readonly repository: Repository },
  signal: AbortSignal,
): Promise<number> {
  const holds = holdsInForce(holdRecordsAmong(repository, await repository.snapshots(signal)))
  return await house.catalog.as(within(tenantId), async (tx) => {
    const entered: string[] = []
    for (const { id, backup, system, from, to, reason, reference, by, at } of holds) {
      const isNew = await enterHold(tx, {
        id,
        tenant_id: tenantId,
        backup_id: backup,
        system_id: system === null ? null : await systemIdNamed(tx, tenantId, system),
        system_name: system,
        from_at: from === null ? null : new Date(from),
        to_at: to === null ? null : new Date(to),
        reason,
        reference,
        placed_at: new Date(at),
        placed_by: by,
      })
      if (isNew) entered.push(id)
    }
    if (entered.length > 0)
      await recordSystemEvent(tx, house, {
        action: 'holds.found',
        tenantId,
        subject: { kind: 'repository', id: repositoryId },
        facts: { holds: entered },
      })
    return entered.length
  })
}

import type { z } from 'zod'
import { durations } from '#base/units.ts'
import type { RepositoryState } from '#contract/repositories.ts'
import type { readingSchema } from '#contract/verification.ts'
import { raiseAlert, settleAlert } from '#service/alerts/alerts.ts'
import { everything, type Tx } from '#service/catalog/scope.ts'
import type { FaultRecord } from '#service/catalog/tables.ts'
import type { House } from '#service/house.ts'
import type { StoredRepository } from '#service/repositories/repositories.store.ts'
import { currentOf, dueShare, isDoubtOver, nextDue, oldestOf } from './rotation.ts'
import {
  findReading,
  insertLackingReadings,
  lockDueReadings,
  markSharesRead,
  removeOtherShares,
  saveReading,
  saveShare,
  sharesOf,
  updateReading,
  type StoredReading,
} from './verification.store.ts'

const everyDaysDefault = 30
const dueAtOnceMax = 20
/** Of one that could not be reached, was locked, or that somebody cancelled. */
const againAfterMs = durations.hour

/** Begins to read the share whose turn it is of every repository whose time has come: once, however many services look. */
export async function readDueShares(house: House): Promise<number> {
  return await house.catalog.as(everything, async (tx) => {
    const now = house.clock.now()
    await insertLackingReadings(tx, { everyDays: everyDaysDefault, now })
    const due = await lockDueReadings(tx, { now, rowsMax: dueAtOnceMax })
    for (const reading of due) {
      const { repository_id: id, tenant_id: tenantId, every_days: of, name } = reading
      const share = dueShare(await sharesOf(tx, id), of)
      const runId = await house.queue.add(tx, {
        kind: 'repository-check',
        tenantId,
        systemId: null,
        repositoryId: id,
        subjectId: null,
        title: `reading of share ${share} of ${of} of ${name}`,
        order: { depth: 'full', share: { share, of } },
        createdBy: { id: null, name: 'Integrum' },
        lane: id,
      })
      await updateReading(tx, id, { run_id: runId })
    }
    return due.length
  })
}

export interface CheckEnd {
  readonly repository: Pick<StoredRepository, 'id' | 'tenant_id' | 'name'>
  readonly runId: string
  readonly order: { readonly depth: 'quick' | 'full'; readonly share?: { readonly share: number; readonly of: number } | undefined }
  readonly outcome:
    | {
        readonly kind: 'completed'
        readonly output: { readonly state: { readonly lastCheck: NonNullable<RepositoryState['lastCheck']> }; readonly readBytes: number }
      }
    | { readonly kind: 'failed'; readonly fault: FaultRecord }
    | { readonly kind: 'cancelled' }
}

/** What any check found: when which bytes were read, and an alert while something may be damaged. */
export async function noteChecked(house: House, tx: Tx, end: CheckEnd): Promise<void> {
  const { repository, order, outcome } = end
  if (outcome.kind === 'completed') {
    const { isIntact } = outcome.output.state.lastCheck
    if (order.depth === 'full') await noteRead(house, tx, { ...end, isIntact, readBytes: outcome.output.readBytes })
    if (!isIntact) await raiseDamaged(house, tx, { ...end, lastCheck: outcome.output.state.lastCheck })
    else await settleDamaged(house, tx, repository.id)
  } else if (outcome.kind === 'failed' && outcome.fault.code.startsWith('DAMAGE_')) {
    await raiseDamaged(house, tx, { ...end, fault: outcome.fault })
  }
  await noteReadingOver(house, tx, end)
}

async function noteRead(
  house: House,
  tx: Tx,
  { repository, order, isIntact, readBytes }: CheckEnd & { readonly isIntact: boolean; readonly readBytes: number },
): Promise<void> {
  const at = house.clock.now()
  const { share, of } = order.share ?? { share: 1, of: 1 }
  if (!order.share && isIntact) await markSharesRead(tx, repository.id, at)
  await saveShare(tx, {
    repository_id: repository.id,
    tenant_id: repository.tenant_id,
    share,
    shares: of,
    read_at: at,
    read_bytes: readBytes,
    is_intact: isIntact,
  })
}

async function noteReadingOver(house: House, tx: Tx, { repository, runId, outcome }: CheckEnd): Promise<void> {
  const reading = await findReading(tx, repository.id)
  if (reading?.run_id !== runId) return
  const now = house.clock.now()
  const dueAt =
    outcome.kind === 'completed'
      ? nextDue(await sharesOf(tx, repository.id), reading.every_days, now)
      : new Date(now.getTime() + againAfterMs)
  await updateReading(tx, repository.id, { run_id: null, due_at: dueAt })
}

async function raiseDamaged(
  house: House,
  tx: Tx,
  {
    repository,
    lastCheck,
    fault,
  }: CheckEnd & { readonly lastCheck?: NonNullable<RepositoryState['lastCheck']>; readonly fault?: FaultRecord },
): Promise<void> {
  const { id, tenant_id: tenantId, name } = repository
  const codes = fault ? [fault.code] : [...new Set(lastCheck?.findings.map(({ code }) => code))]
  const places = lastCheck ? `in ${lastCheck.findingCount} places` : 'so that it cannot be checked'
  await raiseAlert(house, tx, {
    kind: 'repository-damaged',
    concerns: id,
    tenantId,
    subject: { kind: 'repository', id, name },
    fact: `the repository ${name} is damaged ${places} (${codes.join(', ')})`,
    hint: 'Remove nothing. Look at the disk below it, verify the newest backups to see which are whole, and read docs/guide/damaged-repository.md: on the server, `integrum repository repair` says what can be saved. A check that finds the place whole again settles this.',
    facts: { codes, findingCount: lastCheck?.findingCount ?? 1 },
  })
}

/** The structure was whole just now; so must be every share that was found damaged before. */
async function settleDamaged(house: House, tx: Tx, repositoryId: string): Promise<void> {
  const read = await sharesOf(tx, repositoryId)
  const everyDays = (await findReading(tx, repositoryId))?.every_days ?? 1
  if (!isDoubtOver(read, everyDays)) return
  if (read.some(({ is_intact: isIntact }) => !isIntact)) await removeOtherShares(tx, repositoryId, everyDays)
  await settleAlert(house, tx, { kind: 'repository-damaged', concerns: repositoryId, because: 'a check found it whole' })
}

/** The reading of a repository, with those settings that it has before anybody sets any. */
export async function readingOf(tx: Tx, { id, tenant_id, created_at }: StoredRepository): Promise<StoredReading> {
  const row = await findReading(tx, id)
  if (row) return row
  return {
    repository_id: id,
    tenant_id,
    is_active: true,
    every_days: everyDaysDefault,
    due_at: new Date(created_at.getTime() + durations.day),
    run_id: null,
    changed_at: created_at,
  }
}

export async function setReading(
  house: House,
  tx: Tx,
  { repository, isActive, everyDays }: { readonly repository: StoredRepository; readonly isActive: boolean; readonly everyDays: number },
): Promise<StoredReading> {
  const now = house.clock.now()
  const { due_at: dueAt, ...before } = await readingOf(tx, repository)
  await saveReading(tx, { ...before, due_at: dueAt, is_active: isActive, every_days: everyDays, changed_at: now })
  return await readingOf(tx, repository)
}

export async function readingView(tx: Tx, row: StoredReading): Promise<z.output<typeof readingSchema>> {
  const current = currentOf(await sharesOf(tx, row.repository_id), row.every_days)
  const unread = row.every_days - current.length
  const oldest = unread === 0 ? oldestOf(current) : undefined
  const damaged = current.filter(({ is_intact: isIntact }) => !isIntact).length
  return {
    repositoryId: row.repository_id,
    isActive: row.is_active,
    everyDays: row.every_days,
    dueAt: row.due_at.toISOString(),
    runId: row.run_id,
    shares: current.map(({ share, read_at, read_bytes, is_intact }) => ({
      share,
      readAt: read_at.toISOString(),
      readBytes: read_bytes,
      isIntact: is_intact,
    })),
    unread,
    readSince: oldest?.read_at.toISOString() ?? null,
    inWords: [
      row.is_active ? `Every byte is read within ${row.every_days} days.` : 'Nothing is read again by itself: it is switched off.',
      oldest ? `All of it was read since ${oldest.read_at.toISOString()}.` : `${unread} of ${row.every_days} shares were not read yet.`,
      ...(damaged > 0 ? [`${damaged} shares are DAMAGED.`] : []),
    ].join(' '),
  }
}

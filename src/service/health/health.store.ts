import { sql, type Selectable } from 'kysely'
import { wholeTypes } from '#base/backup-types.ts'
import { systemSettingsSchema } from '#base/settings.ts'
import type { SystemHealth } from '#contract/health.ts'
import { boundsOf } from '#service/catalog/page.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { FaultRecord } from '#service/catalog/tables.ts'
import type { StoredSystem } from '#service/systems/systems.store.ts'
import type { CoverageLookRow } from './health-tables.ts'
import type { GoodBackup, HealthFacts, Recovery } from './protection.ts'

type SystemRow = Pick<StoredSystem, 'id' | 'tenant_id' | 'name' | 'title' | 'created_at'>

/** What is known of one system, with what is only shown. */
export interface KnownSystem {
  readonly system: SystemRow
  readonly facts: HealthFacts
  readonly shown: Pick<SystemHealth, 'lastBackup' | 'lastProvenAt' | 'chain' | 'lastRun' | 'openAlerts' | 'undoUntil' | 'coverage'>
}

export async function countSystems(tx: Tx): Promise<number> {
  const { total } = await tx
    .selectFrom('systems')
    .where('retired_at', 'is', null)
    .select((select) => select.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow()
  return total
}

/** By name; those of the scope, or the one. In a handful of statements, however many there are. */
export async function knownSystems(
  tx: Tx,
  { now, page, id }: { readonly now: Date; readonly page?: { readonly page: number; readonly pageSize: number }; readonly id?: string },
): Promise<KnownSystem[]> {
  let chosen = tx.selectFrom('systems').selectAll().where('retired_at', 'is', null).orderBy('name').orderBy('id')
  if (id !== undefined) chosen = chosen.where('id', '=', id)
  if (page) {
    const { limit, offset } = boundsOf(page)
    chosen = chosen.limit(limit).offset(offset)
  }
  const systems = await chosen.execute()
  if (systems.length === 0) return []
  const ids = systems.map((system) => system.id)
  const parts = {
    good: await newestGood(tx, ids, now),
    last: await lastBackups(tx, ids),
    chains: await chainsOf(tx, ids),
    recoveries: await lastRecoveries(tx, ids),
    alerts: await openAlerts(tx, ids),
    undo: await undoWindows(tx, ids, now),
    looks: await tx.selectFrom('coverage_looks').selectAll().where('system_id', 'in', ids).execute(),
  }
  return systems.map((system) => known(system, parts))
}

interface Parts {
  readonly good: Awaited<ReturnType<typeof newestGood>>
  readonly last: Awaited<ReturnType<typeof lastBackups>>
  readonly chains: Awaited<ReturnType<typeof chainsOf>>
  readonly recoveries: Awaited<ReturnType<typeof lastRecoveries>>
  readonly alerts: Awaited<ReturnType<typeof openAlerts>>
  readonly undo: Awaited<ReturnType<typeof undoWindows>>
  readonly looks: readonly Selectable<CoverageLookRow>[]
}

function known(system: StoredSystem, { good, last, chains, recoveries, alerts, undo, looks }: Parts): KnownSystem {
  const { id, repository_id: repositoryId } = system
  const backup = last.find((row) => row.system_id === id)
  const chain = chains.find((row) => row.system_id === id)
  const open = alerts.filter((row) => row.system_id === id || row.subject_id === repositoryId)
  const look = looks.find((row) => row.system_id === id)
  const { objectives } = systemSettingsSchema.parse(system.settings)
  return {
    system,
    facts: {
      databases: system.databases.map(({ name }) => name),
      roots: system.roots.map(({ name }) => name),
      objectives,
      good: good.filter((row) => row.systemId === id),
      lastBackup: backup ? { name: backup.name, status: backup.status, fault: backup.fault?.fact ?? null } : null,
      oldestAt: chain?.oldest ?? null,
      lastProvenAt: chain?.proven_at ?? null,
      failedStandings: chain?.failed ?? 0,
      missing: chain?.missing ?? 0,
      recovery: recoveries.get(id) ?? null,
      alerts: open.filter(({ kind }) => !judgedHere.has(kind)),
      notCoveredTables: look?.missing.filter(({ kind }) => kind === 'table').map(({ name }) => name) ?? [],
    },
    shown: {
      lastBackup: backup ? { id: backup.id, name: backup.name, status: backup.status, at: backup.created_at.toISOString() } : null,
      lastProvenAt: chain?.proven_at?.toISOString() ?? null,
      chain: {
        unverified: chain?.unverified ?? 0,
        intact: chain?.intact ?? 0,
        proven: chain?.proven ?? 0,
        failed: chain?.failed ?? 0,
        missing: chain?.missing ?? 0,
      },
      lastRun: backup && backup.seconds !== null ? runOf(backup, backup.seconds) : null,
      openAlerts: open.length,
      undoUntil: undo.get(id)?.toISOString() ?? null,
      coverage: look ? { at: look.at.toISOString(), missing: [...look.missing], unseen: [...look.unseen] } : null,
    },
  }
}

/** Said by what is judged itself, in the same or better words. */
const judgedHere: ReadonlySet<string> = new Set(['recovery-point-old', 'not-covered', 'backup-failed', 'backup-gaps'])

function runOf(
  { logical, stored }: { readonly logical: number | null; readonly stored: number | null },
  seconds: number,
): NonNullable<SystemHealth['lastRun']> {
  const bytesPerSecond = logical === null || seconds <= 0 ? null : logical / seconds
  return { durationSeconds: seconds, logicalBytes: logical, storedBytes: stored, bytesPerSecond }
}

/** A clock that was set back makes no backup of tomorrow the newest (SAFETY rule 29). */
async function newestGood(tx: Tx, ids: readonly string[], now: Date): Promise<(GoodBackup & { readonly systemId: string })[]> {
  const { rows } = await sql<{
    id: string
    system_id: string
    started: Date
    gap_count: number
    logical: number | null
    databases: string[] | null
    roots: string[] | null
  }>`
    with newest as (
      select distinct on (system_id, type) id from backups
      where system_id = any (${ids}::uuid[]) and status in ('completed', 'completed_with_gaps') and purpose = 'regular'
        and type = any (${[...wholeTypes]}::text[]) and standing <> 'failed' and (anomaly is null or anomaly_verdict = 'accepted')
        and deleted_at is null and removed_at is null and missing_at is null and created_at <= ${now}
      order by system_id, type, created_at desc)
    select id, system_id, coalesce((metadata->'summary'->>'startedAt')::timestamptz, created_at) as started, gap_count, file_size_bytes as logical,
      jsonb_path_query_array(metadata, '$.summary.databases[*].name') as databases,
      jsonb_path_query_array(metadata, '$.summary.roots[*].name') as roots
    from backups where id in (select id from newest)`.execute(tx)
  return rows.map((row) => ({
    id: row.id,
    systemId: row.system_id,
    recoveryPoint: row.started,
    hasGaps: row.gap_count > 0,
    logicalBytes: row.logical,
    databases: row.databases ?? [],
    roots: row.roots ?? [],
  }))
}

async function lastBackups(tx: Tx, ids: readonly string[]) {
  const { rows } = await sql<{
    id: string
    system_id: string
    name: string
    status: string
    fault: FaultRecord | null
    created_at: Date
    logical: number | null
    stored: number | null
    seconds: number | null
  }>`
    select distinct on (backups.system_id) backups.id, backups.system_id, name, backups.status, backups.fault, backups.created_at,
      file_size_bytes as logical, file_size_compressed as stored,
      extract(epoch from runs.ended_at - runs.started_at)::double precision as seconds
    from backups left join runs on runs.id = backups.run_id
    where backups.system_id = any (${ids}::uuid[]) and purpose = 'regular' and backups.status not in ('pending', 'in_progress', 'cancelled')
      and backups.type = any (${[...wholeTypes]}::text[])
    order by backups.system_id, backups.created_at desc`.execute(tx)
  return rows
}

async function chainsOf(tx: Tx, ids: readonly string[]) {
  const { rows } = await sql<{
    system_id: string
    unverified: number
    intact: number
    proven: number
    failed: number
    missing: number
    proven_at: Date | null
    oldest: Date | null
  }>`
    select system_id, min(created_at) as oldest, max(standing_at) filter (where standing = 'proven') as proven_at,
      count(*) filter (where standing = 'unverified' and missing_at is null) as unverified,
      count(*) filter (where standing = 'intact' and missing_at is null) as intact,
      count(*) filter (where standing = 'proven' and missing_at is null) as proven,
      count(*) filter (where standing = 'failed' and missing_at is null) as failed,
      count(*) filter (where missing_at is not null) as missing
    from backups
    where system_id = any (${ids}::uuid[]) and status in ('completed', 'completed_with_gaps') and deleted_at is null and removed_at is null
      and type = any (${[...wholeTypes]}::text[])
    group by system_id`.execute(tx)
  return rows
}

/** A restore that was carried out, or a drill that stopped at Verified: whichever was later. */
async function lastRecoveries(tx: Tx, ids: readonly string[]): Promise<Map<string, Recovery>> {
  const { rows } = await sql<{ system_id: string; measured_by: Recovery['by']; at: Date; seconds: number; logical: number | null }>`
    with recoveries as (
      select system_id, backup_id, 'restore' as measured_by, completed_at as at,
        extract(epoch from completed_at - started_at)::double precision as seconds
      from restore_operations
      where kind = 'restore' and status in ('completed', 'completed_with_gaps') and started_at is not null and completed_at is not null
      union all
      select system_id, backup_id, 'drill', ended_at, restored_in_ms / 1000.0 from drills
      where outcome = 'proven' and restored_in_ms is not null and ended_at is not null)
    select distinct on (recoveries.system_id) recoveries.system_id, measured_by, at, seconds, backups.file_size_bytes as logical
    from recoveries join backups on backups.id = recoveries.backup_id
    where recoveries.system_id = any (${ids}::uuid[])
    order by recoveries.system_id, at desc`.execute(tx)
  return new Map(
    rows.map(({ system_id: id, measured_by: by, at, seconds, logical }) => [
      id,
      { by, at, durationMs: seconds * 1000, logicalBytes: logical },
    ]),
  )
}

async function openAlerts(tx: Tx, ids: readonly string[]) {
  return await tx
    .selectFrom('alerts')
    .select(['system_id', 'subject_id', 'kind', 'severity', 'fact', 'hint'])
    .where('settled_at', 'is', null)
    .where((where) =>
      where.or([
        where('system_id', 'in', [...ids]),
        where('subject_id', 'in', (select) =>
          select
            .selectFrom('systems')
            .select(sql<string>`repository_id::text`.as('id'))
            .where('id', 'in', [...ids]),
        ),
      ]),
    )
    .execute()
}

async function undoWindows(tx: Tx, ids: readonly string[], now: Date): Promise<Map<string, Date>> {
  const rows = await tx
    .selectFrom('restore_operations')
    .select((select) => ['system_id', select.fn.max('undo_until').as('until')])
    .where('system_id', 'in', [...ids])
    .where('undo_until', '>', now)
    .where('undone_at', 'is', null)
    .where('released_at', 'is', null)
    .groupBy('system_id')
    .execute()
  return new Map(rows.map(({ system_id: id, until }) => [id!, until!]))
}

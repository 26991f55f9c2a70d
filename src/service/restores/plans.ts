import type { z } from 'zod'
import { Fault } from '#base/fault.ts'
import { defaultSettings } from '#base/settings.ts'
import { durations } from '#base/units.ts'
import { recordPlanSchema } from '#contract/records.ts'
import { planSummarySchema, type PlanView, type PreviewRequest } from '#contract/restores.ts'
import { parseDatabaseUrl, type DatabaseTarget } from '#engine/sources/postgres/target.ts'
import { knownBackup } from '#service/backups/backups.ts'
import type { StoredBackup } from '#service/backups/backups.store.ts'
import type { Scope, Tx } from '#service/catalog/scope.ts'
import type { FaultRecord } from '#service/catalog/tables.ts'
import type { House } from '#service/house.ts'
import type { DatabasePassword, Outcome, Prepared } from '#service/jobs/job-kind.ts'
import type { RestorePreviewInput, restorePreviewOutputSchema, WantedParts } from '#service/jobs/work/restore-preview.work.ts'
import { knownRepository, repositorySecrets } from '#service/repositories/repositories.ts'
import { assertFreeDirectories } from '#service/systems/draft.ts'
import { activeSystem, knownSystem, systemSources, targetOf } from '#service/systems/systems.ts'
import { keptPasswords, keptRecords, keptWhole, type StoredRequest } from './plan-requests.ts'
import { findPlan, insertPlan, needsSecondApprover, updatePlan, type StoredPlan } from './restores.store.ts'

/** How long somebody may think about it. What it was made from is looked at again before anything happens. */
export const planAgeMsMax = 24 * durations.hour

export async function knownPlan(tx: Tx, id: string): Promise<StoredPlan> {
  const row = await findPlan(tx, id)
  if (!row) throw new Fault('NOT_FOUND', `there is no plan ${id}`)
  return row
}

/** A backup that is there and whole enough to be restored from. */
export async function restorableBackup(tx: Tx, id: string): Promise<StoredBackup> {
  const backup = await knownBackup(tx, id)
  if (backup.deleted_at !== null || backup.removed_at !== null || backup.missing_at !== null)
    throw new Fault('BACKUP_DELETED', `backup ${backup.name} was deleted, or is not in its repository any more`)
  if (backup.status !== 'completed' && backup.status !== 'completed_with_gaps')
    throw new Fault('BACKUP_NOT_READY', `backup ${backup.name} is ${backup.status.replaceAll('_', ' ')}`, { status: backup.status })
  return backup
}

/** Outside a transaction: places that are named must be nobody else's. */
export async function assertPlaces(house: House, scope: Scope, request: PreviewRequest): Promise<void> {
  for (const [index, { name, url }] of (request.databases ?? []).entries()) if (url !== undefined) targetOf({ name, url }, index)
  const roots = (request.roots ?? []).flatMap(({ name, path }) => (path === undefined ? [] : [{ name, path }]))
  if (roots.length === 0) return
  const repository = await house.catalog.as(scope, async (tx) =>
    knownRepository(tx, (await knownBackup(tx, request.backupId)).repository_id),
  )
  await assertFreeDirectories(house, { tenantId: repository.tenant_id, roots, repository })
}

export interface Planner {
  readonly id: string | null
  readonly name: string
}

export interface BegunPlan {
  readonly id: string
  readonly systemId: string | null
  readonly systemName: string
  readonly tenantId: string
}

/** The plan's row and the job that makes it. */
export async function beginPlan(
  house: House,
  tx: Tx,
  { request, by }: { readonly request: PreviewRequest; readonly by: Planner },
): Promise<{ readonly plan: BegunPlan; readonly runId: string }> {
  const backup = await restorableBackup(tx, request.backupId)
  if (backup.system_id !== null) await activeSystem(tx, backup.system_id)
  else if (request.scope === 'records')
    throw new Fault('INPUT_INVALID', `backup ${backup.name} is of no system here, so its records have nowhere to go`, { field: 'backupId' })
  const id = house.random.uuid()
  const extent = request.scope === 'records' ? 'records' : 'whole'
  await insertPlan(tx, {
    id,
    extent,
    tenant_id: backup.tenant_id,
    system_id: backup.system_id,
    system_name: backup.system_name,
    backup_id: backup.id,
    repository_id: backup.repository_id,
    ...(extent === 'records' ? keptRecords(house, id, request) : keptWhole(house, id, request)),
    created_by: by.name,
    created_by_id: by.id,
    created_at: house.clock.now(),
  })
  const runId = await house.queue.add(tx, {
    kind: extent === 'records' ? 'records-preview' : 'restore-preview',
    tenantId: backup.tenant_id,
    systemId: backup.system_id,
    repositoryId: backup.repository_id,
    subjectId: id,
    title: `plan of a restore of ${extent === 'records' ? 'records of ' : ''}${backup.name}`,
    order: {},
    createdBy: by,
    // It only reads: no job of the system is in its way.
    lane: id,
  })
  await updatePlan(tx, id, { run_id: runId })
  return { plan: { id, systemId: backup.system_id, systemName: backup.system_name, tenantId: backup.tenant_id }, runId }
}

/** What the planning child is handed. */
export async function preparedPlan(house: House, tx: Tx, plan: StoredPlan): Promise<Prepared<RestorePreviewInput>> {
  const request = plan.request as StoredRequest
  if (request.scope === 'records')
    throw new Fault('INPUT_INVALID', 'a plan of single records is looked at by making it again', { field: 'planId' })
  const own = await ownPlaces(house, tx, plan.system_id)
  const { wanted, passwords } = wantedOf(house, plan, { ...request, scope: request.scope })
  return {
    input: {
      planId: plan.id,
      backupId: plan.backup_id,
      repository: repositorySecrets(house, await knownRepository(tx, plan.repository_id)),
      wanted,
      own: { databases: own.databases, roots: own.roots, settings: isElsewhere(wanted) ? { ...own.settings, hooks: {} } : own.settings },
    },
    databasePasswords: [...passwords, ...own.databasePasswords],
  }
}

/** The same for a backup as a whole, to where its system has its parts now. */
export async function preparedBackup(house: House, tx: Tx, backup: StoredBackup): Promise<Prepared<RestorePreviewInput>> {
  const { databasePasswords, ...own } = await ownPlaces(house, tx, backup.system_id)
  return {
    input: {
      planId: house.random.uuid(),
      backupId: backup.id,
      repository: repositorySecrets(house, await knownRepository(tx, backup.repository_id)),
      wanted: { scope: 'full', databases: null, roots: null, tables: null, roles: [], lossRowsMax: null },
      own,
    },
    databasePasswords,
  }
}

/** A copy beside leaves the application alone: it is not stopped for it. */
function isElsewhere({ databases, roots }: WantedParts): boolean {
  const places = [...(databases ?? []).map(({ target }) => target), ...(roots ?? []).map(({ path }) => path)]
  return places.length > 0 && places.every((place) => place !== null)
}

/** A backup that was imported is of no system: then every place is named. */
async function ownPlaces(house: House, tx: Tx, systemId: string | null) {
  if (systemId !== null) return await systemSources(house, tx, await knownSystem(tx, systemId))
  return { databases: [], roots: [], settings: defaultSettings, databasePasswords: [] }
}

interface WholeRequest extends Omit<StoredRequest, 'scope'> {
  readonly scope: WantedParts['scope']
}

function wantedOf(house: House, plan: StoredPlan, request: WholeRequest): { wanted: WantedParts; passwords: DatabasePassword[] } {
  const databases = request.databases?.map(({ name, url, freeBytes }) => ({
    name,
    target: url === undefined ? null : parseDatabaseUrl(name, url, {}),
    freeBytes: freeBytes ?? null,
  }))
  return {
    wanted: {
      scope: request.scope,
      databases: databases ?? null,
      roots: request.roots?.map(({ name, path }) => ({ name, path: path ?? null })) ?? null,
      tables: request.tables ?? null,
      roles: request.roles,
      lossRowsMax: request.lossRowsMax ?? null,
    },
    passwords: passwordsOf(house, plan, databases ?? []),
  }
}

function passwordsOf(
  house: House,
  plan: StoredPlan,
  databases: readonly { readonly name: string; readonly target: DatabaseTarget | null }[],
): DatabasePassword[] {
  const passwords = keptPasswords(house, plan)
  return databases.flatMap(({ name, target }) => {
    const password = passwords[name]
    return target === null || password === undefined
      ? []
      : [{ host: target.host, port: target.port, database: '*', user: target.user, password }]
  })
}

/** Of everything that this plan may touch, for whoever carries it out, undoes it or lets it go. */
export async function databasePasswordsOf(house: House, tx: Tx, plan: StoredPlan): Promise<DatabasePassword[]> {
  const own = await ownPlaces(house, tx, plan.system_id)
  if (plan.extent === 'records') return [...own.databasePasswords]
  const { passwords } = wantedOf(house, plan, plan.request as WholeRequest)
  return [...passwords, ...own.databasePasswords]
}

export async function settlePlan(
  house: House,
  tx: Tx,
  { id, outcome }: { readonly id: string; readonly outcome: Outcome<z.infer<typeof restorePreviewOutputSchema>> },
): Promise<void> {
  if (outcome.kind === 'completed') {
    const { document, digest, summary } = outcome.output
    const expiresAt = new Date(house.clock.now().getTime() + planAgeMsMax)
    await updatePlan(tx, id, { status: 'ready', document, digest, summary: JSON.stringify(summary), expires_at: expiresAt })
    return
  }
  await updatePlan(tx, id, { status: 'failed', fault: JSON.stringify(failureOf(outcome)) })
}

export function failureOf(outcome: Exclude<Outcome<never>, { readonly kind: 'completed' }>): FaultRecord {
  return outcome.kind === 'failed' ? outcome.fault : { code: 'CANCELLED', fact: `cancelled by ${outcome.by}`, hint: 'Plan again.' }
}

export async function planView(tx: Tx, row: StoredPlan): Promise<PlanView> {
  return {
    id: row.id,
    extent: row.extent,
    tenantId: row.tenant_id,
    systemId: row.system_id,
    systemName: row.system_name,
    backupId: row.backup_id,
    status: row.status,
    runId: row.run_id,
    digest: row.digest,
    summary: row.extent === 'whole' ? planSummarySchema.nullable().parse(row.summary) : null,
    records: row.extent === 'records' ? recordPlanSchema.nullable().parse(row.summary) : null,
    fault: row.fault,
    requiresSecondApprover: await needsSecondApprover(tx, row.system_id),
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
    usedAt: row.used_at?.toISOString() ?? null,
  }
}

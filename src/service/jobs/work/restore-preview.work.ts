import { z } from 'zod'
import { systemClock } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { SystemSettings } from '#base/settings.ts'
import { systemRandom } from '#host/random.ts'
import { planSummarySchema, type PlanSummary } from '#contract/restores.ts'
import { findBackup, openBackup, type OpenedBackup } from '#engine/backup/backups.ts'
import { makePlan } from '#engine/restore/make-plan.ts'
import type { RestoreOrder } from '#engine/restore/order.ts'
import { printPlan, type RestorePlan } from '#engine/restore/plan.ts'
import type { RoleChoice } from '#engine/sources/postgres/roles.ts'
import { printDatabaseUrl, type DatabaseTarget } from '#engine/sources/postgres/target.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'
import { jobRepository, type RepositoryPlace } from './job-repository.ts'

/** What is wanted and where it goes; null for a place that the system itself has. */
export interface WantedParts {
  readonly scope: 'full' | 'database' | 'files'
  readonly databases: readonly { readonly name: string; readonly target: DatabaseTarget | null; readonly freeBytes: number | null }[] | null
  readonly roots: readonly { readonly name: string; readonly path: string | null }[] | null
  readonly tables: readonly string[] | null
  readonly roles: readonly RoleChoice[]
  readonly lossRowsMax: number | null
}

/** The places of the system now, by name. */
export interface OwnPlaces {
  readonly databases: readonly { readonly name: string; readonly target: DatabaseTarget }[]
  readonly roots: readonly { readonly name: string; readonly path: string }[]
  readonly settings: SystemSettings
}

export interface RestorePreviewInput {
  readonly planId: string
  readonly backupId: string
  readonly repository: RepositoryPlace
  readonly wanted: WantedParts
  readonly own: OwnPlaces
}

export const restorePreviewOutputSchema = z.object({ document: z.string(), digest: z.string(), summary: planSummarySchema })

export async function work(input: RestorePreviewInput, tools: WorkTools): Promise<z.infer<typeof restorePreviewOutputSchema>> {
  const { signal, log, onProgress } = tools
  await using repository = await jobRepository(input.repository, tools, {
    onDamagedIndex: (fault) => log(`${fault.message}: what only it names cannot be read`, 'warning'),
  })
  onProgress({ stage: 'plan' })
  const found = await findBackup(repository, input.backupId, { now: systemClock.now() }, signal)
  const order = { ...orderFor(await openBackup(repository, found, signal), input), id: input.planId }
  const plan = await makePlan(repository, order, { clock: systemClock, random: systemRandom }, signal)
  return { document: printPlan(plan), digest: plan.digest, summary: summaryOf(plan) }
}

/** Where a part goes that is wanted: where somebody said, else where the system has it now. Never where the backup says. */
export function orderFor(opened: OpenedBackup, { wanted, own }: Pick<RestorePreviewInput, 'wanted' | 'own'>): RestoreOrder {
  const { manifest } = opened
  const isNamed = wanted.databases !== null || wanted.roots !== null
  const all = <Section extends { readonly name: string }>(sections: readonly Section[]) =>
    isNamed ? [] : sections.map(({ name }) => ({ name }))
  const databases: WantedParts['databases'] =
    wanted.databases ?? all(manifest.databases).map(({ name }) => ({ name, target: null, freeBytes: null }))
  const roots: WantedParts['roots'] = wanted.roots ?? all(manifest.roots).map(({ name }) => ({ name, path: null }))
  return {
    opened,
    settings: own.settings,
    databases:
      wanted.scope === 'files'
        ? []
        : databases.map(({ name, target, freeBytes }) => ({
            section: sectionOf(manifest.databases, name, 'databases'),
            target: target ?? placeOf(own.databases, name, 'databases').target,
            roles: wanted.roles,
            tables: wanted.tables,
            freeBytes,
          })),
    roots:
      wanted.scope === 'database'
        ? []
        : roots.map(({ name, path }) => ({
            section: sectionOf(manifest.roots, name, 'roots'),
            path: path ?? placeOf(own.roots, name, 'roots').path,
          })),
    lossRowsMax: wanted.lossRowsMax,
  }
}

function sectionOf<Section extends { readonly name: string }>(sections: readonly Section[], name: string, field: string): Section {
  const found = sections.find((one) => one.name === name)
  if (found) return found
  const known = sections.map((one) => one.name).join(', ') || 'nothing'
  throw new Fault('INPUT_INVALID', `the backup has nothing named ${name} among its ${field}; it has ${known}`, { field, name })
}

function placeOf<Place extends { readonly name: string }>(places: readonly Place[], name: string, field: string): Place {
  const found = places.find((one) => one.name === name)
  if (found) return found
  throw new Fault('INPUT_INVALID', `the system has nothing named ${name} among its ${field} now, so say where it goes`, { field, name })
}

const shownMax = 100

function summaryOf(plan: RestorePlan): PlanSummary {
  const listed = (all: readonly string[]) => ({ count: all.length, first: all.slice(0, shownMax) })
  const cut = ({ count, first }: { readonly count: number; readonly first: readonly string[] }) => ({
    count,
    first: first.slice(0, shownMax),
  })
  return {
    backupAt: plan.backupAt,
    backupName: plan.backupName,
    plannedAt: plan.createdAt,
    databases: plan.databases.map(({ name, record, effect, sessions, tables, roles }) => ({
      name,
      place: printDatabaseUrl(record.live),
      exists: record.liveOid !== null,
      rowsInBackup: effect.rowsInBackup,
      rowsNow: effect.rowsNow,
      tablesAdded: listed(effect.added),
      tablesRemoved: listed(effect.removed),
      tablesChanged: { count: effect.changed.length, first: effect.changed.slice(0, shownMax) },
      tablesSame: effect.unchangedCounts,
      tables,
      sessions: sessions.length,
      roles: roles.flatMap((choice) =>
        choice.kind === 'exists' ? [] : [{ kind: choice.kind, role: choice.role, to: choice.kind === 'map' ? choice.to : null }],
      ),
    })),
    roots: plan.roots.map(({ name, record, effect, usedBy }) => ({
      name,
      path: record.path,
      exists: record.live !== null,
      added: cut(effect.added),
      changed: cut(effect.changed),
      removed: cut(effect.removed),
      usedBy: usedBy.slice(0, shownMax),
    })),
    space: plan.space,
    loss: plan.loss,
    lossRowsMax: plan.lossRowsMax,
    warnings: plan.warnings.slice(0, shownMax),
  }
}

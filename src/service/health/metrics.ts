import { protectionStates, type SystemHealth } from '#contract/health.ts'
import type { SpaceView } from '#contract/space.ts'
import { durations } from '#base/units.ts'

/** Names are of their tenant alone. */
type OfTenant<T> = T & { readonly tenant: string }

export interface Measurements {
  readonly version: string
  readonly systems: readonly OfTenant<SystemHealth>[]
  readonly repositories: readonly OfTenant<SpaceView>[]
  /** How many runs are waiting or at work, by status; and how many of the last day failed. */
  readonly jobs: readonly { readonly status: string; readonly count: number }[]
  readonly failedLastDay: number
  readonly alerts: readonly { readonly severity: string; readonly count: number }[]
}

/** One line: labels and a value; null is not known and not shown. */
type Sample = readonly [labels: Readonly<Record<string, string>>, value: number | null]

interface Metric {
  readonly help: string
  readonly samples: (measured: Measurements) => readonly Sample[]
}

const labelsOf = ({ tenant, name }: OfTenant<SystemHealth>) => ({ tenant, system: name })

const ofSystems =
  (value: (system: SystemHealth) => number | null): Metric['samples'] =>
  ({ systems }) =>
    systems.map((system) => [labelsOf(system), value(system)])

const ofRepositories =
  (value: (repository: SpaceView) => number | null): Metric['samples'] =>
  ({ repositories }) =>
    repositories.map((repository) => [{ tenant: repository.tenant, repository: repository.name }, value(repository)])

const seconds = (minutes: number | null) => (minutes === null ? null : (minutes * durations.minute) / durations.second)
const instant = (at: string | null | undefined) => (at ? Date.parse(at) / durations.second : null)

/** THE LIST: every metric there is. A new one is a line here, and a row in docs/guide/health.md. */
export const metrics: Readonly<Record<string, Metric>> = {
  integrum_info: { help: 'Version of the service', samples: ({ version }) => [[{ version }, 1]] },
  integrum_system_state: {
    help: '1 for the state that the system is in: protected, at-risk or unprotected',
    samples: ({ systems }) =>
      systems.flatMap((system) =>
        protectionStates.map((state): Sample => [{ ...labelsOf(system), state }, system.state === state ? 1 : 0]),
      ),
  },
  integrum_system_recovery_point_age_seconds: {
    help: 'Age of the newest data that could be brought back (RPO achieved)',
    samples: ofSystems(({ rpo }) => seconds(rpo.achievedMinutes)),
  },
  integrum_system_recovery_point_objective_seconds: {
    help: 'The recovery point objective, where there is one',
    samples: ofSystems(({ rpo }) => seconds(rpo.objectiveMinutes)),
  },
  integrum_system_recovery_time_seconds: {
    help: 'What the last restore or drill took, at the size of today (RTO achieved)',
    samples: ofSystems(({ rto }) => seconds(rto.projectedMinutes ?? rto.achievedMinutes)),
  },
  integrum_system_recovery_time_objective_seconds: {
    help: 'The recovery time objective, where there is one',
    samples: ofSystems(({ rto }) => seconds(rto.objectiveMinutes)),
  },
  integrum_system_last_backup_timestamp_seconds: {
    help: 'When the last backup was asked for, whatever came of it',
    samples: ofSystems(({ lastBackup }) => instant(lastBackup?.at)),
  },
  integrum_system_last_proven_timestamp_seconds: {
    help: 'When a backup was last proven to be restorable',
    samples: ofSystems(({ lastProvenAt }) => instant(lastProvenAt)),
  },
  integrum_system_backups: {
    help: 'Backups that are there, by standing; missing ones vanished from the repository',
    samples: ({ systems }) =>
      systems.flatMap((system) =>
        Object.entries(system.chain).map(([standing, count]): Sample => [{ ...labelsOf(system), standing }, count]),
      ),
  },
  integrum_system_last_run_duration_seconds: {
    help: 'What the last backup took',
    samples: ofSystems(({ lastRun }) => lastRun?.durationSeconds ?? null),
  },
  integrum_system_last_run_logical_bytes: {
    help: 'Rows and files of the last backup',
    samples: ofSystems(({ lastRun }) => lastRun?.logicalBytes ?? null),
  },
  integrum_system_last_run_stored_bytes: {
    help: 'What the last backup added to its repository',
    samples: ofSystems(({ lastRun }) => lastRun?.storedBytes ?? null),
  },
  integrum_system_not_covered: {
    help: 'Tables that no backup of the system has, and databases on its servers that no system has',
    samples: ({ systems }) =>
      systems.flatMap((system) =>
        system.coverage
          ? (['table', 'database'] as const).map((kind): Sample => [
              { ...labelsOf(system), kind },
              system.coverage!.missing.filter((one) => one.kind === kind).length,
            ])
          : [],
      ),
  },
  integrum_repository_stored_bytes: { help: 'Every file of the repository', samples: ofRepositories(({ storedBytes }) => storedBytes) },
  integrum_repository_free_bytes: {
    help: 'What may still be written, where the storage or a quota tells',
    samples: ofRepositories(({ freeBytes }) => freeBytes),
  },
  integrum_repository_growth_bytes_per_day: {
    help: 'Fitted over the days seen',
    samples: ofRepositories(({ growthBytesPerDay }) => growthBytesPerDay),
  },
  integrum_repository_full_in_days: {
    help: 'Days until it is full at that growth, where it grows',
    samples: ofRepositories(({ forecast }) => forecast.fullInDays),
  },
  integrum_repository_read_bytes_per_second: {
    help: 'How fast its storage was read at the last look',
    samples: ofRepositories(({ readBytesPerSecond }) => readBytesPerSecond),
  },
  integrum_repository_catalog_copy_timestamp_seconds: {
    help: 'When the catalog was last copied into the repository',
    samples: ofRepositories(({ catalogCopyAt }) => instant(catalogCopyAt)),
  },
  integrum_jobs: {
    help: 'Jobs that wait (pending) or go on (in_progress)',
    samples: ({ jobs }) => jobs.map(({ status, count }) => [{ status }, count]),
  },
  integrum_jobs_failed_last_day: {
    help: 'Jobs that failed within the last 24 hours',
    samples: ({ failedLastDay }) => [[{}, failedLastDay]],
  },
  integrum_alerts_open: {
    help: 'Alerts that nobody has settled, by severity',
    samples: ({ alerts }) => alerts.map(({ severity, count }) => [{ severity }, count]),
  },
}

/** Prometheus text format 0.0.4. All of them are gauges: each is what is so now. */
export function printMetrics(measured: Measurements): string {
  return Object.entries(metrics)
    .map(([name, { help, samples }]) => {
      const lines = samples(measured).flatMap(([labels, value]) => (value === null ? [] : [`${name}${printLabels(labels)} ${value}\n`]))
      return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join('')}`
    })
    .join('')
}

function printLabels(labels: Readonly<Record<string, string>>): string {
  const printed = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replace(/[\\"\n]/g, (one) => (one === '\n' ? '\\n' : `\\${one}`))}"`,
  )
  return printed.length === 0 ? '' : `{${printed.join(',')}}`
}

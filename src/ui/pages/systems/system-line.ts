import type { SystemHealth } from '#contract/health.ts'
import type { ScheduleView } from '#contract/schedules.ts'
import type { SystemView } from '#contract/systems.ts'
import { counted } from '#ui/words.ts'

export interface SystemLine {
  readonly system: SystemView
  /** Undefined: not answered yet, or it is retired. */
  readonly health: SystemHealth | undefined
  /** To which all of it could be brought back: of the source that would lose the most. */
  readonly recoveryPoint: string | null
  readonly nextRunAt: string | null
}

/** One system with what the health and the schedules say of it. */
export function lineOf(
  system: SystemView,
  { states, planned }: { readonly states: readonly SystemHealth[] | undefined; readonly planned: readonly ScheduleView[] | undefined },
): SystemLine {
  const health = states?.find(({ id }) => id === system.id)
  const points = health?.sources.map(({ recoveryPoint }) => recoveryPoint) ?? []
  const runs = (planned ?? []).filter(({ systemId }) => systemId === system.id).flatMap(({ nextRunAt }) => nextRunAt ?? [])
  return {
    system,
    health,
    recoveryPoint: points.length === 0 || points.includes(null) ? null : earliest(points as string[]),
    nextRunAt: runs.length === 0 ? null : earliest(runs),
  }
}

function earliest(instants: readonly string[]): string {
  return instants.reduce((first, at) => (new Date(at) < new Date(first) ? at : first))
}

export function printSources({ databases, roots }: Pick<SystemView, 'databases' | 'roots'>): string {
  return [
    ...(databases.length > 0 ? [counted(databases.length, 'database')] : []),
    ...(roots.length > 0 ? [counted(roots.length, 'directory', 'directories')] : []),
  ].join(', ')
}

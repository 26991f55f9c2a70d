import type { SystemSettings } from '#base/settings.ts'
import { Fault } from '#base/fault.ts'
import { printCounted } from '#base/units.ts'
import { processesUsing } from '#engine/sources/files/open-by.ts'
import type { RootSection } from '#engine/sources/files/root-section.ts'
import { compareRoot, surveyRoot } from '#engine/sources/files/survey.ts'
import { planRoot } from '#engine/sources/files/swap.ts'
import type { StoredSource } from '#engine/sources/source.ts'
import { withMargin, type Findings } from './findings.ts'
import type { PlannedRoot } from './plan.ts'

export interface RootOrder {
  readonly section: RootSection
  readonly path: string
  /** Twelve hex digits of the staging and kept directories. */
  readonly hex: string
  readonly stored: StoredSource
  readonly settings: SystemSettings
  /** What an earlier plan found by comparing every file: counts are no part of a plan's digest (DECISIONS "Stale plan"). */
  readonly effect: PlannedRoot['effect'] | undefined
}

/** Looks at one target directory and says what a restore would do to it. Reads only. */
export async function planRootRestore(order: RootOrder, signal: AbortSignal): Promise<Findings<PlannedRoot>> {
  const { section, path, hex, stored, settings } = order
  const survey = await surveyRoot(path, signal)
  const record = await planRoot({ name: section.name, path, hex })
  const effect = order.effect ?? (await compareRoot(path, stored, signal))
  const users = survey.exists ? await processesUsing(path) : []
  const usedBy = users.map(({ pid, command, how }) => `${command} (${pid}): ${how}`)
  assertMaySwap(order, usedBy, record.method)
  const { removed, changed } = effect
  return {
    planned: { name: section.name, record, effect, usedBy },
    space: [{ place: path, deviceId: survey.deviceId, neededBytes: withMargin(section.bytes), freeBytes: survey.freeBytes }],
    loss: survey.exists
      ? [
          ...(removed.count > 0 ? [`${section.name}: ${printCounted(removed.count, 'file is', 'files are')} not in the backup`] : []),
          ...(changed.count > 0
            ? [`${section.name}: ${printCounted(changed.count, 'file is', 'files are')} other than in the backup`]
            : []),
        ]
      : [],
    warnings: [
      ...section.exactness.map(({ what, why }) => `${section.name}: ${what}: ${why}`),
      ...(record.method === 'exchange'
        ? []
        : [`${section.name}: ${path} cannot be exchanged in one step (not atomic); the application must be stopped`]),
      ...(usedBy.length > 0 && settings.hooks.beforeSwap
        ? [`${section.name}: in use by ${usedBy.slice(0, 10).join('; ')}; the hooks stop them`]
        : []),
    ],
  }
}

/**
 * SAFETY rules 5 and 6: whoever has the directory open, or has it mounted elsewhere, would go on writing into the old
 * tree. Then somebody must be told to stop and start it.
 */
function assertMaySwap({ section, path, settings }: RootOrder, usedBy: readonly string[], method: PlannedRoot['record']['method']): void {
  const { beforeSwap, afterSwap } = settings.hooks
  if (beforeSwap && afterSwap) return
  if (settings.containerisedRoots.includes(section.name)) {
    throw new Fault('ROOT_IN_USE', `root ${section.name} is in containers, and the settings have no hooks that stop and start them`, {
      root: section.name,
    })
  }
  const [first] = usedBy
  if (first === undefined) return
  const more = usedBy.length > 1 ? ` and ${usedBy.length - 1} more` : ''
  throw new Fault('ROOT_IN_USE', `${path} is in use by ${first}${more}`, { root: section.name, count: usedBy.length, method })
}

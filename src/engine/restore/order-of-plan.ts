import { Fault } from '#base/fault.ts'
import { foreignSystem } from '#engine/backup/foreign.ts'
import { openWanted } from '#engine/backup/open-wanted.ts'
import type { Repository } from '#engine/repository/repository.ts'
import type { RestoreOrder } from './order.ts'
import type { RestorePlan } from './plan.ts'

/** What the plan was made from, read from the repository again: the backup may have gone or changed since. */
export async function orderOfPlan(
  repository: Repository,
  plan: RestorePlan,
  { now, signal }: { readonly now: Date; readonly signal: AbortSignal },
): Promise<RestoreOrder> {
  const isForeign = plan.system === foreignSystem
  const opened = await openWanted(
    repository,
    {
      backup: isForeign ? plan.snapshot : plan.backup,
      system: isForeign ? foreignSystem : undefined,
      now: now,
      foreignRoot: plan.roots[0]?.name,
    },
    signal,
  )
  if (opened.checksum !== plan.manifestChecksum) {
    throw new Fault('PLAN_STALE', `the manifest of backup ${plan.backup} is not the one that the plan was made from`, {
      backup: plan.backup,
    })
  }
  const section = <Section extends { readonly name: string }>(sections: readonly Section[], name: string): Section => {
    const found = sections.find((one) => one.name === name)
    if (!found) throw new Fault('PLAN_INVALID', `the backup has nothing named ${name}`, { name })
    return found
  }
  return {
    opened,
    settings: plan.settings,
    databases: plan.databases.map(({ name, record, roles, tables, statedFreeBytes }) => ({
      section: section(opened.manifest.databases, name),
      target: record.live,
      roles,
      tables,
      freeBytes: statedFreeBytes,
    })),
    roots: plan.roots.map(({ name, record }) => ({ section: section(opened.manifest.roots, name), path: record.path })),
    lossRowsMax: plan.lossRowsMax,
    masks: plan.masks,
  }
}

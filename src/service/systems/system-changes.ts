import type { StoredSystem } from './systems.store.ts'

/** What of a system the trail holds: everything that was chosen, and no secret. */
export function summaryOf(row: StoredSystem): Record<string, unknown> {
  return {
    name: row.name,
    title: row.title,
    description: row.description,
    repositoryId: row.repository_id,
    databases: row.databases,
    roots: row.roots,
    settings: row.settings,
    requiresSecondApprover: row.requires_second_approver,
  }
}

/** Only what became another. */
export function changesBetween(
  before: StoredSystem,
  after: StoredSystem,
): { readonly before: Record<string, unknown>; readonly after: Record<string, unknown> } {
  const [old, now] = [summaryOf(before), summaryOf(after)]
  const changed = Object.keys(now).filter((name) => JSON.stringify(old[name]) !== JSON.stringify(now[name]))
  const only = (all: Record<string, unknown>) => Object.fromEntries(changed.map((name) => [name, all[name]]))
  return { before: only(old), after: only(now) }
}

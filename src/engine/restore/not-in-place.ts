import { Fault } from '#base/fault.ts'
import type { DatabaseSection } from '#engine/sources/postgres/database-section.ts'
import type { RestoreOrder } from './order.ts'

/**
 * A masked backup never takes the place of what it was made of: the originals would be gone. By where it was captured, before the
 * target is even looked at; that a database is the original under another address, `assertOtherDatabase` finds. RESTORE_MASKED.
 */
export function assertNotInPlace({ opened, databases, roots }: RestoreOrder): void {
  if (!opened.manifest.sanitization) return
  for (const { section, target } of databases) {
    const { source } = section
    if (target.host === source.host && target.port === source.port && target.database === source.database)
      throw maskedFault(`database ${section.name} would go to where it was captured, ${target.database} on ${target.host}:${target.port}`)
  }
  for (const { section, path } of roots)
    if (section.path === path) throw maskedFault(`files ${section.name} would go to where they were captured, ${path}`)
}

export interface FoundTarget {
  readonly systemIdentifier: string
  /** Null where there is no such database yet. */
  readonly oid: number | null
  readonly database: string
}

/** The same server by its identifier, and there the same database by its number or its name. RESTORE_MASKED. */
export function assertOtherDatabase({ name, systemIdentifier, oid, source }: DatabaseSection, target: FoundTarget): void {
  if (systemIdentifier !== target.systemIdentifier) return
  if (oid !== target.oid && source.database !== target.database) return
  throw maskedFault(`the target of database ${name} is the database that it was captured from, ${target.database}`)
}

function maskedFault(fact: string): Fault {
  return new Fault('RESTORE_MASKED', `the backup is masked, and ${fact}`)
}

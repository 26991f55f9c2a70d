import { Fault } from '#base/fault.ts'
import type { Connection } from '#engine/sources/postgres/connection.ts'
import { findClosure, type Closure, type ClosureRoot } from '#engine/sources/postgres/closure.ts'
import { waysOf, type EntityModel } from './entity-model.ts'

/** One record that people ask for: `study=ABC-123`. */
export interface EntityWish {
  readonly kind: string
  readonly key: string
}

/**
 * Everything that belongs to some entities, and what has to exist for it, in the session's own transaction. Faults: ENTITY_UNKNOWN for
 * a kind or a key that is not there, and those of `findClosure`.
 */
export async function closureOf(connection: Connection, model: EntityModel, wishes: readonly EntityWish[]): Promise<Closure> {
  return await findClosure(connection, rootsOf(model, wishes), waysOf(model))
}

/** Where the closure of each begins. ENTITY_UNKNOWN for a kind that is not there. */
export function rootsOf(model: EntityModel, wishes: readonly EntityWish[]): ClosureRoot[] {
  return wishes.map(({ kind, key }) => {
    const found = model.kinds.find(({ name }) => name === kind)
    if (found) return { table: found.table, column: found.key, value: key }
    const known = model.kinds.map(({ name }) => name).join(', ') || 'none'
    throw new Fault('ENTITY_UNKNOWN', `there is no kind ${kind} in this database (known: ${known})`, { kind })
  })
}

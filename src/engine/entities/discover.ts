import type { EntityModelSettings } from '#base/settings.ts'
import type { Connection } from '#engine/sources/postgres/connection.ts'
import { readReferenceGraph, type GraphReference, type GraphTable, type ReferenceGraph } from '#engine/sources/postgres/reference-graph.ts'
import { entityModelOf, type EntityModel } from './entity-model.ts'
import { printTable, warningsOf, type GraphWarning } from './ownership.ts'

export interface Discovered {
  readonly model: EntityModel
  readonly tables: readonly GraphTable[]
  readonly references: readonly GraphReference[]
  /** What nothing covers, or what will take longer. */
  readonly warnings: readonly GraphWarning[]
}

/**
 * What the entities of a database are: as the settings say, and as its keys suggest where they say nothing. Reads the catalog
 * alone. `source` is the name of the database in the system. Fault: ENTITY_MODEL for settings that name what is not there.
 */
export async function discover(connection: Connection, settings: EntityModelSettings, source?: string): Promise<Discovered> {
  return discoverIn(await readReferenceGraph(connection), settings, source)
}

/** The same of a graph that was read already. */
export function discoverIn(graph: ReferenceGraph, settings: EntityModelSettings, source?: string): Discovered {
  const model = entityModelOf(graph, settings, source)
  const covered = new Set(model.edges.filter(({ kind }) => kind !== 'foreign-key').map(({ child }) => printTable(child)))
  return { model, ...graph, warnings: warningsOf(graph).filter(({ kind, table }) => kind !== 'polymorphic' || !covered.has(table)) }
}

import type { z } from 'zod'
import type { records } from '#contract/records.ts'
import { connect } from '#engine/sources/postgres/connection.ts'
import { inOneView } from '#engine/sources/postgres/reading-session.ts'
import { readReferenceGraph } from '#engine/sources/postgres/reference-graph.ts'
import type { DatabaseTarget } from '#engine/sources/postgres/target.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'

export interface RecordTablesInput {
  readonly databases: readonly { readonly name: string; readonly target: DatabaseTarget }[]
}

export type LiveTable = z.output<typeof records.tables.reply>['rows'][number]

/** The names of the tables of each database, as the catalog has them; no row is read. */
export async function work({ databases }: RecordTablesInput, { signal }: WorkTools): Promise<LiveTable[]> {
  const found: LiveTable[] = []
  for (const { name: database, target } of databases) {
    await using connection = await connect(target, signal)
    const { tables } = await inOneView(connection, () => readReferenceGraph(connection))
    for (const { schema, name: table, rowsEstimate } of tables)
      found.push({ database, schema, table, rowsEstimate: rowsEstimate === null ? null : Math.round(rowsEstimate) })
  }
  return found
}

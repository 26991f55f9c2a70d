import { connect } from './connection.ts'
import { listTables } from './list-tables.ts'
import type { DatabaseTarget } from './target.ts'

/** Names of a table's columns in COPY order, without generated ones; empty when there is no such table. */
export async function listCopyColumns(target: DatabaseTarget, schema: string, table: string, signal?: AbortSignal): Promise<string[]> {
  await using session = await connect(target, signal)
  const found = (await listTables(session)).find((listed) => listed.schema === schema && listed.name === table)
  return (found?.columns ?? []).filter(({ isGenerated }) => !isGenerated).map(({ name }) => name)
}

import type { z } from 'zod'
import type { SystemSettings } from '#base/settings.ts'
import { records } from '#contract/records.ts'
import { discover } from '#engine/entities/discover.ts'
import { noModel } from '#engine/entities/entity-model.ts'
import { printTable } from '#engine/entities/ownership.ts'
import { connect } from '#engine/sources/postgres/connection.ts'
import { inOneView } from '#engine/sources/postgres/reading-session.ts'
import type { DatabaseTarget } from '#engine/sources/postgres/target.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'

export interface RecordKindsInput {
  readonly databases: readonly { readonly name: string; readonly target: DatabaseTarget }[]
  readonly settings: SystemSettings
}

export const recordKindsSchema = records.kinds.reply

/** The definitions of each database, and no row of them. */
export async function work({ databases, settings }: RecordKindsInput, { signal }: WorkTools): Promise<z.infer<typeof recordKindsSchema>> {
  const models = []
  for (const { name, target } of databases) {
    await using connection = await connect(target, signal)
    const { model, warnings } = await inOneView(connection, () => discover(connection, settings.entities ?? noModel, name))
    models.push({
      database: name,
      kinds: model.kinds.map((kind) => ({ name: kind.name, table: printTable(kind.table), key: kind.key, isProposed: kind.isProposed })),
      edges: model.edges.map(({ kind, child, columns, parent, ownership, because, isIndexed }) => ({
        kind,
        child: printTable(child),
        columns: [...columns],
        parent: printTable(parent),
        ownership,
        because,
        isIndexed,
      })),
      files: model.files.map(({ table, root, pattern }) => ({ table: printTable(table), root, pattern })),
      warnings: warnings.map(({ kind, table, fact }) => ({ kind, table, fact })),
    })
  }
  return { databases: models }
}

import { connect } from './connection.ts'
import { isExtensionConfiguration, isExtensionMember, userSchemas } from './coverage.ts'
import { hangUpOn } from './examine.ts'
import type { DatabaseTarget } from './target.ts'

/** What there is to protect, by one short look at the catalog of a server. */
export interface Surroundings {
  /** `schema.table` of each table that holds rows of its own; children of a partitioned table as their parent. */
  readonly tables: readonly { readonly schema: string; readonly table: string }[]
  /** Of the same server, without templates and what a restore keeps for a while. */
  readonly databases: readonly string[]
  /** Age of the oldest snapshot of ours in this database, which VACUUM must respect (SAFETY rule 14); null without one. */
  readonly snapshotSeconds: number | null
}

const answerMsMax = 20_000

/** `password` undefined: none, and no file is asked for one. DATABASE_UNREACHABLE and the like. */
export async function lookAround(target: DatabaseTarget, password: string | undefined, signal: AbortSignal): Promise<Surroundings> {
  await using session = await connect(target, signal, { password })
  using _listening = hangUpOn(signal, session)
  await session.query(`set statement_timeout = ${answerMsMax}`)
  const tables = await session.query<{ schema: string; table: string }>(
    `SELECT n.nspname AS schema, c.relname AS table FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE ${userSchemas} AND c.relkind = 'r' AND NOT c.relispartition AND c.relpersistence <> 't'
       AND (NOT ${isExtensionMember('c')} OR ${isExtensionConfiguration('c')})
     ORDER BY 1, 2`,
  )
  const databases = await session.query<{ name: string }>(
    `SELECT datname AS name FROM pg_catalog.pg_database
     WHERE datallowconn AND NOT datistemplate AND datname <> 'postgres' AND datname !~ '^integrum_(stage|kept)_[0-9a-f]{12}$' ORDER BY 1`,
  )
  const [ours] = await session.query<{ seconds: number | null }>(
    `SELECT max(extract(epoch FROM pg_catalog.clock_timestamp() - xact_start))::float8 AS seconds FROM pg_catalog.pg_stat_activity
     WHERE datname = current_database() AND application_name = 'integrum' AND backend_xmin IS NOT NULL AND pid <> pg_catalog.pg_backend_pid()`,
  )
  return { tables, databases: databases.map(({ name }) => name), snapshotSeconds: ours?.seconds ?? null }
}

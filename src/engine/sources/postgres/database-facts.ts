import { Fault } from '#base/fault.ts'
import type { Connection } from './connection.ts'
import type { DatabaseTarget } from './target.ts'
import { databaseProperties, type DatabaseProperties } from './database-properties.ts'
import { connectMaintenance } from './maintenance.ts'
import { surveyServer, type ServerIdentity } from './server-identity.ts'

export interface TargetFacts {
  readonly server: ServerIdentity
  /** Null when there is no database of that name. */
  readonly database: { readonly oid: number; readonly properties: DatabaseProperties } | null
}

/** What a plan and a journal need to know about a target before anything is made. Reads only. */
export async function describeTarget(target: DatabaseTarget, signal?: AbortSignal): Promise<TargetFacts> {
  expectWholeName(target.database)
  await using session = await connectMaintenance([target], signal)
  const server = await surveyServer(session)
  const [found] = await findDatabases(session, { names: [target.database], oids: [] })
  if (!found) return { server, database: null }
  return { server, database: { oid: found.oid, properties: await databaseProperties(session, target.database) } }
}

/** One database as pg_database has it now: what identifies it and what a fence and a journal change. */
export interface DatabaseFacts {
  readonly oid: number
  readonly name: string
  readonly allowConnections: boolean
  readonly comment: string | null
}

/** Every database that has one of these names or one of these OIDs. */
export async function findDatabases(
  session: Connection,
  wanted: { readonly names: readonly string[]; readonly oids: readonly (number | null)[] },
): Promise<DatabaseFacts[]> {
  return await session.query<{ oid: number; name: string; allowConnections: boolean; comment: string | null }>(
    `select d.oid, d.datname as name, d.datallowconn as "allowConnections", shobj_description(d.oid, 'pg_database') as comment
       from pg_database d
      where d.datname::text = any($1::text[]) or d.oid = any($2::int8[]::oid[])`,
    [wanted.names, wanted.oids.filter((oid) => oid !== null)],
  )
}

/** PostgreSQL cuts longer names with a mere NOTICE, and the cut name may be another database's (SAFETY rule 1). */
export function expectWholeName(database: string): void {
  const bytes = Buffer.byteLength(database, 'utf8')
  if (bytes >= 1 && bytes <= 63 && !database.includes('\0')) return
  throw new Fault('DATABASE_URL', `a database name has 1 to 63 bytes, this one has ${bytes}`, { bytes })
}

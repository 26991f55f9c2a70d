import { connect, type Connection } from './connection.ts'
import { expectWholeName } from './database-facts.ts'
import { databaseProperties, type DatabaseProperties } from './database-properties.ts'
import { connectMaintenance } from './maintenance.ts'
import { schemaFingerprint, surveyTables, type SurveyedTable } from './survey-catalog.ts'
import { surveyServer, type ServerIdentity } from './server-identity.ts'
import { surveySpace, type SurveyedSpace } from './survey-space.ts'
import type { DatabaseTarget } from './target.ts'

/** A database and its server as they are now: what a restore plan is made from. Nothing in it was changed to learn it. */
export interface DatabaseSurvey extends ServerIdentity {
  /** Undefined when there is no database of that name yet. */
  readonly database: SurveyedDatabase | undefined
  readonly ability: Ability
  readonly roles: readonly string[]
  readonly extensions: readonly AvailableExtension[]
  readonly tablespaces: readonly string[]
  readonly replicas: readonly Replica[]
  readonly space: SurveyedSpace
}

export interface SurveyedDatabase {
  readonly oid: number
  /** `pg_database_size`. */
  readonly sizeBytes: number
  readonly properties: DatabaseProperties
  readonly schemaFingerprint: string
  readonly tables: readonly SurveyedTable[]
  readonly sessions: readonly Session[]
  readonly preparedTransactions: readonly { readonly gid: string; readonly owner: string; readonly preparedAt: string }[]
  readonly logicalSlots: readonly { readonly name: string; readonly isActive: boolean }[]
  readonly subscriptions: readonly { readonly name: string; readonly isEnabled: boolean }[]
}

export interface Ability {
  readonly user: string
  readonly isSuperuser: boolean
  readonly bypassesRowSecurity: boolean
  readonly createsDatabases: boolean
  /** Sessions of others; those of a superuser only a superuser may end. */
  readonly terminatesSessions: boolean
  /** Member of the role that owns the database; true when there is none yet. */
  readonly ownsDatabase: boolean
}

export interface AvailableExtension {
  readonly name: string
  readonly defaultVersion: string
  readonly versions: readonly string[]
}

export interface Session {
  readonly pid: number
  /** Null where the server hides it from us. */
  readonly application: string | null
  readonly user: string | null
  readonly address: string | null
  readonly backendType: string | null
  readonly isSuperuser: boolean
}

/** Sessions on a hot standby keep the old database by its OID and cannot be seen from here (SAFETY rule 9). */
export interface Replica {
  readonly application: string
  readonly address: string | null
  readonly state: string
  readonly lagBytes: number | null
}

export interface SurveyOptions {
  /** Counts every row instead of taking the planner's estimate; as slow as reading the database. */
  readonly countsRows?: boolean
}

/** Reads only. Faults as `connect`; a database that accepts no connections (fenced) is DATABASE_UNREACHABLE. */
export async function surveyDatabase(target: DatabaseTarget, signal?: AbortSignal, options: SurveyOptions = {}): Promise<DatabaseSurvey> {
  expectWholeName(target.database)
  await using beside = await connectMaintenance([target], signal)
  const server = await surveyServer(beside)
  const database = await surveyOneDatabase(beside, target, { signal, options })
  return {
    ...server,
    database,
    ability: await surveyAbility(beside, target.database),
    roles: await namesOf(beside, 'select rolname as name from pg_catalog.pg_roles order by rolname collate "C"'),
    extensions: await surveyExtensions(beside),
    tablespaces: await namesOf(beside, 'select spcname as name from pg_catalog.pg_tablespace order by spcname collate "C"'),
    replicas: await surveyReplicas(beside),
    space: await surveySpace(beside),
  }
}

async function surveyOneDatabase(
  beside: Connection,
  target: DatabaseTarget,
  { signal, options }: { signal: AbortSignal | undefined; options: SurveyOptions },
): Promise<SurveyedDatabase | undefined> {
  const name = target.database
  const [found] = await beside.query<{ oid: number; size: string }>(
    'select oid, pg_catalog.pg_database_size(oid) as size from pg_catalog.pg_database where datname = $1',
    [name],
  )
  if (found === undefined) return undefined
  await using inside = await connect(target, signal)
  return {
    oid: found.oid,
    sizeBytes: Number(found.size),
    properties: await databaseProperties(beside, name),
    schemaFingerprint: await schemaFingerprint(inside),
    tables: await surveyTables(inside, options.countsRows ?? false, signal),
    sessions: await surveySessions(beside, found.oid, inside),
    preparedTransactions: await beside.query(
      'select gid, owner::text as owner, prepared::text as "preparedAt" from pg_catalog.pg_prepared_xacts where database = $1 order by gid',
      [name],
    ),
    logicalSlots: await beside.query(
      'select slot_name::text as name, active as "isActive" from pg_catalog.pg_replication_slots where database = $1 order by slot_name',
      [name],
    ),
    subscriptions: await beside.query(
      'select subname::text as name, subenabled as "isEnabled" from pg_catalog.pg_subscription where subdbid = $1 order by subname',
      [found.oid],
    ),
  }
}

/** Without pg_read_all_stats most columns of others' sessions are null, so nothing may be filtered by them. */
async function surveySessions(beside: Connection, oid: number, own: Connection): Promise<Session[]> {
  const [mine] = await own.query<{ pid: number }>('select pg_catalog.pg_backend_pid() as pid')
  return beside.query<Session & Record<string, unknown>>(
    `select a.pid, a.application_name as application, a.usename::text as "user", host(a.client_addr) as address,
       a.backend_type as "backendType", coalesce(r.rolsuper, false) as "isSuperuser"
     from pg_catalog.pg_stat_activity a left join pg_catalog.pg_roles r on r.oid = a.usesysid
     where a.datid = $1 and a.pid <> $2 order by a.pid`,
    [oid, mine!.pid],
  )
}

async function surveyAbility(connection: Connection, database: string): Promise<Ability> {
  const [row] = await connection.query<Ability & Record<string, unknown>>(
    `select rolname as "user", rolsuper as "isSuperuser", rolsuper or rolbypassrls as "bypassesRowSecurity",
       rolsuper or rolcreatedb as "createsDatabases",
       rolsuper or pg_catalog.pg_has_role(oid, 'pg_signal_backend', 'usage') as "terminatesSessions",
       coalesce((select pg_catalog.pg_has_role(current_user, datdba, 'usage') from pg_catalog.pg_database where datname = $1), true)
         as "ownsDatabase"
     from pg_catalog.pg_roles where rolname = current_user`,
    [database],
  )
  return row!
}

function surveyExtensions(connection: Connection): Promise<AvailableExtension[]> {
  return connection.query<AvailableExtension & Record<string, unknown>>(`
    select e.name::text as name, coalesce(e.default_version, '') as "defaultVersion",
      array(select v.version from pg_catalog.pg_available_extension_versions v where v.name = e.name order by v.version) as versions
    from pg_catalog.pg_available_extensions e order by e.name`)
}

async function surveyReplicas(connection: Connection): Promise<Replica[]> {
  const rows = await connection.query<{ application: string; address: string | null; state: string | null; lag: string | null }>(`
    select application_name as application, host(client_addr) as address, state,
      case when pg_catalog.pg_is_in_recovery() then null
        else pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), replay_lsn) end::text as lag
    from pg_catalog.pg_stat_replication order by application_name, pid`)
  return rows.map(({ lag, state, ...replica }) => ({ ...replica, state: state ?? 'unknown', lagBytes: lag === null ? null : Number(lag) }))
}

async function namesOf(connection: Connection, sql: string): Promise<string[]> {
  return (await connection.query<{ name: string }>(sql)).map((row) => row.name)
}

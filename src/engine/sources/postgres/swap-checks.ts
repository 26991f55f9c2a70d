import { Fault } from '#base/fault.ts'
import type { Connection } from './connection.ts'
import type { DatabaseRecord } from './database-record.ts'
import type { DatabaseTarget } from './target.ts'
import { connectMaintenance, rehearse } from './maintenance.ts'
import { surveyServer } from './server-identity.ts'
import { applyProperties } from './swap-properties.ts'
import { sessionsFault, sessionsIn } from './swap-sessions.ts'

/** Everything that would make a swap fail half-way or lose something, asked while nothing has been touched. */
export async function expectSwappable(session: Connection, record: DatabaseRecord, knownStandbys: readonly string[]): Promise<void> {
  const names = [record.live.database, record.stageName]
  const oids = [record.liveOid, record.stageOid].filter((oid) => oid !== null)
  await expectSameStart(session, record)
  await expectPrivilege(session, oids)
  await expectNoPreparedTransactions(session, names)
  await expectNoLogicalReplication(session, names, oids)
  await expectKnownStandbys(session, knownStandbys)
  const untouchable = (await sessionsIn(session, oids)).filter(({ isOurs }) => !isOurs)
  if (untouchable.length > 0) throw sessionsFault(untouchable)
  await rehearse(session, () => applyProperties(session, record))
}

/**
 * Standbys attached to the server, printable (SAFETY rule 9): sessions on them keep the old database, and the server
 * cannot end those. The plan lists them; the fence refuses one that the plan did not list.
 */
export async function standbysOf(target: DatabaseTarget, signal?: AbortSignal): Promise<string[]> {
  await using session = await connectMaintenance([target], signal)
  return await attachedStandbys(session)
}

/** SAFETY rule 7: what was verified may not be what a crashed server came back with. Milliseconds, as JavaScript's Date keeps them. */
async function expectSameStart(session: Connection, record: DatabaseRecord): Promise<void> {
  if (record.verifiedUnderStart === null) return
  const [row] = await session.query<{ isSame: boolean }>(
    `select date_trunc('milliseconds', pg_postmaster_start_time()) = date_trunc('milliseconds', $1::timestamptz) as "isSame"`,
    [record.verifiedUnderStart],
  )
  if (row?.isSame) return
  const { postmasterStartTime: startedAt } = await surveyServer(session)
  const facts = { database: record.live.database, verifiedUnderStart: record.verifiedUnderStart, startedAt }
  throw new Fault('RESTORE_SERVER_RESTARTED', `the server restarted at ${startedAt}, after the staging was verified`, facts)
}

/** RENAME wants ownership of both databases and CREATEDB (POSTGRES §4 "Privileges"). */
async function expectPrivilege(session: Connection, oids: readonly number[]): Promise<void> {
  const [row] = await session.query<{ role: string; mayCreate: boolean; foreign: string[] }>(
    `select current_user as role, r.rolsuper or r.rolcreatedb as "mayCreate",
            array(select d.datname::text from pg_database d
                   where d.oid = any($1::int8[]::oid[]) and not r.rolsuper and not pg_has_role(d.datdba, 'USAGE')) as foreign
       from pg_roles r where r.rolname = current_user`,
    [oids],
  )
  if (!row) throw new Error('the server does not know our own role')
  if (!row.mayCreate)
    throw new Fault('DATABASE_PRIVILEGE', `role ${row.role} may not rename databases: it has no CREATEDB`, { role: row.role })
  if (row.foreign.length > 0) {
    const names = row.foreign.join(', ')
    throw new Fault('DATABASE_PRIVILEGE', `role ${row.role} does not own ${names}`, { role: row.role, databases: names })
  }
}

async function expectNoPreparedTransactions(session: Connection, names: readonly string[]): Promise<void> {
  const rows = await session.query<{ gid: string; database: string }>(
    'select gid, database from pg_prepared_xacts where database::text = any($1::text[]) order by gid',
    [names],
  )
  if (rows.length === 0) return
  const listed = rows.map(({ gid, database }) => `${gid} in ${database}`).join(', ')
  throw new Fault('DATABASE_PREPARED_TRANSACTIONS', `prepared transactions: ${listed}`, { count: rows.length })
}

/** Slots stay with the old OID and cannot move; a subscription would go on applying into the kept database. */
async function expectNoLogicalReplication(session: Connection, names: readonly string[], oids: readonly number[]): Promise<void> {
  const rows = await session.query<{ what: string }>(
    `select 'slot ' || slot_name as what from pg_replication_slots where database::text = any($1::text[])
      union all
     select 'subscription ' || subname from pg_subscription where subdbid = any($2::int8[]::oid[]) and subenabled
      order by what`,
    [names, oids],
  )
  if (rows.length === 0) return
  const listed = rows.map(({ what }) => what).join(', ')
  throw new Fault('DATABASE_REPLICATION_SLOTS', `logical replication: ${listed}`, { count: rows.length })
}

async function expectKnownStandbys(session: Connection, known: readonly string[]): Promise<void> {
  const unknown = (await attachedStandbys(session)).filter((standby) => !known.includes(standby))
  if (unknown.length === 0) return
  const fact = `standbys that the plan did not list: ${unknown.join(', ')}; sessions on them would keep reading the old database`
  throw new Fault('DATABASE_SESSIONS', fact, { standbys: unknown.length })
}

/** Physical walsenders belong to no database. pg_receivewal and pg_basebackup only copy and have no readers. */
async function attachedStandbys(session: Connection): Promise<string[]> {
  const rows = await session.query<{ standby: string }>(
    `select distinct coalesce(nullif(r.application_name, ''), 'standby') || ' at ' || coalesce(host(r.client_addr), 'local socket') as standby
       from pg_stat_replication r join pg_stat_activity a on a.pid = r.pid
      where a.datid is null and coalesce(r.application_name, '') not in ('pg_receivewal', 'pg_basebackup')
      order by standby`,
  )
  return rows.map(({ standby }) => standby)
}

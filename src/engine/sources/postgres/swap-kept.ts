import assert from 'node:assert/strict'
import { Fault } from '#base/fault.ts'
import { quoteName, type Connection } from './connection.ts'
import { findDatabases } from './database-facts.ts'
import { databaseProperties } from './database-properties.ts'
import type { DatabaseRecord } from './database-record.ts'
import { putProperties } from './swap-properties.ts'

const keptPattern = /^integrum_kept_[0-9a-f]{12}$/

/** Inside a transaction: the current role is the only one left with CONNECT, beside superusers, who need none. */
export async function letUsAloneIn(session: Connection, name: string): Promise<void> {
  const current = await databaseProperties(session, name)
  const grant = await ownGrant(session, current.owner)
  const { comment, isTemplate } = current
  await putProperties(session, name, { comment, isTemplate, allowConnections: true, connectionLimit: -1, acl: [grant] })
}

/** Inside a transaction: closed, and with the grants and the limit it had, which an undo brings back. The comment is the journal's. */
export async function closeAsItWas(session: Connection, record: DatabaseRecord): Promise<void> {
  assert(record.liveProperties !== null, 'a record with a kept database has its properties')
  const { comment } = await databaseProperties(session, record.keptName)
  await putProperties(session, record.keptName, { ...record.liveProperties, comment, allowConnections: false })
}

/**
 * SAFETY rule 1. DROP DATABASE cannot run in a transaction, so the last look at name and OID stands directly before it.
 * FORCE ends what is left of autovacuum or of our own backup of it.
 */
export async function dropByOid(session: Connection, name: string, oid: number): Promise<void> {
  const [found] = await findDatabases(session, { names: [name], oids: [] })
  if (!keptPattern.test(name) || found?.oid !== oid) {
    throw new Fault('RESTORE_TARGET_CHANGED', `database ${name} is not a kept one of the journal and is not dropped`, { name, oid })
  }
  await session.query(`alter database ${quoteName(name)} with is_template false`)
  await session.query(`drop database ${quoteName(name)} with (force)`)
}

async function ownGrant(session: Connection, owner: string): Promise<string> {
  const [row] = await session.query<{ grant: string }>(
    `select makeaclitem(grantee.oid, owner.oid, 'CONNECT', false)::text as grant
       from pg_roles grantee, pg_roles owner where grantee.rolname = current_user and owner.rolname = $1`,
    [owner],
  )
  assert(row, 'the current role and the owner exist')
  return row.grant
}

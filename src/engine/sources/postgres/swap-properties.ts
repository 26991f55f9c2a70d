import { isDeepStrictEqual } from 'node:util'
import { Fault } from '#base/fault.ts'
import { sqlStateOf, type Connection } from './connection.ts'
import type { DatabaseRecord } from './database-record.ts'
import { databaseProperties, propertyStatements, type StageProperties } from './database-properties.ts'

/**
 * Gives the candidate, under the name it has before the rename, what the record says it shall have once live; but it
 * stays closed, since unfencing comes last. Inside a transaction. Compares afterwards: no evidence, no success.
 */
export async function applyProperties(session: Connection, record: DatabaseRecord): Promise<void> {
  if (record.stageOid === null) return
  await putProperties(session, record.stageName, { ...record.stageProperties, allowConnections: false })
}

/** Inside a transaction. RESTORE_ROLE_MISSING, DATABASE_PRIVILEGE. */
export async function putProperties(session: Connection, name: string, wanted: StageProperties): Promise<void> {
  const current = await databaseProperties(session, name)
  const owned = { ...wanted, owner: current.owner }
  for (const statement of propertyStatements(name, owned, current)) {
    try {
      await session.query(statement)
    } catch (error) {
      throw propertyFault(name, error)
    }
  }
  const found = await databaseProperties(session, name)
  const seen = await comparable(session, found, current.owner)
  if (!isDeepStrictEqual(seen, await comparable(session, wanted, current.owner))) {
    throw new Fault('DATABASE_PRIVILEGE', `grants, limit or comment of database ${name} cannot be put as they were`, { database: name })
  }
}

/** ACLs are sets of items; an absent one means the default one of the owner. */
async function comparable(session: Connection, properties: StageProperties, owner: string): Promise<unknown> {
  const rows = await session.query<{ grant: string }>(
    `select concat_ws(' ', a.grantor, a.grantee, a.privilege_type, a.is_grantable) as grant
       from pg_roles r, aclexplode(coalesce($1::text[]::aclitem[], acldefault('d', r.oid))) a
      where r.rolname = $2 order by 1`,
    [properties.acl, owner],
  )
  const { allowConnections, connectionLimit, comment, isTemplate } = properties
  return { allowConnections, connectionLimit, comment, isTemplate, grants: rows.map(({ grant }) => grant) }
}

function propertyFault(name: string, error: unknown): unknown {
  const state = sqlStateOf(error)
  const because = error instanceof Error ? error.message : String(error)
  if (state === '42704')
    return new Fault('RESTORE_ROLE_MISSING', `a role of database ${name} is missing: ${because}`, { name }, { cause: error })
  if (state === '42501') return new Fault('DATABASE_PRIVILEGE', `grants of database ${name}: ${because}`, { name }, { cause: error })
  return error
}

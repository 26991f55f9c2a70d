import { Fault } from '#base/fault.ts'
import { sqlStateOf, type Connection } from './connection.ts'
import { findDatabases, type DatabaseFacts } from './database-facts.ts'
import { surveyServer } from './server-identity.ts'
import type { DatabaseRecord } from './database-record.ts'

/**
 * Where the databases of a record stand, by name and OID. `before`: as staging left them. `after`: as the rename
 * transaction leaves them. `dropped`: as after, and the kept one is gone. `unstaged`: as before, without a staging.
 */
export interface Placement {
  readonly kind: 'before' | 'after' | 'dropped' | 'unstaged' | 'foreign'
  readonly live: DatabaseFacts | null
  readonly stage: DatabaseFacts | null
  readonly kept: DatabaseFacts | null
}

/** Only looks. Another server under the same address is `foreign`, like another database under the same name. */
export async function placementOf(session: Connection, record: DatabaseRecord): Promise<Placement> {
  const { systemIdentifier } = await surveyServer(session)
  const databases = await findDatabases(session, {
    names: [record.live.database, record.stageName, record.keptName],
    oids: [record.liveOid, record.stageOid],
  })
  const named = (name: string) => databases.find((database) => database.name === name) ?? null
  const places = { live: named(record.live.database), stage: named(record.stageName), kept: named(record.keptName) }
  return { kind: systemIdentifier === record.systemIdentifier ? kindOf(record, places, databases) : 'foreign', ...places }
}

/** SAFETY rule 1: every RENAME and DROP asks this first. RESTORE_TARGET_CHANGED, and nothing was touched. */
export async function expectPlacement(session: Connection, record: DatabaseRecord, kind: Placement['kind']): Promise<Placement> {
  const placement = await placementOf(session, record)
  if (placement.kind !== kind) throw placementFault(record, placement)
  return placement
}

export function placementFault(record: DatabaseRecord, placement: Placement): Fault {
  const seen = [placement.live, placement.stage, placement.kept].map((found) => found?.oid ?? 'none').join(', ')
  const fact = `database ${record.live.database} and those of the restore are not as the journal says: found ${seen}`
  return new Fault('RESTORE_TARGET_CHANGED', fact, { database: record.live.database, liveOid: record.liveOid, stageOid: record.stageOid })
}

type Places = Pick<Placement, 'live' | 'stage' | 'kept'>

function kindOf(record: DatabaseRecord, places: Places, databases: readonly DatabaseFacts[]): Placement['kind'] {
  const oids = { live: places.live?.oid ?? null, stage: places.stage?.oid ?? null, kept: places.kept?.oid ?? null }
  const exists = (oid: number | null) => databases.some((database) => database.oid === oid)
  const hasCandidate = record.stageOid !== null || record.candidate === 'nothing'

  if (oids.live === record.liveOid && oids.kept === null) {
    if (hasCandidate && oids.stage === record.stageOid) return 'before'
    // Nothing was staged yet, or the staging was dropped; a database of its name without a journaled OID is half made.
    if (
      record.stageOid === null
        ? record.candidate === undefined || record.candidate === 'staging'
        : oids.stage === null && !exists(record.stageOid)
    ) {
      return 'unstaged'
    }
  }
  if (hasCandidate && oids.live === record.stageOid && oids.stage === null) {
    if (oids.kept === record.liveOid) return 'after'
    if (oids.kept === null && !exists(record.liveOid)) return 'dropped'
  }
  return 'foreign'
}

/** Null: no transaction is known. `forgotten`: too old for the server to tell. `unknown`: never given out on this server. */
export type Outcome = 'in progress' | 'committed' | 'aborted' | 'forgotten' | 'unknown' | null

/** SAFETY rule 3: what became of the rename transaction whose xid the journal has. */
export async function outcomeOf(session: Connection, xid: string | null): Promise<Outcome> {
  if (xid === null) return null
  try {
    const [row] = await session.query<{ status: 'in progress' | 'committed' | 'aborted' | null }>(
      'select pg_xact_status($1::xid8) as status',
      [xid],
    )
    return row?.status ?? 'forgotten'
  } catch (error) {
    // invalid_parameter_value: "transaction ID … is in the future".
    if (sqlStateOf(error) === '22023') return 'unknown'
    throw error
  }
}

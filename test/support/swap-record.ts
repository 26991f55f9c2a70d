import assert from 'node:assert/strict'
import { randomHex, systemRandom } from '#host/random.ts'
import { describeTarget } from '#engine/sources/postgres/database-facts.ts'
import { stagePropertiesOf } from '#engine/sources/postgres/database-properties.ts'
import type { DatabaseRecord } from '#engine/sources/postgres/database-record.ts'
import type { DatabaseTarget } from '#engine/sources/postgres/target.ts'
import type { TestCluster } from './postgres.ts'

export interface SwapRecordOptions {
  /** SQL run in the staging database. */
  readonly sql?: string
  readonly stageProperties?: Partial<DatabaseRecord['stageProperties']>
  readonly target?: DatabaseTarget
}

/** Makes a staging database beside `live`, which may be absent, and the record that a restore would have journaled. */
export async function swapRecord(cluster: TestCluster, live: string, options: SwapRecordOptions = {}): Promise<DatabaseRecord> {
  const hex = randomHex(systemRandom, 12)
  const stageName = `integrum_stage_${hex}`
  await cluster.createDatabase(stageName)
  await cluster.psql(stageName, options.sql ?? "create table origin(name text); insert into origin values ('staging')")
  await cluster.psql('postgres', `revoke all on database ${stageName} from public`)
  const stage = await describeTarget(cluster.target(stageName))
  const found = await describeTarget(cluster.target(live))
  assert(stage.database)
  return {
    kind: 'database',
    name: 'clinic',
    live: { ...(options.target ?? cluster.target(live)), database: live },
    systemIdentifier: found.server.systemIdentifier,
    liveOid: found.database?.oid ?? null,
    stageName,
    stageOid: stage.database.oid,
    keptName: `integrum_kept_${hex}`,
    verifiedUnderStart: found.server.postmasterStartTime,
    liveProperties: found.database && stagePropertiesOf(found.database.properties, (role) => role),
    stageProperties: {
      allowConnections: true,
      connectionLimit: -1,
      comment: null,
      isTemplate: false,
      acl: null,
      ...options.stageProperties,
    },
    isFenced: false,
    xid: null,
  }
}

/** Makes a database whose table `origin` says `live`. */
export async function makeLive(cluster: TestCluster, name: string, sql = ''): Promise<void> {
  await cluster.createDatabase(name)
  await cluster.psql(name, `create table origin(name text); insert into origin values ('live'); ${sql}`)
}

export async function originOf(cluster: TestCluster, database: string): Promise<string> {
  return (await cluster.psql(database, 'select name from origin')).trim()
}

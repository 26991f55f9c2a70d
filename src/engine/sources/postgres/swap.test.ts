import { test, before, after } from 'node:test'
import assert from 'node:assert/strict'
import { systemClock } from '#base/clock.ts'
import { randomHex, systemRandom } from '#host/random.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { makeLive, originOf, swapRecord } from '#test/support/swap-record.ts'
import { connect } from './connection.ts'
import { describeTarget } from './database-facts.ts'
import type { DatabaseRecord } from './database-record.ts'
import { databaseState, fenceDatabase, renameDatabases, undoRecord, unfenceDatabase } from './swap.ts'

let cluster: TestCluster
before(async () => {
  cluster = await testCluster({ settings: { max_prepared_transactions: '5', wal_level: 'logical', max_replication_slots: '5' } })
})
after(() => cluster.stop())

const clock = systemClock
const freshKeptName = () => `integrum_kept_${randomHex(systemRandom, 12)}`

/** The whole swap as a restore does it; returns the record with the xid that was journaled. */
async function swap(record: DatabaseRecord): Promise<DatabaseRecord> {
  let xid: string | null = null
  await fenceDatabase(record, { clock })
  await renameDatabases([record], {
    onPrepared: async (prepared) => {
      xid = prepared
    },
  })
  const swapped = { ...record, xid }
  assert.equal(await databaseState(swapped), 'swapped-fenced')
  await unfenceDatabase(swapped)
  return swapped
}

const propertiesOf = async (database: string) => (await describeTarget(cluster.target(database))).database?.properties

test('a swap goes through its states, the old database is kept closed, and undo can be undone', async () => {
  await makeLive(cluster, 'clinic')
  const record = await swapRecord(cluster, 'clinic')
  assert.equal(await databaseState({ ...record, stageOid: null }), 'half-staged')
  assert.equal(await databaseState(record), 'staged')
  await fenceDatabase(record, { clock })
  assert.equal(await databaseState(record), 'fenced')
  await assert.rejects(() => connect(cluster.target('clinic')), { message: /not currently accepting connections/ })
  await unfenceDatabase(record)
  assert.equal(await databaseState(record), 'staged')
  assert.equal(await originOf(cluster, 'clinic'), 'live')

  const swapped = await swap(record)
  assert.equal(await databaseState(swapped), 'swapped')
  assert.equal(await originOf(cluster, 'clinic'), 'staging')
  assert.equal((await propertiesOf(record.keptName))?.allowConnections, false)

  const back = await swap(await undoRecord(swapped, { keptName: freshKeptName() }))
  assert.equal(await originOf(cluster, 'clinic'), 'live')
  assert.equal(await databaseState(swapped), 'foreign')
  await swap(await undoRecord(back, { keptName: freshKeptName() }))
  assert.equal(await originOf(cluster, 'clinic'), 'staging')
})

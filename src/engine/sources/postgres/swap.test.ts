import { test, before, after } from 'node:test'
import assert from 'node:assert/strict'
import { systemClock } from '#base/clock.ts'
import { randomHex, systemRandom } from '#host/random.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { makeLive, originOf, swapRecord } from '#test/support/swap-record.ts'
import { connect } from './connection.ts'
import { describeTarget } from './database-facts.ts'
import type { DatabaseRecord } from './database-record.ts'
import { closeKept, databaseState, dropKept, fenceDatabase, openKept, renameDatabases, undoRecord, unfenceDatabase } from './swap.ts'

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

test('INV-586 properties, grants and comment of the backup are those of the database afterwards, and the old ones come back with an undo', async () => {
  await cluster.psql('postgres', `create role "Dr. ""No"""; create role reader; create role clerk`)
  await makeLive(cluster, 'props')
  await cluster.psql(
    'postgres',
    `comment on database props is 'the old one'; alter database props connection limit 7;
     revoke all on database props from public; grant connect on database props to reader`,
  )
  const stageProperties = {
    comment: `it's "the backup's" \\ one`,
    connectionLimit: 42,
    isTemplate: true,
    // Grants through a chain: the clerk passes on what the owner let it pass on.
    acl: ['"Dr. ""No"""=Tc/clerk', 'clerk=T*c*/postgres', 'postgres=CTc/postgres'],
  }
  const record = await swapRecord(cluster, 'props', { stageProperties })
  const before = await propertiesOf('props')
  const swapped = await swap(record)
  const found = await propertiesOf('props')
  assert.deepEqual(
    [found?.comment, found?.connectionLimit, found?.isTemplate, found?.allowConnections],
    [stageProperties.comment, 42, true, true],
  )
  assert.deepEqual(found?.acl?.toSorted(), stageProperties.acl.toSorted())
  await swap(await undoRecord(swapped, { keptName: freshKeptName() }))
  const after = await propertiesOf('props')
  assert.deepEqual({ ...after, acl: after?.acl?.toSorted() }, { ...before, acl: before?.acl?.toSorted() })
})

test('SAFETY rule 8: staging lets nobody else in, and its grants come with the rename', async () => {
  await makeLive(cluster, 'plain')
  await cluster.psql('postgres', 'create role visitor login')
  const record = await swapRecord(cluster, 'plain', { stageProperties: { acl: null } })
  const visit = (database: string) => connect({ ...cluster.target(database), user: 'visitor' })
  await assert.rejects(() => visit(record.stageName), { message: /permission denied/ })
  await fenceDatabase(record, { clock })
  // A fence that is given up leaves the staging as closed to others as it was.
  await unfenceDatabase(record)
  await assert.rejects(() => visit(record.stageName), { message: /permission denied/ })
  await swap(record)
  await using visitor = await visit('plain')
  assert.deepEqual(await visitor.query('select current_user::text as who'), [{ who: 'visitor' }])
})

test('INV-583 a role that a grant names and that is missing is found before anything is fenced', async () => {
  await makeLive(cluster, 'roleless')
  const record = await swapRecord(cluster, 'roleless', { stageProperties: { acl: ['nobody_here=c/postgres'] } })
  await assert.rejects(() => fenceDatabase(record, { clock }), { code: 'RESTORE_ROLE_MISSING' })
  assert.equal(await databaseState(record), 'staged')
  assert.equal(await originOf(cluster, 'roleless'), 'live')
})

test('SAFETY rule 1: names of 63 bytes, quotes, spaces and other scripts are taken whole', async () => {
  const names = ['n'.repeat(63), `${'ä'.repeat(31)}x`, `od"d 'na\\me; drop`, 'Großklinik 東京', 'integrum_stage_x']
  for (const name of names) {
    await makeLive(cluster, name)
    const record = await swapRecord(cluster, name)
    const swapped = await swap(record)
    assert.equal(await originOf(cluster, name), 'staging')
    assert.equal((await describeTarget(cluster.target(record.keptName))).database?.oid, record.liveOid)
    await dropKept(swapped)
    assert.equal(await databaseState(swapped), 'released')
    assert.equal(await originOf(cluster, name), 'staging')
  }
})

test('SAFETY rule 1: a name that PostgreSQL would cut is refused, whatever stands under the cut name', async () => {
  const cut = 'c'.repeat(63)
  await makeLive(cluster, cut)
  await assert.rejects(() => describeTarget(cluster.target(`${cut}__stage`)), { code: 'DATABASE_URL' })
  const record = { ...(await swapRecord(cluster, cut)), stageName: `${cut}__stage` }
  await assert.rejects(() => fenceDatabase(record, { clock }), { code: 'RESTORE_TARGET_CHANGED' })
  await assert.rejects(() => dropKept({ ...record, keptName: `${cut}__kept` }), { code: 'RESTORE_TARGET_CHANGED' })
  assert.equal(await originOf(cluster, cut), 'live')
})

test('INV-581 SAFETY rule 1: a database of the recorded name with another OID is neither fenced, renamed nor dropped', async () => {
  await makeLive(cluster, 'impostor')
  const record = await swapRecord(cluster, 'impostor')
  await cluster.psql('postgres', 'alter database impostor rename to genuine')
  await makeLive(cluster, 'impostor')
  assert.equal(await databaseState(record), 'foreign')
  const onPrepared = () => Promise.resolve()
  for (const refused of [
    () => fenceDatabase(record, { clock }),
    () => renameDatabases([record], { onPrepared }),
    () => unfenceDatabase(record),
    () => undoRecord(record, { keptName: freshKeptName() }),
    () => openKept(record),
    () => closeKept(record),
    () => dropKept(record),
  ]) {
    await assert.rejects(refused, { code: 'RESTORE_TARGET_CHANGED' })
  }
  assert.equal(await originOf(cluster, 'impostor'), 'live')

  const other = await swapRecord(cluster, 'genuine')
  await cluster.psql('postgres', `drop database ${other.stageName}`)
  assert.equal(await databaseState(other), 'not-staged')
  await cluster.createDatabase(other.stageName)
  assert.equal(await databaseState(other), 'foreign')
  await assert.rejects(() => fenceDatabase(other, { clock }), { code: 'RESTORE_TARGET_CHANGED' })
})

test('SAFETY rule 1: after the swap a stranger under the kept name is not dropped, and its undo is refused', async () => {
  await makeLive(cluster, 'keeper')
  const swapped = await swap(await swapRecord(cluster, 'keeper'))
  await cluster.psql(
    'postgres',
    `alter database ${swapped.keptName} rename to somewhere_else; create database ${swapped.keptName} template template0`,
  )
  await assert.rejects(() => dropKept(swapped), { code: 'RESTORE_TARGET_CHANGED' })
  await assert.rejects(() => undoRecord(swapped, { keptName: freshKeptName() }), { code: 'RESTORE_TARGET_CHANGED' })
  assert.equal(
    await cluster.psql('postgres', `select count(*) from pg_database where datname in ('somewhere_else', '${swapped.keptName}')`),
    '2\n',
  )
})

test('SAFETY rule 1: what has no name of ours is not dropped, whatever its OID', async () => {
  await makeLive(cluster, 'renamed')
  const swapped = await swap(await swapRecord(cluster, 'renamed'))
  for (const keptName of ['precious', 'integrum_kept_0123456789abc', 'xintegrum_kept_0123456789ab']) {
    await cluster.psql('postgres', `alter database ${swapped.keptName} rename to ${keptName}`)
    await assert.rejects(() => dropKept({ ...swapped, keptName }), { code: 'RESTORE_TARGET_CHANGED' })
    await cluster.psql('postgres', `alter database ${keptName} rename to ${swapped.keptName}`)
  }
  await dropKept(swapped)
})

test('SAFETY rule 11: another server under the same address is refused', async () => {
  await makeLive(cluster, 'server')
  const swapped = await swap(await swapRecord(cluster, 'server'))
  const elsewhere = { ...swapped, systemIdentifier: '7000000000000000001' }
  assert.equal(await databaseState(elsewhere), 'foreign')
  await assert.rejects(() => undoRecord(elsewhere, { keptName: freshKeptName() }), { code: 'RESTORE_TARGET_CHANGED' })
  await assert.rejects(() => dropKept(elsewhere), { code: 'RESTORE_TARGET_CHANGED' })
  assert.equal(await databaseState(swapped), 'swapped')
})

test('SAFETY rule 7: a server that restarted since staging was verified is refused', async () => {
  await makeLive(cluster, 'restarted')
  const record = await swapRecord(cluster, 'restarted')
  const start = new Date(record.verifiedUnderStart!)
  await assert.rejects(() => fenceDatabase({ ...record, verifiedUnderStart: new Date(start.getTime() - 5).toISOString() }, { clock }), {
    code: 'RESTORE_SERVER_RESTARTED',
  })
  await fenceDatabase({ ...record, verifiedUnderStart: start.toISOString() }, { clock })
  await unfenceDatabase(record)
})

test('INV-583 prepared transactions, logical slots and subscriptions are refused with nothing touched', async () => {
  await makeLive(cluster, 'busy', 'create table t(a int)')
  const record = await swapRecord(cluster, 'busy')
  const refused = (code: string, message: RegExp) => assert.rejects(() => fenceDatabase(record, { clock }), { code, message })
  await cluster.psql('busy', `begin; insert into t values (1); prepare transaction 'visit 7'`)
  await refused('DATABASE_PREPARED_TRANSACTIONS', /visit 7 in busy/)
  await cluster.psql('busy', `rollback prepared 'visit 7'`)
  await cluster.psql('busy', `select pg_create_logical_replication_slot('downstream', 'pgoutput')`)
  await refused('DATABASE_REPLICATION_SLOTS', /slot downstream/)
  await cluster.psql('busy', `select pg_drop_replication_slot('downstream')`)
  await cluster.psql(
    'busy',
    `create subscription upstream connection 'host=/nowhere' publication p with (connect = false, slot_name = none)`,
  )
  await fenceDatabase(record, { clock })
  await unfenceDatabase(record)
  await cluster.psql('busy', `alter subscription upstream set (slot_name = 's'); alter subscription upstream enable`)
  await refused('DATABASE_REPLICATION_SLOTS', /subscription upstream/)
  assert.equal(await originOf(cluster, 'busy'), 'live')
})

test('a rename without a fence, and one whose journal cannot be written, change nothing', async () => {
  await makeLive(cluster, 'unfenced')
  const record = await swapRecord(cluster, 'unfenced')
  await assert.rejects(() => renameDatabases([record], { onPrepared: () => Promise.resolve() }), { code: 'RESTORE_STATE' })
  await fenceDatabase(record, { clock })
  let xid: string | null = null
  const onPrepared = async (prepared: string) => {
    xid = prepared
    throw new Error('the journal is full')
  }
  await assert.rejects(() => renameDatabases([record], { onPrepared }), { message: 'the journal is full' })
  assert.match(String(xid), /^\d+$/)
  assert.equal(await databaseState({ ...record, xid }), 'fenced')
  const aborted = new AbortController()
  const abort = async () => aborted.abort()
  await assert.rejects(() => renameDatabases([record], { onPrepared: abort }, aborted.signal), { code: 'CANCELLED' })
  await unfenceDatabase(record)
  assert.equal(await originOf(cluster, 'unfenced'), 'live')
})

test('SAFETY rule 3: while the transaction is going on the state is swapping, and nobody lifts the fence', async () => {
  await makeLive(cluster, 'moment')
  const record = await swapRecord(cluster, 'moment')
  await fenceDatabase(record, { clock })
  await renameDatabases([record], {
    onPrepared: async (xid) => {
      assert.equal(await databaseState({ ...record, xid }), 'swapping')
      await assert.rejects(() => unfenceDatabase({ ...record, xid }), { code: 'RESTORE_STATE' })
    },
  })
  assert.equal(await databaseState(record), 'swapped-fenced')
  await unfenceDatabase(record)
})

test('SAFETY rule 3: an outcome that contradicts the names, or that this server never gave out, is foreign', async () => {
  await makeLive(cluster, 'contrary')
  const record = await swapRecord(cluster, 'contrary')
  const committed = (await cluster.psql('postgres', 'select pg_current_xact_id()')).trim()
  const aborted = (await cluster.psql('postgres', 'begin; select pg_current_xact_id(); rollback')).trim()
  assert.equal(await databaseState({ ...record, xid: committed }), 'foreign')
  assert.equal(await databaseState({ ...record, xid: aborted }), 'staged')
  assert.equal(await databaseState({ ...record, xid: '99999999' }), 'foreign')
  // Too old for the server to tell: the names by OID do.
  assert.equal(await databaseState({ ...record, xid: '3' }), 'staged')
  const swapped = await swap(record)
  assert.equal(await databaseState({ ...swapped, xid: aborted }), 'foreign')
  assert.equal(await databaseState({ ...swapped, xid: '3' }), 'swapped')
})

test('INV-582 several databases of one server are swapped in one transaction, or none of them', async () => {
  await makeLive(cluster, 'first')
  await makeLive(cluster, 'second')
  const records = [await swapRecord(cluster, 'first'), await swapRecord(cluster, 'second'), await swapRecord(cluster, 'third')]
  for (const record of records) await fenceDatabase(record, { clock })
  await cluster.psql('postgres', `alter database second allow_connections true`)
  await assert.rejects(() => renameDatabases(records, { onPrepared: () => Promise.resolve() }), { code: 'RESTORE_STATE' })
  assert.deepEqual(await Promise.all(records.map(databaseState)), ['fenced', 'fenced', 'fenced'])
  await cluster.psql('postgres', `alter database second allow_connections false`)
  const xids: string[] = []
  await renameDatabases(records, {
    onPrepared: async (xid) => {
      xids.push(xid)
    },
  })
  for (const record of records) await unfenceDatabase({ ...record, xid: xids[0]! })
  assert.equal(xids.length, 1)
  for (const name of ['first', 'second', 'third']) assert.equal(await originOf(cluster, name), 'staging')
})

test('where there was no database the undo leaves none, and its own undo brings it back', async () => {
  const record = await swapRecord(cluster, 'brand new')
  const swapped = await swap(record)
  assert.equal(await originOf(cluster, 'brand new'), 'staging')
  await dropKept(swapped)
  const undone = await undoRecord(swapped, { keptName: freshKeptName() })
  await fenceDatabase(undone, { clock })
  await renameDatabases([undone], { onPrepared: () => Promise.resolve() })
  assert.equal(await databaseState(undone), 'swapped')
  assert.equal((await describeTarget(cluster.target('brand new'))).database, null)
  await swap(await undoRecord(undone, { keptName: freshKeptName() }))
  assert.equal(await originOf(cluster, 'brand new'), 'staging')
})

test('the database named postgres is swapped like any other, from template1', async () => {
  await cluster.psql('postgres', `create table origin(name text); insert into origin values ('live')`)
  const record = await swapRecord(cluster, 'postgres')
  const swapped = await swap(record)
  assert.equal(await originOf(cluster, 'postgres'), 'staging')
  await swap(await undoRecord(swapped, { keptName: freshKeptName() }))
  assert.equal(await originOf(cluster, 'postgres'), 'live')
})

test('SAFETY rule 10: before its release the kept database lets us alone in, then nobody, then it is gone', async () => {
  await cluster.psql('postgres', 'create role app login; create role other login')
  await makeLive(cluster, 'released')
  await cluster.psql('postgres', 'alter database released owner to app; grant connect on database released to other')
  const swapped = await swap(await swapRecord(cluster, 'released'))
  const kept = { ...cluster.target(swapped.keptName) }
  await assert.rejects(() => connect(kept))
  const before = await propertiesOf(swapped.keptName)
  assert.deepEqual(await openKept(swapped), kept)
  assert.equal(await originOf(cluster, swapped.keptName), 'live')
  for (const user of ['app', 'other']) await assert.rejects(() => connect({ ...kept, user }), { message: /permission denied/ })
  await closeKept(swapped)
  await assert.rejects(() => connect(kept), { message: /not currently accepting/ })
  const closed = await propertiesOf(swapped.keptName)
  assert.deepEqual({ ...closed, acl: closed?.acl?.toSorted() }, { ...before, acl: before?.acl?.toSorted() })
  await dropKept(swapped)
  await dropKept(swapped)
  assert.equal(await databaseState(swapped), 'released')
  assert.equal(await cluster.psql('postgres', `select count(*) from pg_database where datname = '${swapped.keptName}'`), '0\n')
})

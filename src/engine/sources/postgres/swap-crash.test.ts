import { test } from 'node:test'
import assert from 'node:assert/strict'
import { chmod, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { systemClock } from '#base/clock.ts'
import { errnoOf } from '#base/fault.ts'
import { testClusterIn, type TestCluster } from '#test/support/postgres.ts'
import { makeLive, originOf, swapRecord } from '#test/support/swap-record.ts'
import { connect } from './connection.ts'
import { readJournalComments, writeJournalComment } from './journal-comment.ts'
import type { DatabaseRecord } from './database-record.ts'
import { databaseState, fenceDatabase, renameDatabases, unfenceDatabase } from './swap.ts'

const clock = systemClock

async function durableDirectory(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'integrum-test-crash-'))
  await chmod(directory, 0o755)
  return directory
}

/** SIGKILL to the postmaster, and waits until its children have seen it: they hold the shared memory. */
async function crash(cluster: TestCluster): Promise<void> {
  const pids = (await cluster.psql('template1', 'select pid from pg_stat_activity where pid <> pg_backend_pid()'))
    .trim()
    .split('\n')
    .map(Number)
  await cluster.kill()
  for (const pid of pids) while (isAlive(pid)) await clock.sleep(5)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    assert.equal(errnoOf(error), 'ESRCH')
    return false
  }
}

/** The record as a restore would find it in its journal on the restarted server, whose socket is elsewhere. */
function at(cluster: TestCluster, record: DatabaseRecord): DatabaseRecord {
  return { ...record, live: cluster.target(record.live.database) }
}

test('INV-582 INV-584 SAFETY rule 3: killed between the renames and COMMIT, the old names stand and recovery lifts the fence', async () => {
  const directory = await durableDirectory()
  const first = await testClusterIn(directory, { isDurable: true })
  await makeLive(first, 'clinic')
  const record = await swapRecord(first, 'clinic')
  await fenceDatabase(record, { clock })
  let xid: string | null = null
  const onPrepared = async (prepared: string) => {
    xid = prepared
    await crash(first)
  }
  await assert.rejects(() => renameDatabases([record], { onPrepared }))

  await using second = await testClusterIn(directory, { isDurable: true })
  const journaled = at(second, { ...record, xid })
  // Journaled before COMMIT, so the server may not give it to another transaction.
  assert.ok(BigInt(await second.psql('postgres', 'select pg_current_xact_id()')) > BigInt(xid!))
  assert.equal(await databaseState(journaled), 'fenced')
  await assert.rejects(() => connect(second.target('clinic')), { message: /not currently accepting/ })
  await unfenceDatabase(journaled)
  await unfenceDatabase(journaled)
  assert.equal(await databaseState(journaled), 'staged')
  assert.equal(await originOf(second, 'clinic'), 'live')
  assert.equal(await originOf(second, record.stageName), 'staging')
})

test('SAFETY rule 3: killed after COMMIT the swap stands, and recovery opens the new database alone', async () => {
  const directory = await durableDirectory()
  const first = await testClusterIn(directory, { isDurable: true })
  await makeLive(first, 'clinic')
  const record = await swapRecord(first, 'clinic', { stageProperties: { comment: 'of the backup' } })
  await writeJournalComment(record, '{"step":"swapping"}')
  await fenceDatabase(record, { clock })
  let xid: string | null = null
  await renameDatabases([record], {
    onPrepared: async (prepared) => {
      xid = prepared
    },
  })
  await crash(first)

  await using second = await testClusterIn(directory, { isDurable: true })
  const journaled = at(second, { ...record, xid })
  // SAFETY rule 4: all that another machine needs stands on the kept database; its journal is older than the xid.
  assert.deepEqual(await readJournalComments(second.target('clinic')), [
    { database: record.keptName, oid: record.liveOid, text: '{"step":"swapping"}' },
  ])
  assert.equal(await databaseState(at(second, record)), 'swapped-fenced')
  assert.equal(await databaseState(journaled), 'swapped-fenced')
  await unfenceDatabase(journaled)
  await unfenceDatabase(journaled)
  assert.equal(await databaseState(journaled), 'swapped')
  assert.equal(await originOf(second, 'clinic'), 'staging')
  await assert.rejects(() => connect(second.target(record.keptName)), { message: /not currently accepting/ })
})

test('a connection lost before COMMIT is a fault, and the state tells that nothing was renamed', async () => {
  await using cluster = await testClusterIn(await durableDirectory(), { isDurable: true })
  await makeLive(cluster, 'clinic')
  const record = await swapRecord(cluster, 'clinic')
  await fenceDatabase(record, { clock })
  let xid: string | null = null
  const onPrepared = async (prepared: string) => {
    xid = prepared
    await cluster.psql('template1', "select pg_terminate_backend(pid) from pg_stat_activity where state = 'idle in transaction'")
  }
  await assert.rejects(() => renameDatabases([record], { onPrepared }))
  assert.equal(await databaseState({ ...record, xid }), 'fenced')
  await unfenceDatabase({ ...record, xid })
  assert.equal(await originOf(cluster, 'clinic'), 'live')
})

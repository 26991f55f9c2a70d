import { test, before, after } from 'node:test'
import assert from 'node:assert/strict'
import { systemClock } from '#base/clock.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { makeLive, swapRecord } from '#test/support/swap-record.ts'
import { readJournalComments, writeJournalComment } from './journal-comment.ts'
import type { DatabaseRecord } from './database-record.ts'
import { dropKept, fenceDatabase, renameDatabases, undoRecord, unfenceDatabase } from './swap.ts'

let cluster: TestCluster
before(async () => {
  cluster = await testCluster()
})
after(() => cluster.stop())

async function swap(record: DatabaseRecord): Promise<void> {
  await fenceDatabase(record, { clock: systemClock })
  await renameDatabases([record], { onPrepared: () => Promise.resolve() })
  await unfenceDatabase(record)
}

const commentOf = async (database: string) =>
  (await cluster.psql('postgres', `select shobj_description(oid, 'pg_database') from pg_database where datname = '${database}'`)).trim()

test('SAFETY rule 4: the journal stands on the staging, moves to the kept database, and each live database has its own comment', async () => {
  await makeLive(cluster, 'clinic')
  await cluster.psql('postgres', `comment on database clinic is 'of the old one'`)
  const record = await swapRecord(cluster, 'clinic', { stageProperties: { comment: 'of the backup' } })
  assert.deepEqual(await readJournalComments(record.live), [])
  const text = `{"step": "staged", "odd": "it's \\\\ \\u0007 ä\n"}`
  await writeJournalComment(record, text)
  assert.deepEqual(await readJournalComments(record.live), [{ database: record.stageName, oid: record.stageOid, text }])
  assert.equal(await commentOf('clinic'), 'of the old one')

  await swap(record)
  assert.deepEqual(await readJournalComments(record.live), [{ database: record.keptName, oid: record.liveOid, text }])
  assert.equal(await commentOf('clinic'), 'of the backup')
  await writeJournalComment(record, '{"step":"swapped"}')
  assert.deepEqual(await readJournalComments(record.live), [{ database: record.keptName, oid: record.liveOid, text: '{"step":"swapped"}' }])

  const undo = await undoRecord(record, { keptName: 'integrum_kept_0123456789ab' })
  await writeJournalComment(undo, '{"kind":"undo"}')
  await swap(undo)
  assert.deepEqual(await readJournalComments(record.live), [{ database: undo.keptName, oid: undo.liveOid, text: '{"kind":"undo"}' }])
  assert.equal(await commentOf('clinic'), 'of the old one')
  await dropKept(undo)
  assert.deepEqual(await readJournalComments(record.live), [])
})

test('a comment is written only on the databases of the record, and only ours is read as a journal', async () => {
  await makeLive(cluster, 'other')
  const record = await swapRecord(cluster, 'other')
  await cluster.psql('postgres', `comment on database ${record.stageName} is 'somebody was here'`)
  assert.deepEqual(await readJournalComments(record.live), [])
  await writeJournalComment({ ...record, stageOid: record.liveOid! + 100_000 }, 'a journal')
  await writeJournalComment({ ...record, stageOid: null }, 'a journal')
  assert.equal(await commentOf(record.stageName), 'somebody was here')
})

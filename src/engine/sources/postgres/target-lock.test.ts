import { test, before, after } from 'node:test'
import assert from 'node:assert/strict'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { describeTarget } from './database-facts.ts'
import { lockDatabase } from './target-lock.ts'

let cluster: TestCluster
before(async () => {
  cluster = await testCluster()
})
after(() => cluster.stop())

const oidOf = async (database: string) => (await describeTarget(cluster.target(database))).database?.oid ?? null

test('SAFETY rule 2: one restore at a time per database, freed with its scope', async () => {
  await cluster.createDatabase('clinic')
  await cluster.createDatabase('other')
  const oid = await oidOf('clinic')
  {
    await using held = await lockDatabase(cluster.target('clinic'), oid)
    await held.confirm()
    await assert.rejects(() => lockDatabase(cluster.target('clinic'), oid), { code: 'TARGET_BUSY' })
    await using _other = await lockDatabase(cluster.target('other'), await oidOf('other'))
  }
  await using _again = await lockDatabase(cluster.target('clinic'), oid)
})

test('SAFETY rule 2: a renamed database is still claimed, and so is the name it left', async () => {
  await cluster.createDatabase('before')
  const oid = await oidOf('before')
  await using _held = await lockDatabase(cluster.target('before'), oid)
  await cluster.psql('postgres', 'alter database before rename to after')
  await assert.rejects(() => lockDatabase(cluster.target('after'), oid), { code: 'TARGET_BUSY' })
  await cluster.createDatabase('before')
  await assert.rejects(() => oidOf('before').then((fresh) => lockDatabase(cluster.target('before'), fresh)), { code: 'TARGET_BUSY' })
})

test('a place where there is no database yet is claimed by its name', async () => {
  await using _held = await lockDatabase(cluster.target('absent'), null)
  await assert.rejects(() => lockDatabase(cluster.target('absent'), null), { code: 'TARGET_BUSY' })
})

test('the database named postgres is claimed from another one', async () => {
  await using held = await lockDatabase(cluster.target('postgres'), await oidOf('postgres'))
  await held.confirm()
  assert.equal(await cluster.psql('postgres', "select count(*) from pg_stat_activity where datname = 'template1'"), '1\n')
})

test('SAFETY rule 2: a claim whose session was ended says that it is lost', async () => {
  await cluster.createDatabase('lost')
  const held = await lockDatabase(cluster.target('lost'), await oidOf('lost'))
  await cluster.psql('postgres', 'select pg_terminate_backend(pid) from pg_locks where locktype = $$advisory$$ and pid <> pg_backend_pid()')
  await assert.rejects(() => held.confirm(), { code: 'TARGET_BUSY' })
  await held[Symbol.asyncDispose]()
  await using _again = await lockDatabase(cluster.target('lost'), await oidOf('lost'))
})

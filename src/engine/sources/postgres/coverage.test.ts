import { after, before, test } from 'node:test'
import assert from 'node:assert/strict'
import { Fault, isFault } from '#base/fault.ts'
import { captureToDirectory } from '#test/support/captured-database.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import type { DatabaseTarget } from './target.ts'

let cluster: TestCluster

before(async () => {
  cluster = await testCluster()
  await cluster.psql('postgres', `create role "the reader" login; create role owner nologin`)
})

after(() => cluster.stop())

function readerOf(database: string): DatabaseTarget {
  return { ...cluster.target(database), user: 'the reader' }
}

async function refusal(database: string): Promise<Fault> {
  try {
    await using captured = await captureToDirectory({ name: 'clinic', target: readerOf(database) })
    return assert.fail(`captured ${captured.section.rows} rows`)
  } catch (error) {
    assert.ok(error instanceof Fault, String(error))
    return error
  }
}

test('INV-502 a role that may not read a schema, table, sequence or large object gets each GRANT to run, and may read after them', async () => {
  await cluster.createDatabase('grants')
  await cluster.psql(
    'grants',
    `create schema "Odd ""schema"; create table "Odd ""schema"."t;" (a serial); insert into "Odd ""schema"."t;" values (1);
     create table plain (a int); create table parts (a int) partition by list (a); create table part_1 partition of parts for values in (1);
     create materialized view seen as select 1 as a; create view unasked as select 1;
     grant select on plain to "the reader"; select lo_from_bytea(4711, 'abc')`,
  )
  const fault = await refusal('grants')
  assert.equal(fault.code, 'DATABASE_COVERAGE')
  const grants = fault.message.split('\n').slice(1)
  assert.deepEqual(grants, [
    'GRANT USAGE ON SCHEMA "Odd ""schema" TO "the reader";',
    'GRANT SELECT ON TABLE "Odd ""schema"."t;" TO "the reader";',
    'GRANT SELECT ON SEQUENCE "Odd ""schema"."t;_a_seq" TO "the reader";',
    'GRANT SELECT ON TABLE "public"."part_1" TO "the reader";',
    'GRANT SELECT ON TABLE "public"."parts" TO "the reader";',
    'GRANT SELECT ON TABLE "public"."seen" TO "the reader";',
    'GRANT SELECT ON LARGE OBJECT 4711 TO "the reader";',
  ])
  await cluster.psql('grants', grants.join('\n'))
  await using captured = await captureToDirectory({ name: 'clinic', target: readerOf('grants') })
  assert.equal(captured.section.rows, 1)
  assert.equal(captured.section.largeObjects.bytes, 3)
})

test('INV-502 row security that would hide rows is DATABASE_ROW_SECURITY, never a smaller backup', async () => {
  await cluster.createDatabase('policies')
  await cluster.psql(
    'policies',
    `create table t (tenant text); insert into t values ('a'), ('b'); alter table t enable row level security;
     create policy mine on t using (tenant = 'a'); grant select on t to "the reader"`,
  )
  const fault = await refusal('policies')
  assert.equal(fault.code, 'DATABASE_ROW_SECURITY')
  assert.match(fault.message, /public\.t/)
  assert.match(fault.message, /\nALTER ROLE "the reader" BYPASSRLS;$/)
})

test('INV-502 row security that is forced upon the owner is DATABASE_ROW_SECURITY for the owner too', async () => {
  await cluster.createDatabase('forced')
  await cluster.psql(
    'forced',
    `create table t (tenant text); insert into t values ('a'); alter table t enable row level security; alter table t owner to "the reader"`,
  )
  const source = { name: 'clinic', target: readerOf('forced') }
  {
    await using captured = await captureToDirectory(source)
    assert.equal(captured.section.rows, 1)
  }
  await cluster.psql('forced', 'alter table t force row level security')
  assert.equal((await refusal('forced')).code, 'DATABASE_ROW_SECURITY')
})

test('a database or a server that is not there has its own fault', async () => {
  const missing = { name: 'clinic', target: cluster.target('nowhere') }
  await assert.rejects(captureToDirectory(missing), (error) => isFault(error, 'DATABASE_NOT_FOUND'))
  const unreachable = { name: 'clinic', target: { ...cluster.target('postgres'), host: '/nonexistent' } }
  await assert.rejects(captureToDirectory(unreachable), (error) => isFault(error, 'DATABASE_UNREACHABLE'))
})

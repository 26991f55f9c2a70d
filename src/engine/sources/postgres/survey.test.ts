import { test } from 'node:test'
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { Fault } from '#base/fault.ts'
import { spaceOf } from '#host/space.ts'
import { sharedFolder } from '#test/support/shared.ts'
import { testCluster } from '#test/support/postgres.ts'
import { connect } from './connection.ts'
import { surveyDatabase } from './survey.ts'

test('a survey says what a server and a database are, and changes nothing', async () => {
  await using cluster = await testCluster({ settings: { max_prepared_transactions: '2', wal_level: 'logical' } })
  const target = cluster.target('clinic')
  assert.equal((await surveyDatabase(target)).database, undefined)

  await cluster.createDatabase('clinic')
  await cluster.psql('clinic', await readFile(path.join(sharedFolder(), 'cases/gaps.sql'), 'utf8'))
  await cluster.psql(
    'clinic',
    `select pg_create_logical_replication_slot('slot_a', 'pgoutput');
     create subscription away connection 'dbname=nowhere' publication p with (connect = false);
     begin; insert into public.parent values (7); prepare transaction 'half'`,
  )
  await using other = await connect(target)
  const survey = await surveyDatabase(target, undefined, { countsRows: true })
  const database = survey.database!
  assert.match(survey.systemIdentifier, /^\d{15,20}$/)
  assert.match(survey.postmasterStartTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
  assert.equal(Math.floor(survey.serverVersion.number / 10_000), 15)
  assert.ok(database.oid > 16_000 && database.sizeBytes > 7_000_000)
  assert.equal(database.properties.connectionLimit, 55)
  assert.deepEqual(
    database.tables.find(({ table }) => table === 'extremes'),
    { schema: 'public', table: 'extremes', rows: 4, sizeBytes: database.tables.find(({ table }) => table === 'extremes')!.sizeBytes },
  )
  assert.deepEqual(
    database.preparedTransactions.map(({ gid }) => gid),
    ['half'],
  )
  assert.deepEqual(database.logicalSlots, [{ name: 'slot_a', isActive: false }])
  assert.deepEqual(database.subscriptions, [{ name: 'away', isEnabled: false }])
  const [{ pid }] = (await other.query<{ pid: number }>('select pg_backend_pid() as pid')) as [{ pid: number }]
  assert.deepEqual(
    database.sessions
      .filter((session) => session.backendType === 'client backend')
      .map((session) => [session.pid, session.user, session.isSuperuser]),
    [[pid, 'postgres', true]],
  )
  assert.deepEqual(survey.ability, {
    user: 'postgres',
    isSuperuser: true,
    bypassesRowSecurity: true,
    createsDatabases: true,
    terminatesSessions: true,
    ownsDatabase: true,
  })
  assert.ok(survey.roles.includes('gap_owner') && survey.tablespaces.includes('pg_default'))
  assert.ok(survey.extensions.find(({ name }) => name === 'btree_gist')!.versions.includes('1.6'))
  assert.equal(survey.space.isLocal, true)
  assert.equal(survey.space.data.totalBytes, (await spaceOf(survey.space.data.path!)).totalBytes)
  assert.ok(survey.space.wal.freeBytes! > 0 && survey.space.walBytes! > 0)
  // Nothing it did may stay behind: the same database surveyed again has the same fingerprint.
  assert.equal((await surveyDatabase(target)).database!.schemaFingerprint, database.schemaFingerprint)
})

test('the schema fingerprint changes with each ALTER and not with rows', async () => {
  await using cluster = await testCluster()
  await cluster.createDatabase('clinic')
  const target = cluster.target('clinic')
  const fingerprint = async () => (await surveyDatabase(target)).database!.schemaFingerprint
  await cluster.psql('clinic', 'create table t(a int, b text); create function f() returns int language sql as $$select 1$$')
  const first = await fingerprint()
  await cluster.psql('clinic', 'insert into t values (1); analyze t; create role somebody; alter table t owner to somebody')
  assert.equal(await fingerprint(), first)
  const seen = new Set([first])
  for (const alter of [
    'alter table t alter a type bigint',
    'alter table t add check (a > 0)',
    'create index on t(b)',
    'alter table t alter b set default 1',
    'create or replace function f() returns int language sql as $$select 2$$',
    'alter table t enable row level security',
    'create view v as select a from t',
    "create type e as enum ('x')",
    "alter type e add value 'y'",
    'alter table t drop column b',
  ]) {
    await cluster.psql('clinic', alter)
    const next = await fingerprint()
    assert.ok(!seen.has(next), alter)
    seen.add(next)
  }
})

test('a role that may do less is told so, and space it may not see is not known', async () => {
  await using cluster = await testCluster()
  await cluster.createDatabase('clinic')
  await cluster.psql('clinic', 'create role plain login; create table t(a int)')
  const survey = await surveyDatabase({ ...cluster.target('clinic'), user: 'plain' })
  assert.deepEqual(survey.ability, {
    user: 'plain',
    isSuperuser: false,
    bypassesRowSecurity: false,
    createsDatabases: false,
    terminatesSessions: false,
    ownsDatabase: false,
  })
  assert.equal(survey.space.isLocal, false)
  assert.equal(survey.space.data.freeBytes, undefined)
  assert.equal(survey.space.walBytes, null)
  await assert.rejects(surveyDatabase({ ...cluster.target('clinic'), user: 'plain' }, undefined, { countsRows: true }), (error) => {
    return error instanceof Fault && error.code === 'DATABASE_QUERY' && error.facts['sqlState'] === '42501'
  })
})

import { after, before, test } from 'node:test'
import assert from 'node:assert/strict'
import { randomHex, systemRandom } from '#host/random.ts'
import { captureToDirectory } from '#test/support/captured-database.ts'
import { directoryToSource } from '#test/support/directory-to-source.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { stageDatabase } from './stage.ts'

let cluster: TestCluster
const never = new AbortController().signal

before(async () => {
  cluster = await testCluster()
})

after(() => cluster.stop())

// The large table keeps one session busy while the other has loaded the rest and computes what it can.
const clinic = `create table large (a int primary key, b text);
  insert into large select g, repeat('x', 200) from generate_series(1, 60000) g;
  create table plain (a int primary key, b text);
  insert into plain select g, 'row ' || g from generate_series(1, 500) g;
  create table expressed (a int, b text);
  insert into expressed select g, 'row ' || g from generate_series(1, 500) g;
  create index on expressed (upper(b));
  create table extended (a int, b int);
  insert into extended select g, g / 2 from generate_series(1, 500) g;
  create statistics both_columns on a, b from extended;
  create table root (a int) partition by range (a);
  create table leaf_1 partition of root for values from (0) to (300);
  create table middle partition of root for values from (300) to (1000) partition by range (a);
  create table leaf_2 partition of middle for values from (300) to (1000);
  insert into root select g from generate_series(1, 600) g;
  create materialized view seen as select a from plain;
  analyze`

const statistics = `select string_agg(tablename || '.' || attname || case when inherited then ' inherited' else '' end, ', ' order by tablename, attname, inherited)
  || '; ' || (select coalesce(string_agg(statistics_name, ', '), '') from pg_stats_ext where schemaname = 'public') from pg_stats where schemaname = 'public'`

test('what ANALYZE of the original knows is known once a staging is verified: of partitions, expressions and several columns too', async () => {
  await cluster.createDatabase('clinic')
  await cluster.psql('clinic', clinic)
  const taken = await captureToDirectory({ name: 'clinic', target: cluster.target('clinic') })
  await using _ = taken
  const stageName = `integrum_stage_${randomHex(systemRandom, 12)}`
  const staged = await stageDatabase(
    {
      section: taken.section,
      stored: directoryToSource(taken.folder),
      target: cluster.target('clinic'),
      stageName,
      roles: [],
      connections: 2,
      freeBytesMin: 0,
      onCreated: async () => {},
    },
    never,
  )
  await staged.verify(never)
  const known = await cluster.psql(stageName, statistics)
  assert.equal(known, await cluster.psql('clinic', statistics))
  assert.match(known, /expressed_upper_idx\.upper.*leaf_2\.a.*root\.a inherited.*; both_columns$/m)
  await staged.discard()
})

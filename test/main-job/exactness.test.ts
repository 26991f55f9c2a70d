import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { catalogDiff } from '#test/support/catalog-diff.ts'
import { workplace, type Workplace } from '#test/support/command-line.ts'
import { explain } from '#test/support/explained-differences.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'

let cluster: TestCluster
let place: Workplace

before(async () => {
  cluster = await testCluster({ settings: { max_prepared_transactions: '4', wal_level: 'logical' } })
  place = await workplace()
  await place.expect(0, 'repository', 'create')
})
after(async () => {
  await place[Symbol.asyncDispose]()
  await cluster.stop()
})

interface RoundTrip {
  readonly exactness: readonly { readonly what: string; readonly why: string }[]
  readonly notes: readonly string[]
}

/** Backs up, keeps the original as `NAME before`, restores. */
async function roundTrip(name: string): Promise<RoundTrip> {
  const backup = await place.expect(0, 'backup', '--system', name, '--database', `${name}=${cluster.url(name)}`)
  await cluster.psql('postgres', `alter database "${name}" rename to "${name} before"`)
  const plan = place.file(`${name}.json`)
  await place.expect(0, 'restore', 'plan', '--backup', backup.json['backup'], '--out', plan)
  const restored = await place.expect(0, 'restore', 'run', plan, '--confirm', name)
  return { exactness: backup.json['exactness'], notes: restored.json['notes'] }
}

test('INV-508 INV-548 every object comes back as it was, or the backup named it, or the restore tells that the server refused it', async () => {
  await cluster.createDatabase('losses')
  await cluster.psql('losses', await readFile(new URL('../cases/losses.sql', import.meta.url), 'utf8'))
  const { exactness, notes } = await roundTrip('losses')
  const lines = await catalogDiff(cluster.target('losses before'), cluster.target('losses'))
  const { unexplained, needed } = explain(lines, [...exactness], notes)
  assert.deepEqual(unexplained, [])
  assert.deepEqual([...needed].toSorted(), [
    "comments on PostgreSQL's own",
    'comments on constraints',
    'foreign keys whose checks',
    'members of extensions',
    'members of operator families',
    'names of foreign keys',
    'number of dimensions',
    "objects in PostgreSQL's own schemas",
    'order of columns',
  ])
  const leftOut = notes.map((note) => /losses: (.*) was left out: /.exec(note)?.[1]).filter((what) => what !== undefined)
  assert.deepEqual(leftOut.toSorted(), [
    'COMMENT public INDEX dup_broken postgres',
    'FUNCTION public skeys(public.hstore) postgres',
    'INDEX public dup_broken postgres',
    'MATERIALIZED VIEW DATA public mv_fail postgres',
    'MATERIALIZED VIEW DATA public mv_guc postgres',
    'MATERIALIZED VIEW DATA public mv_on_fail postgres',
  ])
  assert.ok(notes.some((note) => note.includes('materialized view public.mv_stale was made anew')))
  const said = await cluster.diff('losses before', 'losses', '--replay')
  const rows = said.split('\n').filter((line) => line.startsWith('DIFF rows') && !/matview public\.mv_/.test(line))
  assert.deepEqual(rows, [])
})

test('INV-508 what no dump holds is named: slots, prepared transactions, invalid indexes, collation versions, rows of extensions', async () => {
  await cluster.createDatabase('named')
  await cluster.psql(
    'named',
    `create table t (a int); insert into t values (1), (1); create collation old (provider = icu, locale = 'de');
     update pg_collation set collversion = '1.0' where collname = 'old'; create index broken on t (a); update pg_index set indisvalid = false where indexrelid = 'broken'::regclass;
     create extension hstore; create table member (a int); insert into member values (1); create table config (a int); insert into config values (1), (2);
     alter extension hstore add table member; alter extension hstore add table config;
     update pg_extension set extconfig = array['config'::regclass::oid], extcondition = array['where a > 1'] where extname = 'hstore';
     select pg_create_logical_replication_slot('a_slot', 'pgoutput'); create unlogged table fleeting (a int);
     begin; insert into t values (2); prepare transaction 'a gid'`,
  )
  const backup = await place.expect(0, 'backup', '--system', 'named', '--database', `named=${cluster.url('named')}`)
  await cluster.psql('named', `select pg_drop_replication_slot('a_slot'); rollback prepared 'a gid'`)
  const named = backup.json['exactness'].map(({ what }: { what: string }) => what)
  for (const wanted of [
    'logical replication slots: a_slot',
    'prepared transactions: a gid',
    'invalid indexes: public.broken',
    'versions of collations: collation public.old',
    'tables of extensions: public.member',
    'rows of extensions: public.config (where a > 1)',
    'unlogged tables: public.fleeting',
  ])
    assert.ok(named.includes(wanted), `${wanted} is not among\n${named.join('\n')}`)
})

test('INV-508 a database that is invalid or accepts no connections is refused', async () => {
  await cluster.psql('postgres', 'create database closed allow_connections false; create database invalid')
  await cluster.psql('postgres', `update pg_database set datconnlimit = -2 where datname = 'invalid'`)
  for (const [name, fact] of [
    ['closed', /not currently accepting connections/],
    ['invalid', /cannot connect to invalid database/],
  ] as const) {
    const told = await place.expect(1, 'backup', '--system', name, '--database', `db=${cluster.url(name)}`)
    assert.equal(told.json['error'].code, 'DATABASE_UNREACHABLE')
    assert.match(told.json['error'].fact, fact)
  }
})

test('docs/exactness.md says of every catalog of the server what becomes of it', async () => {
  const page = await readFile(new URL('../../docs/exactness.md', import.meta.url), 'utf8')
  const catalogs = await cluster.psql(
    'postgres',
    `select relname from pg_class where relnamespace = 'pg_catalog'::regnamespace and relkind = 'r' and current_setting('server_version_num')::int / 10000 = 15`,
  )
  const missing = catalogs.split('\n').filter((name) => name !== '' && !page.includes(`\`${name}\``))
  assert.deepEqual(missing, [])
})

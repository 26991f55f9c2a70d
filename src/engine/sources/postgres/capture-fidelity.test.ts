import { after, before, test } from 'node:test'
import { isFault } from '#base/fault.ts'
import assert from 'node:assert/strict'
import { appendFile, chmod, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { captureToDirectory, type CapturedDatabase } from '#test/support/captured-database.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import type { DatabaseSection } from './database-section.ts'
import { databaseSectionSchema } from './database-section.ts'

let cluster: TestCluster
const hashKey = Uint8Array.from({ length: 16 }, (_, i) => 255 - i)

before(async () => {
  cluster = await testCluster()
})

after(() => cluster.stop())

async function make(name: string, sql: string): Promise<void> {
  await cluster.createDatabase(name)
  await cluster.psql(name, sql)
}

/** With one key, so that two captures can be compared. */
function capture(database: string): Promise<CapturedDatabase> {
  return captureToDirectory({ name: 'clinic', target: cluster.target(database) }, hashKey)
}

function hashes(section: DatabaseSection) {
  const { tables, largeObjects, extensionTables, materializedViews, sequences } = section
  return {
    tables: tables.map(({ schema, table, columns, hash, generated, loadVia, isUnlogged }) => ({
      schema,
      table,
      columns,
      hash,
      generated,
      loadVia,
      isUnlogged,
    })),
    largeObjects,
    extensionTables,
    materializedViews,
    sequences,
  }
}

/** Captures, restores with the script, asks the independent judge, captures again and compares every hash. */
async function roundTrip(database: string): Promise<DatabaseSection> {
  await using first = await capture(database)
  assert.deepEqual(databaseSectionSchema.parse(first.section), first.section)
  const copy = `${database} copy`
  const restored = await first.restore(cluster, copy)
  assert.equal(restored.exitCode, 0, restored.stderr)
  const said = await cluster.diff(database, copy, '--replay', '--no-roles')
  assert.match(said, /^IDENTICAL$/m, said)
  await using second = await capture(copy)
  assert.deepEqual(hashes(second.section), hashes(first.section))
  return first.section
}

test('SAFETY rule 19: generated columns have a hash of their own, large objects, sequences and views are hashed', async () => {
  await make(
    'everything',
    `create table g (a int, b int generated always as (a * 2) stored, "odd " text generated always as ('x' || a) stored);
     insert into g values (1), (2), (null); create table only_generated (b int generated always as (7) stored); insert into only_generated values (default), (default);
     select lo_from_bytea(9001, decode(repeat('ab', 200000), 'hex')); select lo_create(9002);
     do $$ declare fd int; begin fd := lo_open(lo_create(9003), 131072 + 262144); perform lo_lseek64(fd, 300000, 0); perform lowrite(fd, '\\xff'); end $$;
     create sequence s increment -5; select nextval('s'), nextval('s'); create sequence untouched;
     create materialized view m as select a, b from g; create materialized view empty_one as select 1 as a with no data`,
  )
  const section = await roundTrip('everything')
  const generated = section.tables.map((table) => [
    table.table,
    table.columns.length,
    table.generated?.columns.length,
    table.generated?.hash.rows,
  ])
  assert.deepEqual(generated, [
    ['g', 1, 2, 3],
    ['only_generated', 0, 1, 2],
  ])
  assert.deepEqual([section.largeObjects.count, section.largeObjects.bytes], [3, 200_000 + 300_001])
  assert.deepEqual(section.sequences, [
    { schema: 'public', name: 's', lastValue: '-6', isCalled: true },
    { schema: 'public', name: 'untouched', lastValue: '1', isCalled: false },
  ])
  assert.deepEqual(
    section.materializedViews.map((view) => [view.name, view.isPopulated, view.hash.rows]),
    [
      ['empty_one', false, 0],
      ['m', true, 3],
    ],
  )
})

test('SAFETY rule 19: one changed value of a generated column, large object or view changes its hash', async () => {
  const sql = (value: string) =>
    `create table g (a int, b text generated always as ('${value}') stored); insert into g values (1);
     select lo_from_bytea(9001, '${value}'); create materialized view m as select '${value}' as v`
  await make('one', sql('x'))
  await make('other', sql('y'))
  await using one = await capture('one')
  await using other = await capture('other')
  const [a, b] = [hashes(one.section), hashes(other.section)]
  assert.deepEqual(a.tables[0]!.hash, b.tables[0]!.hash)
  assert.notEqual(a.tables[0]!.generated!.hash.sum, b.tables[0]!.generated!.hash.sum)
  assert.notEqual(a.largeObjects.hash.sum, b.largeObjects.hash.sum)
  assert.notEqual(a.materializedViews[0]!.hash.sum, b.materializedViews[0]!.hash.sum)
})

test('zero-column, unlogged, inherited and altered tables, and names with every odd byte, come back', async () => {
  const odd = [
    `a"b`,
    'a.b',
    '$x$',
    'a|b',
    '(a)',
    'a*',
    'a?',
    '[a]',
    'a\\b',
    "a'b",
    '^a',
    'A',
    ' a ',
    'ü日',
    'new\nline',
    '%41',
    'a{2}',
    '{db}',
    ':x',
    ':"database"',
    '-- x',
    '@LOADS@',
    '$&',
  ]
  const tables = odd.map((name) => {
    const quoted = `"${name.replaceAll('"', '""')}"`
    return `create table ${quoted} (${quoted} text); insert into ${quoted} values ('1'); create table "s${name.replaceAll('"', '""')}".${quoted} ();`
  })
  await make(
    'odd',
    `${odd.map((name) => `create schema "s${name.replaceAll('"', '""')}";`).join('\n')}
     ${tables.join('\n')}
     create table aab (a int); insert into aab values (1); create table zero (); insert into zero default values;
     create unlogged table unlogged (a int); insert into unlogged values (1);
     create table up (a int, b text default 'up'); create table down (c int) inherits (up); insert into up values (1); insert into down values (2, 'x', 3);
     alter table up drop column b; create table altered (a int, b int); insert into altered values (1, 2); alter table altered drop column a; alter table altered add column d int default 5`,
  )
  const section = await roundTrip('odd')
  assert.equal(section.tables.find((table) => table.table === 'up')!.hash.rows, 1)
  assert.equal(section.tables.find((table) => table.table === 'unlogged')!.isUnlogged, true)
  const [first] = section.exactness.filter(({ what }) => what.startsWith('unlogged'))
  assert.equal(first?.what, 'unlogged tables: public.unlogged')
})

test('partitions come back, hash partitions on an enum key through their root', async () => {
  await make(
    'partitions',
    `create type color as enum ('red', 'green', 'blue'); alter type color add value 'violet' before 'red';
     create table p (c color, n int) partition by list (n); create table p_1 partition of p for values in (1) partition by hash (c);
     create table p_1_0 partition of p_1 for values with (modulus 2, remainder 0); create table p_1_1 partition of p_1 for values with (modulus 2, remainder 1);
     create table p_2 partition of p for values in (2); insert into p select unnest(enum_range(null::color)), 1; insert into p values ('red', 2)`,
  )
  await using captured = await capture('partitions')
  const via = captured.section.tables.map((table) => [table.table, table.loadVia])
  assert.deepEqual(via, [
    ['p_1_0', { schema: 'public', table: 'p' }],
    ['p_1_1', { schema: 'public', table: 'p' }],
    ['p_2', undefined],
  ])
  const restored = await captured.restore(cluster, 'partitions copy')
  assert.equal(restored.exitCode, 0, restored.stderr)
  assert.equal(
    await cluster.psql('partitions copy', 'select n, c from p order by 1, 2'),
    await cluster.psql('partitions', 'select n, c from p order by 1, 2'),
  )
})

test('SAFETY rule 20: checks that call functions are added after the rows, under the search path of the database', async () => {
  await make(
    'checks',
    `create schema app; set search_path = app; create table known (k int primary key); insert into known values (1), (2);
     create function is_known(int) returns boolean language sql stable as 'select exists (select from known where k = $1)';
     alter database checks set search_path to app;
     create table a (k int constraint k_known check (is_known(k)), constraint plain check (k > 0)); insert into a values (1);
     comment on constraint k_known on a is 'it''s known'; create table a_child (constraint own check (is_known(k))) inherits (a); insert into a_child values (2);
     create table a_grand (constraint k_known check (is_known(k))) inherits (a_child); create table no_inherit (k int, constraint c check (is_known(k)) no inherit);
     create function is_known_too(int) returns boolean language plpgsql as 'begin return is_known($1); end'; create table parts (k int, constraint c check (is_known_too(k))) partition by list (k); create table part_1 partition of parts for values in (1); insert into parts values (1);
     create table late (k int); insert into late values (99); alter table late add constraint broken check (is_known(k)) not valid;
     create domain known_number as int constraint d check (is_known(value)); comment on constraint d on domain known_number is 'd'; create table uses (k known_number); insert into uses values (2);
     create table self (k int); create function of_self(self) returns boolean language sql as 'select true'; alter table self add constraint loop check (of_self(self.*)); insert into self values (1);
     create table until (t timestamptz check (t < now() + interval '100 years')); insert into until values (now());
     create function forbid() returns event_trigger language plpgsql as $$ begin raise exception 'no DDL: %', tg_tag; end $$;
     create event trigger guard on ddl_command_start when tag in ('ALTER TABLE', 'ALTER DOMAIN', 'COMMENT') execute function forbid(); alter event trigger guard enable always`,
  )
  await using captured = await capture('checks')
  const [before, after] = [await captured.text('checks-before.sql'), await captured.text('checks-after.sql')]
  for (const text of [before, after]) assert.doesNotMatch(text, /"plain"|"broken"/)
  assert.match(after, /"until_t_check"/)
  await roundTrip('checks')
})

test('a check that the rows no longer meet comes back as it was, with a warning, and no row is lost', async () => {
  await make(
    'violated',
    `create table allowed (k int); insert into allowed values (1), (2); create function is_allowed(int) returns boolean language sql stable as 'select exists (select from public.allowed where k = $1)';
     create table t (k int check (is_allowed(k))); create table t_child () inherits (t); insert into t values (1); insert into t_child values (2); delete from allowed`,
  )
  await using captured = await capture('violated')
  const restored = await captured.restore(cluster, 'violated again')
  assert.equal(restored.exitCode, 0, restored.stderr)
  assert.match(restored.stderr, /WARNING: .*a check of the backup is not proven: .*is violated by some row/)
  const said = await cluster.diff('violated', 'violated again', '--replay', '--no-roles')
  assert.match(said, /^IDENTICAL$/m, said)
})

test('everything.sql comes back: versions and owners of extensions, violated keys, blocking event triggers, functions on the path', async () => {
  await make('everything else', await readFile(path.join(import.meta.dirname, '../../../../test/cases/everything.sql'), 'utf8'))
  await using captured = await capture('everything else')
  const restored = await captured.restore(cluster, 'everything else copy')
  assert.equal(restored.exitCode, 0, restored.stderr)
  assert.match(restored.stderr, /WARNING: .*rows of the backup violate foreign key orphan_id_fkey/)
  const said = await cluster.diff('everything else', 'everything else copy', '--no-roles')
  assert.match(said, /^IDENTICAL$/m, said)
})

test('owners of extensions, edited functions of PostgreSQL, roles, settings and grants of the database come back', async () => {
  await make(
    'globals',
    `create role app nologin; create role clerk nologin in role app; create role lead login connection limit 7 valid until '2030-01-01';
     comment on role lead is 'l'; alter role lead set work_mem = '9MB'; alter database globals owner to app;
     alter database globals set "app.x" to 'it''s :"database" %s'; alter database globals set search_path to "$user", "Odd, one";
     alter role clerk in database globals set statement_timeout = '3s'; comment on database globals is E'line\\n:x';
     revoke all on database globals from public; grant connect on database globals to lead with grant option; alter database globals connection limit 44;
     set role app; create extension pgcrypto; create extension citext; reset role; create extension btree_gist;
     alter function pg_catalog.jsonb_path_query(jsonb, jsonpath, jsonb, boolean) rows 3; alter function pg_catalog.lower(text) cost 11;
     alter function pg_catalog.random() set work_mem = '1MB'; create table t (a int); alter table t owner to clerk`,
  )
  const section = await roundTrip('globals')
  assert.deepEqual(section.roles, ['app', 'clerk', 'lead', 'postgres'])
  assert.equal(section.extensions.find((extension) => extension.name === 'citext')!.owner, 'app')
})

test('restore.sh makes the roles that another server lacks, with what they may and without passwords', async () => {
  const roles = `select rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolconnlimit, rolvaliduntil,
    (select string_agg(g.rolname || m.admin_option, ',' order by g.rolname) from pg_auth_members m join pg_roles g on g.oid = m.roleid where m.member = r.oid),
    shobj_description(oid, 'pg_authid'), rolconfig from pg_roles r where rolname !~ '^pg_' order by 1`
  await using here = await testCluster()
  await using there = await testCluster()
  await here.psql(
    'postgres',
    `create role base nologin; create role "Mid ""dle" createdb noinherit in role base; create role leaf login password 'secret-one' valid until '2031-02-03';
     grant "Mid ""dle" to leaf with admin option; grant pg_monitor to base; alter role leaf set "app.y" to 'z'; comment on role base is E'b\\'s'; create database "d b" owner leaf`,
  )
  await using captured = await captureToDirectory({ name: 'clinic', target: here.target('d b') })
  assert.ok(captured.section.exactness.some(({ what }) => what === 'passwords of roles'))
  assert.doesNotMatch(await captured.text('globals.sql'), /SCRAM|md5|secret|PASSWORD/)
  const restored = await captured.restore(there, 'd b')
  assert.equal(restored.exitCode, 0, restored.stderr)
  assert.equal(await there.psql('postgres', roles), await here.psql('postgres', roles))
})

test('restore.sh refuses a database that holds anything, a damaged file, and a count that differs', async () => {
  await make('counted', 'create table t (a int); insert into t select generate_series(1, 5)')
  await make('occupied', 'create table mine (a int)')
  await using captured = await capture('counted')
  const occupied = await captured.restore(cluster, 'occupied')
  assert.equal(occupied.exitCode, 1)
  assert.match(occupied.stderr, /database occupied is not empty/)

  await chmod(captured.folder, 0o755)
  const segment = path.join(captured.folder, 'data/public/t/000000.copy')
  await appendFile(segment, '6\n')
  const damaged = await captured.restore(cluster, 'counted copy')
  assert.equal(damaged.exitCode, 1)
  assert.match(damaged.stderr, /a file is not as it was written/)
  assert.equal(await cluster.psql('postgres', `select count(*) from pg_database where datname = 'counted copy'`), '0\n')

  const sums = (await captured.text('SHA256SUMS')).split('\n').filter((line) => !line.endsWith('.copy'))
  await writeFile(path.join(captured.folder, 'SHA256SUMS'), sums.join('\n'))
  const different = await captured.restore(cluster, 'counted copy')
  assert.equal(different.exitCode, 1)
  assert.match(different.stderr, /table public\.t has 6 rows, the backup has 5/)
})

test('databases that are not UTF-8 come back byte for byte', async () => {
  for (const encoding of ['LATIN1', 'SQL_ASCII']) {
    const name = `in_${encoding.toLowerCase()}`
    await cluster.psql('postgres', `create database ${name} template template0 encoding '${encoding}' lc_collate 'C' lc_ctype 'C'`)
    await cluster.psql(
      name,
      `create table t (a bytea, b text); insert into t select set_byte('\\x00', 0, g), chr(g) from generate_series(1, ${encoding === 'LATIN1' ? 255 : 127}) g`,
    )
    if (encoding === 'SQL_ASCII') await cluster.psql(name, `insert into t values (null, convert_from('\\xff80', 'SQL_ASCII'))`)
    await roundTrip(name)
  }
})

test('a name that is not UTF-8, in a database of no encoding, is DATABASE_ENCODING', async () => {
  await cluster.psql('postgres', `create database no_encoding template template0 encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C'`)
  await cluster.psql('no_encoding', String.raw`do $$ begin execute format('create table %I (a int)', E't\351'); end $$`)
  await assert.rejects(
    captureToDirectory({ name: 'clinic', target: cluster.target('no_encoding') }),
    (error) => isFault(error, 'DATABASE_ENCODING') && /a table or other relation is not UTF-8: "té" in Latin 1/.test(error.message),
  )
})

test('INV-548 restore.sh leaves out what the server refuses, tells it, and brings back all else', async () => {
  await make(
    'refused',
    `create table t (a int); insert into t values (1), (1); create unique index once on t (a) where a > 5; update pg_index set indpred = null where indexrelid = 'once'::regclass;
     create table d (a int); insert into d values (1); create materialized view m as select 1 / a as b from d; insert into d values (0); create view after_it as select a from t`,
  )
  await using captured = await capture('refused')
  const restored = await captured.restore(cluster, 'refused copy')
  assert.equal(restored.exitCode, 1)
  assert.match(restored.stderr, /could not create unique index "once"/)
  assert.match(restored.stderr, /division by zero/)
  assert.match(restored.stderr, /not as the backup: .*materialized view "m" has not been populated/)
  assert.equal(
    await cluster.psql('refused copy', 'select (select count(*) from t), (select count(*) from d), (select count(*) from after_it)'),
    '2|2|2\n',
  )
})

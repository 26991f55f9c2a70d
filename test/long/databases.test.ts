import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { catalogDiff } from '#test/support/catalog-diff.ts'
import { workplace, type Workplace } from '#test/support/command-line.ts'
import { explain } from '#test/support/explained-differences.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'

let cluster: TestCluster
let place: Workplace

before(async () => {
  cluster = await testCluster()
  place = await workplace()
  await place.expect(0, 'repository', 'create')
})
after(async () => {
  await place[Symbol.asyncDispose]()
  await cluster.stop()
})

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`

/** Backs up, keeps the original under another name, restores, and lets both judges compare. */
async function comesBack(database: string, system: string): Promise<void> {
  const backup = await place.expect(0, 'backup', '--system', system, '--database', `db=${cluster.url(database)}`)
  const original = `${system} before`
  await cluster.psql('postgres', `alter database ${quote(database)} rename to ${quote(original)}`)
  const plan = place.file(`${system}.json`)
  await place.expect(0, 'restore', 'plan', '--backup', backup.json['backup'], '--out', plan)
  const restored = await place.expect(0, 'restore', 'run', plan, '--confirm', system)
  const said = await cluster.diff(original, database, '--replay')
  assert.match(said, /^IDENTICAL$/m, said)
  const lines = await catalogDiff(cluster.target(original), cluster.target(database))
  assert.deepEqual(explain(lines, backup.json['exactness'], restored.json['notes']).unexplained, [])
}

test('a database that sorts by ICU, with collations of its own, comes back', async () => {
  await cluster.psql(
    'postgres',
    `create database icu template template0 locale_provider icu icu_locale 'de-DE-u-co-phonebk' lc_collate 'C.UTF-8' lc_ctype 'C.UTF-8'`,
  )
  await cluster.psql(
    'icu',
    `create table t (a text primary key, b text collate "de-x-icu"); insert into t values ('ä', 'Ä'), ('ae', 'x'), ('Z', 'z');
     create collation numeric_order (provider = icu, locale = 'en-u-kn-true'); create index on t (a collate numeric_order);
     create collation loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false); create table u (a text collate loose unique); insert into u values ('é')`,
  )
  await comesBack('icu', 'icu')
})

test('databases in EUC_JP and LATIN1 come back with their names, comments and enums', async () => {
  for (const [encoding, name] of [
    ['EUC_JP', '患者'],
    ['LATIN1', 'Müller'],
  ] as const) {
    const database = encoding.toLowerCase()
    await cluster.psql('postgres', `create database ${database} template template0 encoding '${encoding}' lc_collate 'C' lc_ctype 'C'`)
    await cluster.psql(
      database,
      `set client_encoding = 'UTF8'; create table "${name}" ("${name}" text, check ("${name}" <> '${name}')); insert into "${name}" values (repeat('${name} ', 3000));
       comment on table "${name}" is '${name}'; create type "t ${name}" as enum ('${name}', 'x'); create view "v ${name}" as select '${name}' as "${name}";
       create function "f ${name}"(text) returns bool language sql as $$ select $1 <> '${name}x' $$; create table c (a text check ("f ${name}"(a))); insert into c values ('${name}')`,
    )
    await comesBack(database, database.replace('_', '-'))
  }
})

test('a database, roles and objects with every odd character in their names come back, and settings that would change what is read', async () => {
  const [database, owner, other] = [`We"ird 'n\\ame%20 $x=&?#@:/ü\n\t -x `, ` -r"o'l\\e%=,;\n$1 `, 'Ö r2=/']
  const [d, o, r] = [quote(database), quote(owner), quote(other)]
  const settings = {
    search_path: `'Odd, "one"', "$user", '-x'`,
    timezone: `'Asia/Tokyo'`,
    bytea_output: `'escape'`,
    default_transaction_read_only: 'on',
    default_transaction_isolation: `'serializable'`,
    '"my.odd"': `E'a=b\\n\\'\\\\"'`,
    statement_timeout: `'2s'`,
    lock_timeout: `'100ms'`,
    idle_in_transaction_session_timeout: `'900ms'`,
    quote_all_identifiers: 'on',
    row_security: 'off',
    xmlbinary: `'hex'`,
    extra_float_digits: '-5',
    datestyle: `'German'`,
    session_replication_role: `'replica'`,
    transform_null_equals: 'on',
    check_function_bodies: 'off',
  }
  await cluster.psql(
    'postgres',
    `create role ${o} login connection limit 3 valid until 'infinity'; create role ${r} in role ${o}; alter role ${o} set search_path = 'a b', "$user";
     create database ${d} template template0 owner ${o} connection limit 7; revoke all on database ${d} from public;
     grant connect, temp on database ${d} to ${r} with grant option; comment on database ${d} is E'c\\n\\'"\\\\'; alter role ${r} in database ${d} set datestyle = 'SQL'`,
  )
  const names = [
    '-x',
    'a=b&c',
    `a"b'c\\d\te\nf%g$h|i`,
    ' lead trail ',
    'ALL CAPS',
    `${'é'.repeat(31)}x`,
    '\x01\x7f',
    'select',
    '$1',
    'public.x',
    '\\.',
    '日本語 🩺',
  ]
  const tables = names.map((name) => {
    const q = quote(name)
    return `create schema ${q} authorization ${o}; create table ${q}.${q} (${q} text primary key, ${names
      .filter((other) => other !== name)
      .map((other) => `${quote(other)} int`)
      .join(', ')});
      insert into ${q}.${q} (${q}) values (E'\\\\.\\n'), (E'\\t\\\\N'); create sequence ${q}."s ${name.replaceAll('"', '""').slice(0, 20)}"; alter table ${q}.${q} owner to ${r};
      create function ${q}.${quote(`f${name.slice(0, 20)}`)}(${q} text) returns bool language sql as 'select true'; alter table ${q}.${q} add check (${q}.${quote(`f${name.slice(0, 20)}`)}(${q}));
      create materialized view ${q}.${quote(`m${name.slice(0, 20)}`)} as select 1 as ${q}; grant select (${q}) on ${q}.${q} to ${o} with grant option;`
  })
  await cluster.psql(database, tables.join('\n'))
  await cluster.psql(
    database,
    `create type public.${quote(names[2]!)} as enum ('', ' ', E'\\'\\\\', 'É'); create publication ${quote(names[2]!)} for all tables; create policy ${quote(names[2]!)} on "-x"."-x"`,
  )
  for (const [name, value] of Object.entries(settings)) await cluster.psql('postgres', `alter database ${d} set ${name} to ${value}`)
  await comesBack(database, 'odd-names')
})

test('a value of 300 MB, 1600 columns and rows over many pages come back', async () => {
  await cluster.createDatabase('wide')
  await cluster.psql(
    'wide',
    String.raw`select format('create table w1600 (%s)', string_agg(format('c%s int', g), ',')) from generate_series(1, 1600) g \gexec
     insert into w1600 (c1, c1600) values (1, 2);
     create table big (b bytea); alter table big alter b set storage external; insert into big select decode(repeat('00ff5c0a', 75000000), 'hex');
     create table toasted (a text[]); insert into toasted select array(select md5(g::text) from generate_series(1, 20000) g)`,
  )
  await comesBack('wide', 'wide')
})

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { workplace, type Workplace } from '#test/support/command-line.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { makeWard, restoreImported, shellBeside } from '#test/support/foreign-dumps.ts'

let cluster: TestCluster
let place: Workplace

before(async () => {
  cluster = await testCluster()
  place = await workplace()
  await place.expect(0, 'repository', 'create')
  await makeWard(cluster)
})
after(async () => {
  await place[Symbol.asyncDispose]()
  await cluster.stop()
})

const shell = (command: string) => shellBeside(place, cluster, command)

test('INV-709 a dump of each format becomes the same backup, which restores to what was dumped', async () => {
  await shell('pg_dump -Fp -f a.sql ward && zstd -q a.sql && pg_dump -Fc -f a.custom ward')
  await shell('pg_dump -Ft -f a.tar ward && pg_dump -Fd -f a.directory ward')
  let last = ''
  const formats = { 'a.sql.zst': 'plain, zstd', 'a.tar': 'tar', 'a.directory': 'directory', 'a.custom': 'custom' }
  for (const [file, format] of Object.entries(formats)) {
    const told = await place.expect(0, 'import', place.file(file), '--system', 'imported')
    assert.equal(told.json['gaps'], 0, told.stdout)
    const { kind, file: name, format: said, versions, sha256 } = told.json['imported']
    assert.deepEqual([kind, name, said], ['dump', file, format])
    assert.match(sha256, /^[0-9a-f]{64}$/)
    assert.match(versions.dump, /^\d+/)
    last = told.json['backup']
    const tables = (await place.expect(0, 'backups', 'tables', last)).json['tables'] as { table: string; rows: number }[]
    assert.deepEqual(
      tables.map(({ table, rows }) => [table, rows]),
      [['visit', 5000]],
    )
  }
  await restoreImported(place, { backup: last, cluster, database: 'ward_again' })
  assert.match(await cluster.diff('ward', 'ward_again', '--replay'), /^IDENTICAL$/m)
})

test('INV-709 SAFETY rule 33 a dump that runs commands is refused, or may not, and nothing of it is left', async () => {
  // Its own: a product that is broken on purpose leaves one behind.
  const mark = path.join(tmpdir(), `integrum-test-was-here-${randomUUID()}`)
  const before = (await readdir(tmpdir())).filter((name) => name.startsWith('integrum-sandbox'))
  const backups = (await place.expect(0, 'backups', 'list')).json['backups'].length
  for (const command of [
    `\\! touch ${mark}`,
    `COPY pg_class TO PROGRAM 'touch ${mark}';`,
    `create table t (a int);\nCOPY t FROM PROGRAM 'touch ${mark}';`,
    '\\connect postgres',
  ]) {
    await writeFile(place.file('evil.sql'), `select 1;\n${command}\n`)
    const told = await place.expect(1, 'import', place.file('evil.sql'), '--system', 'imported')
    assert.equal(told.json['error'].code, 'DUMP_COMMANDS', command)
  }
  assert.equal((await place.expect(0, 'backups', 'list')).json['backups'].length, backups)
  // Within statements the role decides; each is a gap with its own words.
  const evil = [
    `create table kept (a int)`,
    `do $$ begin execute 'copy kept from program ''touch ${mark}'''; end $$`,
    `create function f() returns int language c as '/lib/x.so', 'f'`,
    `create function g() returns int language sql security definer as $$ select 1 $$`,
    `alter function g() owner to postgres`,
    `do $$ begin perform g(); execute 'alter role integrum_import superuser'; end $$`,
    `alter table kept add column b int default pg_catalog.pg_read_file('/etc/passwd')::int, owner to postgres`,
    `select pg_read_file('/etc/passwd')`,
    `grant pg_execute_server_program to integrum_import`,
    `set session authorization postgres`,
    `set role postgres`,
    `create event trigger e on ddl_command_end execute function g()`,
    `alter system set archive_command = 'touch ${mark}'`,
    `insert into kept values (1), (2)`,
  ]
  await writeFile(place.file('sly.sql'), evil.map((statement) => `${statement};\n`).join(''))
  const told = await place.expect(3, 'import', place.file('sly.sql'), '--system', 'imported')
  assert.equal(existsSync(mark), false)
  assert.equal(told.json['gaps'], 10, told.stdout + told.stderr)
  assert.match(told.stderr, /permission denied|must be superuser/)
  assert.deepEqual(
    (await readdir(tmpdir())).filter((name) => name.startsWith('integrum-sandbox')),
    before,
  )
})

test('INV-710 what a dump holds and the sandbox may not make is a gap with a name, and everything else is there', async () => {
  await cluster.createDatabase('special')
  await cluster.psql(
    'special',
    `create table visit (id int primary key, note text); insert into visit select i, 'note ' || i from generate_series(1, 500) i;
     create extension pageinspect; create function watch() returns event_trigger language plpgsql as $$ begin end $$;
     create event trigger watcher on ddl_command_end execute function watch()`,
  )
  await shell('pg_dump -Fc -f special.custom special')
  const told = await place.expect(3, 'import', place.file('special.custom'), '--system', 'imported', '--name', 'clinic')
  const gaps = told.json['gapList'] as { what: string; source: string; kind: string }[]
  assert.deepEqual(gaps.map(({ what }) => what.replace(/ IF NOT EXISTS| WITH SCHEMA .*| ON .*/g, '')).toSorted(), [
    'ALTER EVENT TRIGGER watcher OWNER TO postgres',
    'COMMENT',
    'CREATE EVENT TRIGGER watcher',
    'CREATE EXTENSION pageinspect',
  ])
  assert.deepEqual(new Set(gaps.map(({ source, kind }) => `${source} ${kind}`)), new Set(['clinic not-covered']))
  const tables = (await place.expect(0, 'backups', 'tables', told.json['backup'])).json['tables']
  assert.deepEqual([tables.length, tables[0].rows], [1, 500])
})

test('INV-708 a dump that was cut off, is none, or is of a newer program leaves no backup', async () => {
  const backups = (await place.expect(0, 'backups', 'list')).json['backups'].length
  const sql = await readFile(place.file('a.sql'))
  const custom = await readFile(place.file('a.custom'))
  const newer = Buffer.from(custom)
  newer[6] = 99
  const refused = async (bytes: Uint8Array, code: string) => {
    await writeFile(place.file('bad'), bytes)
    const told = await place.integrum('import', place.file('bad'), '--system', 'imported')
    assert.equal(told.json['error']?.code, code, told.stdout + told.stderr)
  }
  await refused(sql.subarray(0, sql.byteLength - 200), 'DAMAGE_ARCHIVE')
  await refused(sql.subarray(0, sql.indexOf('COPY public.visit') + 2000), 'DAMAGE_ARCHIVE')
  await refused(custom.subarray(0, custom.byteLength / 2), 'DUMP_INVALID')
  await refused(newer, 'DUMP_INVALID')
  await refused(Buffer.from('Dear all,\nplease find attached;\n'), 'DUMP_INVALID')
  await refused(Buffer.from('\xfd7zXZ\0\0\0', 'latin1'), 'ARCHIVE_FORMAT')
  assert.equal((await place.expect(0, 'backups', 'list')).json['backups'].length, backups)
})

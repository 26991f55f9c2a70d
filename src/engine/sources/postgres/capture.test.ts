import { after, before, test } from 'node:test'
import assert from 'node:assert/strict'
import { readFile, readdir, readlink } from 'node:fs/promises'
import path from 'node:path'
import { systemClock, testClock, type Clock } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import { assertFound, postgresPrograms } from '#host/postgres-programs.ts'
import { run } from '#host/run.ts'
import type { StreamEntry } from '#engine/sources/source.ts'
import { byteStringOf } from '#engine/byte-string.ts'
import { captureToDirectory, testContext } from '#test/support/captured-database.ts'
import { entriesToDirectory } from '#test/support/entries-to-directory.ts'
import { temporaryDirectory } from '#test/support/temporary-directory.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { capturePostgres } from './capture.ts'
import { connect, type Connection } from './connection.ts'
import { holdSnapshot } from './hold-snapshot.ts'
import { restoreText } from './stage-dump.ts'

let cluster: TestCluster

before(async () => {
  cluster = await testCluster()
})

after(() => cluster.stop())

const made = new Map<string, number>()

async function database(stem: string, sql: string): Promise<string> {
  const name = `${stem}_${made.size}`
  made.set(name, made.size)
  await cluster.createDatabase(name)
  await cluster.psql(name, sql)
  return name
}

async function drain(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of bytes) parts.push(Buffer.from(part))
  return Buffer.concat(parts).toString('utf8')
}

async function streamsOf(entries: AsyncIterable<unknown>): Promise<StreamEntry[]> {
  const streams: StreamEntry[] = []
  for await (const entry of entries as AsyncIterable<StreamEntry>) if (entry.kind === 'stream') streams.push(entry)
  return streams
}

/** Polls the server, which has no other way of telling. */
async function until(session: Connection, sql: string): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    const [row] = await session.query<{ holds: boolean }>(`SELECT (${sql}) AS holds`)
    if (row?.holds) return
    await systemClock.sleep(25)
  }
  assert.fail(`never came true: ${sql}`)
}

const oursGone = `NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name LIKE 'integrum-%')`

test('every row is as of the instant, what comes later is not in the backup', async () => {
  const name = await database('instant', 'create table t (a int); insert into t select generate_series(1, 1000)')
  await using capture = await capturePostgres({ name: 'clinic', target: cluster.target(name) }, testContext())
  await cluster.psql(name, 'insert into t values (0); update t set a = -a; create table later (b int)')
  await using folder = await temporaryDirectory()
  await entriesToDirectory(capture.entries(), `${folder.path}/out`)
  const section = await capture.section()
  assert.equal(section.rows, 1000)
  assert.deepEqual(
    section.tables.map((table) => table.table),
    ['t'],
  )
  const rows = await readFile(`${folder.path}/out/data/public/t/000000.copy`, 'utf8')
  assert.equal(rows, Array.from({ length: 1000 }, (_, i) => `${i + 1}\n`).join(''))
})

test('INV-501, SAFETY rule 14: TRUNCATE and a rewriting ALTER cannot come between the lock and the COPY', async () => {
  const name = await database('truncate', 'create table t (a int); insert into t select generate_series(1, 10)')
  await using capture = await capturePostgres({ name: 'clinic', target: cluster.target(name) }, testContext())
  await using other = await connect(cluster.target(name))
  await other.query(`SET lock_timeout = '100ms'`)
  for (const sql of ['TRUNCATE t', 'ALTER TABLE t ALTER a TYPE bigint']) await assert.rejects(other.query(sql), /lock timeout/)
  await using folder = await temporaryDirectory()
  await entriesToDirectory(capture.entries(), `${folder.path}/out`)
  assert.equal((await capture.section()).rows, 10)
  // The snapshot ends when the rows are out, before the capture is closed.
  await other.query('TRUNCATE t')
})

test('INV-503, SAFETY rule 13: behind a queued ALTER the capture lets go of everything and says DATABASE_LOCKED', async () => {
  const name = await database('queued', 'create table t (a int); insert into t values (1)')
  const limits = { lockWaitMsMax: 300 }
  await using capture = await capturePostgres({ name: 'clinic', target: cluster.target(name), limits }, testContext())
  await using other = await connect(cluster.target(name))
  await using watcher = await connect(cluster.target(name))
  const queued = other.query('ALTER TABLE t ADD COLUMN b int')
  await until(watcher, `EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 't'::regclass)`)
  await using folder = await temporaryDirectory()
  await assert.rejects(entriesToDirectory(capture.entries(), `${folder.path}/out`), (error) => isFault(error, 'DATABASE_LOCKED'))
  await assert.rejects(capture.section(), (error) => isFault(error, 'DATABASE_LOCKED'))
  await queued
  await watcher.query('SELECT * FROM t')
})

test('INV-503, SAFETY rule 13: a capture that nobody reads still lets a waiting ALTER through', async () => {
  const name = await database('unread', 'create table t (a int)')
  await using capture = await capturePostgres(
    { name: 'clinic', target: cluster.target(name), limits: { lockWaitMsMax: 200 } },
    testContext(),
  )
  await cluster.psql(name, 'alter table t add column b int')
  await assert.rejects(
    streamsOf(capture.entries()).then((streams) => drain(streams[0]!.open())),
    (error) => isFault(error, 'DATABASE_LOCKED'),
  )
})

test('SAFETY rule 13: a table held by DDL is tried again, and then DATABASE_LOCKED', async () => {
  const name = await database('held', 'create table t (a int)')
  await using other = await connect(cluster.target(name))
  await other.query('BEGIN')
  await other.query('LOCK TABLE t IN ACCESS EXCLUSIVE MODE')
  const source = { name: 'clinic', target: cluster.target(name), limits: { lockWaitMsMax: 100 } }
  const clock = testClock(new Date('2026-01-01T00:00:00Z'))
  await assert.rejects(capturePostgres(source, { ...testContext(), clock }), (error) => isFault(error, 'DATABASE_LOCKED'))

  const releasing: Clock = {
    ...systemClock,
    sleep: async () => {
      await other.query('COMMIT')
    },
  }
  const capture = await capturePostgres(source, { ...testContext(), clock: releasing })
  await capture[Symbol.asyncDispose]()
})

for (const [what, sql] of [
  ['created', 'create table added (a int)'],
  ['dropped', 'drop table t'],
  ['replaced under its name', 'drop table t; create table t (a int)'],
] as const) {
  test(`INV-501, SAFETY rule 14: a table ${what} between the listing and the snapshot is DATABASE_CHANGED`, async () => {
    const name = await database('changed', 'create table t (a int)')
    await using control = await connect(cluster.target(name))
    const interrupted: Connection = {
      ...control,
      query: async (statement, parameters) => {
        if (statement.startsWith('BEGIN')) await cluster.psql(name, sql)
        return await control.query(statement, parameters)
      },
    }
    await assert.rejects(holdSnapshot(interrupted, systemClock, { lockWaitMsMax: 1000 }), (error) => isFault(error, 'DATABASE_CHANGED'))
  })
}

test('INV-506, SAFETY rule 14: a snapshot that has grown too old is given up', async () => {
  const name = await database('old', 'create table t (a int)')
  const source = { name: 'clinic', target: cluster.target(name), limits: { snapshotAgeMsMax: 0 } }
  await using capture = await capturePostgres(source, testContext())
  await using watcher = await connect(cluster.target(name))
  await until(watcher, oursGone)
  await assert.rejects(
    streamsOf(capture.entries()).then((streams) => drain(streams[0]!.open())),
    (error) => isFault(error, 'DATABASE_SNAPSHOT_TOO_OLD'),
  )
})

test('SAFETY rule 14: big heap tables are cut at fixed pages, and the parts are the whole', async () => {
  const name = await database(
    'split',
    `create table t (a int, b text); insert into t select g, repeat('x', 500) from generate_series(1, 1000) g; create table empty (a int)`,
  )
  const target = cluster.target(name)
  await using whole = await captureToDirectory({ name: 'clinic', target })
  await using cut = await captureToDirectory({ name: 'clinic', target, limits: { segmentPages: 8 }, connections: 3 })
  const [empty, table] = cut.section.tables
  assert.equal(empty!.segments, 1)
  assert.ok(table!.segments > 5)
  const parts = await Promise.all(
    Array.from({ length: table!.segments }, (_, i) => cut.text(`${table!.path}/${String(i).padStart(6, '0')}.copy`)),
  )
  assert.equal(parts.join(''), await whole.text(`${table!.path}/000000.copy`))
  assert.equal(table!.hash.rows, 1000)
})

test('INV-505, SAFETY rule 17: settings of the database change no byte of the rows', async () => {
  const sql = `create table t (z timestamptz, d date, b bytea, i interval, f float8, m money, x xml, r regclass, a text[]);
    insert into t values ('2020-01-02 03:04:05.6+07', '2020-01-02', '\\x00ff', '1 year 2 days', 0.1::float8 + 0.2, 12.5, '<a/>b', 'pg_class', array[null, 'NULL'])`
  const plain = await database('plain', sql)
  const tuned = await database('tuned', sql)
  await cluster.psql(
    tuned,
    `alter database ${tuned} set timezone to 'Asia/Kathmandu'; alter database ${tuned} set bytea_output to escape;
     alter database ${tuned} set datestyle to 'German'; alter database ${tuned} set intervalstyle to iso_8601;
     alter database ${tuned} set extra_float_digits to -3; alter database ${tuned} set search_path to information_schema;
     alter database ${tuned} set xmlbinary to hex; alter database ${tuned} set quote_all_identifiers to on;
     alter database ${tuned} set default_transaction_isolation to serializable; alter database ${tuned} set statement_timeout to '1s'`,
  )
  await using a = await captureToDirectory({ name: 'clinic', target: cluster.target(plain) })
  await using b = await captureToDirectory({ name: 'clinic', target: cluster.target(tuned) })
  const file = 'data/public/t/000000.copy'
  assert.equal(await b.text(file), await a.text(file))
  assert.match(await a.text(file), /^2020-01-01 20:04:05.6\+00\t2020-01-02\t\\\\x00ff\t1 year 2 days\t0.30000000000000004\t/)
  assert.deepEqual(b.section.sessionSettings, a.section.sessionSettings)
})

test('INV-507, SAFETY rule 21: no password stands in an argument of pg_dump or in what the capture writes', async () => {
  const name = await database('secret', `create table t (a int); comment on table t is '${'x'.repeat(3_000_000)}'`)
  const password = 'correct-horse-battery'
  const before = process.env['PGPASSWORD']
  process.env['PGPASSWORD'] = password
  try {
    await using capture = await capturePostgres({ name: 'clinic', target: cluster.target(name) }, testContext())
    const streams = await streamsOf(capture.entries())
    let seen = 0
    for (const stream of streams.filter((found) => found.name === byteStringOf('rest.dump'))) {
      let isFirst = true
      for await (const _ of stream.open()) {
        // pg_dump cannot have ended: more is to come than a pipe holds.
        if (isFirst) {
          const commandLines = await childCommandLines('pg_dump')
          assert.equal(commandLines.length, 1)
          assert.ok(!commandLines[0]!.includes(password))
          seen += 1
        }
        isFirst = false
      }
    }
    assert.equal(seen, 1)
    await using written = await captureToDirectory({ name: 'clinic', target: cluster.target(name) })
    for (const file of await readdir(written.folder)) {
      if (file.endsWith('.sql') || file.endsWith('.sh')) assert.ok(!(await written.text(file)).includes(password), file)
    }
    assert.ok(!JSON.stringify(written.section).includes(password))
  } finally {
    if (before === undefined) delete process.env['PGPASSWORD']
    else process.env['PGPASSWORD'] = before
  }
})

async function childCommandLines(program: string): Promise<string[]> {
  const found: string[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    try {
      const status = await readFile(`/proc/${pid}/status`, 'utf8')
      if (!status.includes(`PPid:\t${process.pid}\n`)) continue
      if ((await readlink(`/proc/${pid}/exe`)).endsWith(`/${program}`)) found.push(await readFile(`/proc/${pid}/cmdline`, 'utf8'))
    } catch {
      // It ended while we looked.
      continue
    }
  }
  return found
}

test('INV-508, SAFETY rule 19: a materialized view refreshed while the backup runs is named, not compared', async () => {
  const name = await database(
    'refreshed',
    'create table t (a int); insert into t values (1); create materialized view m as select * from t; create materialized view still as select * from t',
  )
  await using capture = await capturePostgres({ name: 'clinic', target: cluster.target(name) }, testContext())
  await cluster.psql(name, 'refresh materialized view m')
  await using folder = await temporaryDirectory()
  await entriesToDirectory(capture.entries(), `${folder.path}/out`)
  const section = await capture.section()
  assert.deepEqual(
    section.materializedViews.map((view) => [view.name, view.hash.rows]),
    [['still', 1]],
  )
  assert.ok(section.exactness.some(({ what, why }) => what === 'materialized views: public.m' && why.startsWith('refreshed while')))
})

test('SAFETY rule 19: configuration tables of extensions are hashed under their condition and stay in the dump', async () => {
  const name = await database(
    'configuration',
    `create extension citext; create table settings (a int); insert into settings select generate_series(1, 10); create table fixed (a int); insert into fixed values (1);
     alter extension citext add table settings; alter extension citext add table fixed;
     update pg_extension set extconfig = array['settings'::regclass::oid], extcondition = array['WHERE a > 7'] where extname = 'citext'`,
  )
  await using captured = await captureToDirectory({ name: 'clinic', target: cluster.target(name) })
  assert.deepEqual(captured.section.tables, [])
  const [table] = captured.section.extensionTables
  assert.deepEqual([table!.name, table!.condition, table!.hash.rows], ['settings', 'WHERE a > 7', 3])
  assert.match(await captured.text('rest.dump'), /COPY public\.settings \(a\) FROM stdin/)
})

test('INV-503, SAFETY rule 13: DDL that queues while rows stream ends the capture too', async () => {
  const name = await database('midway', `create table t (a text); insert into t select repeat('x', 1000) from generate_series(1, 20000)`)
  const limits = { lockWaitMsMax: 200 }
  await using capture = await capturePostgres({ name: 'clinic', target: cluster.target(name), limits }, testContext())
  await using other = await connect(cluster.target(name))
  const streams = await streamsOf(capture.entries())
  const rows = streams.find((stream) => stream.name === byteStringOf('000000.copy'))!
  await assert.rejects(
    async () => {
      // A reader that is slow, so that the COPY is still going on.
      for await (const _ of rows.open()) await other.query('ALTER TABLE t ADD COLUMN b int')
    },
    (error) => isFault(error, 'DATABASE_LOCKED'),
  )
})

test('INV-506 a cancelled capture is CANCELLED and leaves no session behind', async () => {
  const name = await database('cancelled', `create table t (a text); insert into t select repeat('x', 1000) from generate_series(1, 20000)`)
  const controller = new AbortController()
  {
    await using capture = await capturePostgres({ name: 'clinic', target: cluster.target(name) }, testContext([], controller.signal))
    const streams = await streamsOf(capture.entries())
    const rows = streams.find((stream) => stream.name === byteStringOf('000000.copy'))!
    await assert.rejects(
      async () => {
        for await (const _ of rows.open()) controller.abort()
      },
      (error) => isFault(error, 'CANCELLED'),
    )
    await assert.rejects(drain(streams.at(-1)!.open()), (error) => isFault(error, 'CANCELLED'))
  }
  await using watcher = await connect(cluster.target(name))
  await until(watcher, oursGone)
})

test('a capture that is left unread or read in part has no section and leaves no session behind', async () => {
  const name = await database('left', 'create table t (a int); insert into t values (1)')
  {
    await using capture = await capturePostgres({ name: 'clinic', target: cluster.target(name) }, testContext())
    await assert.rejects(capture.section(), /after every entry/)
  }
  {
    await using capture = await capturePostgres({ name: 'clinic', target: cluster.target(name) }, testContext())
    const streams = await streamsOf(capture.entries())
    for await (const _ of streams[0]!.open()) break
    await assert.rejects(capture.section(), /not read to its end/)
  }
  await using watcher = await connect(cluster.target(name))
  await until(watcher, oursGone)
})

test('schema.sql says what pg_dump says, printed from the dump or, when its table of contents is too long, dumped anew', async () => {
  const short = await database('short', 'create table t (a int primary key); create view v as select a from t; grant select on v to public')
  const long = await database(
    'long',
    `create table t (a int); do $$ begin execute format('comment on table t is %L', repeat('x', 34000000)); end $$`,
  )
  for (const name of [short, long]) {
    await using captured = await captureToDirectory({ name: 'clinic', target: cluster.target(name) })
    const dumped = await run(path.join(assertFound(postgresPrograms('pg_dump')).folder, 'pg_dump'), ['--schema-only', '--encoding=UTF8'], {
      env: { PGHOST: cluster.socketDirectory, PGUSER: cluster.user, PGDATABASE: name },
    })
    assert.equal(dumped.exitCode, 0)
    assert.ok(restoreText(await captured.text('schema.sql')) === restoreText(dumped.stdout), name)
  }
})

import { after, before, test } from 'node:test'
import assert from 'node:assert/strict'
import { chmod, symlink, unlink } from 'node:fs/promises'
import path from 'node:path'
import { systemClock, testClock, type Clock } from '#base/clock.ts'
import { Fault, isFault } from '#base/fault.ts'
import type { FaultCode } from '#base/fault-codes.ts'
import { startCluster } from '#host/postgres-cluster.ts'
import { randomHex, systemRandom } from '#host/random.ts'
import { captureToDirectory, type CapturedDatabase } from '#test/support/captured-database.ts'
import { directoryToSource } from '#test/support/directory-to-source.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { temporaryDirectory } from '#test/support/temporary-directory.ts'
import type { StoredSource } from '#engine/sources/source.ts'
import { connect } from './connection.ts'
import type { DatabaseRecord } from './database-record.ts'
import { discardStage, stageDatabase, type StageOptions } from './stage.ts'
import { surveyDatabase } from './survey.ts'
import { parseDatabaseUrl } from './target.ts'

let cluster: TestCluster
const never = new AbortController().signal

before(async () => {
  cluster = await testCluster()
})

after(() => cluster.stop())

const small = `create table t (a int primary key, b text, c int generated always as (a * 2) stored);
  insert into t select g, 'row ' || g from generate_series(1, 500) g;
  create table r (a int references t); insert into r select a from t;
  create sequence s; select setval('s', 100);
  select lo_from_bytea(7001, 'abc')`

async function captured(name: string, sql = small): Promise<CapturedDatabase> {
  await cluster.createDatabase(name)
  await cluster.psql(name, sql)
  return await captureToDirectory({ name: 'clinic', target: cluster.target(name), limits: { segmentPages: 2 } })
}

function optionsFor(taken: CapturedDatabase, live: string, more: Partial<StageOptions> = {}): StageOptions {
  return {
    section: taken.section,
    stored: directoryToSource(taken.folder),
    target: cluster.target(live),
    stageName: `integrum_stage_${randomHex(systemRandom, 12)}`,
    roles: [],
    connections: 2,
    freeBytesMin: 0,
    onCreated: async () => {},
    ...more,
  }
}

async function stagesLeft(): Promise<string> {
  return await cluster.psql('postgres', `select datname from pg_database where datname like 'integrum%' order by 1`)
}

function withCode(code: FaultCode, fact?: RegExp) {
  return (error: unknown) => {
    assert.ok(isFault(error, code), String(error instanceof Fault ? `${error.code} ${error.message}` : error))
    if (fact) assert.match(error.message, fact)
    return true
  }
}

async function recordOf(live: string, stageName: string, stageOid: number | null): Promise<DatabaseRecord> {
  const survey = await surveyDatabase(cluster.target(live))
  return {
    kind: 'database',
    name: 'clinic',
    live: cluster.target(live),
    systemIdentifier: survey.systemIdentifier,
    liveOid: survey.database?.oid ?? null,
    stageName,
    stageOid,
    keptName: 'integrum_kept_000000000000',
    verifiedUnderStart: null,
    liveProperties: null,
    stageProperties: { allowConnections: true, connectionLimit: -1, comment: null, isTemplate: false, acl: null },
    isFenced: false,
    xid: null,
  }
}

async function oidOf(name: string): Promise<number> {
  return Number(await cluster.psql('postgres', `select oid from pg_database where datname = '${name}'`))
}

test('SAFETY rule 1: beside a live database whose name fills 63 bytes, staging is made and dropped and the live one stands', async () => {
  const live = 'l'.repeat(63)
  await using taken = await captured(live)
  const options = optionsFor(taken, live)
  let journaled = 0
  const staged = await stageDatabase({ ...options, onCreated: async (oid) => void (journaled = oid) }, never)
  assert.equal(staged.oid, journaled)
  assert.equal(await oidOf(options.stageName), journaled)
  await discardStage(await recordOf(live, options.stageName, journaled))
  assert.equal(await stagesLeft(), '')
  assert.equal(await cluster.psql(live, 'select count(*) from t'), '500\n')
})

test('INV-541 SAFETY rule 1: a database that merely has the name is not dropped', async () => {
  await cluster.createDatabase('live_one')
  const name = 'integrum_stage_00000000000a'
  await cluster.createDatabase(name)
  const oid = await oidOf(name)
  const changed = withCode('RESTORE_TARGET_CHANGED')
  await assert.rejects(async () => discardStage(await recordOf('live_one', name, oid + 1)), changed)
  await assert.rejects(async () => discardStage(await recordOf('live_one', name, null)), changed)
  await assert.rejects(async () => discardStage(await recordOf('live_one', 'live_one', await oidOf('live_one'))), changed)
  const elsewhere = { ...(await recordOf('live_one', name, oid)), systemIdentifier: '1' }
  await assert.rejects(discardStage(elsewhere), changed)
  assert.equal(await oidOf(name), oid)
  await discardStage(await recordOf('live_one', name, oid))
  // Again, as recovery does: nothing there is what was wanted.
  await discardStage(await recordOf('live_one', name, oid))
  assert.equal(await stagesLeft(), '')
})

test('INV-542 SAFETY rule 1: a crash between CREATE DATABASE and the journal leaves a closed, empty database, which alone may go without its OID', async () => {
  await using taken = await captured('crashed')
  const crash = new Error('the machine stopped here')
  const options = optionsFor(taken, 'crashed', { onCreated: () => Promise.reject(crash) })
  // The staging drops it by the OID it learnt; what a crash leaves is made by hand.
  await assert.rejects(stageDatabase(options, never), crash)
  assert.equal(await stagesLeft(), '')
  await cluster.psql('postgres', `create database ${options.stageName} template template0 allow_connections false`)
  await discardStage(await recordOf('crashed', options.stageName, null))
  assert.equal(await stagesLeft(), '')
})

test('INV-543 SAFETY rule 8: nobody else enters a staging database, its owner neither, and a role that row security binds cannot stage', async () => {
  await cluster.psql(
    'postgres',
    'create role stage_owner login; create role somebody login; create role binder login createdb in role stage_owner',
  )
  await using taken = await captured(
    'closed',
    `create table t (a int); alter table t owner to stage_owner; alter database closed owner to stage_owner`,
  )
  const options = optionsFor(taken, 'closed')
  const staged = await stageDatabase(options, never)
  for (const user of ['stage_owner', 'somebody']) {
    await assert.rejects(
      connect({ ...cluster.target(options.stageName), user }),
      withCode('DATABASE_UNREACHABLE', /permission denied for database/),
    )
  }
  await staged.discard()
  await assert.rejects(
    stageDatabase({ ...options, target: { ...options.target, user: 'binder' } }, never),
    withCode('DATABASE_PRIVILEGE', /BYPASSRLS/),
  )
  assert.equal(await stagesLeft(), '')
})

test('SAFETY rule 22: too little space refuses a staging, and drops one that is under way', async () => {
  await using taken = await captured('spacious')
  let created = false
  const onCreated = async () => void (created = true)
  await assert.rejects(
    stageDatabase(optionsFor(taken, 'spacious', { freeBytesMin: 2 ** 60, onCreated }), never),
    withCode('RESTORE_SPACE', /staging stops below/),
  )
  assert.equal(created, false)
  const filling: StageOptions = {
    ...optionsFor(taken, 'spacious', { onCreated, clock: eagerClock() }),
    get freeBytesMin() {
      return created ? 2 ** 60 : 0
    },
  }
  await assert.rejects(stageDatabase(filling, never), withCode('RESTORE_SPACE', /staging stops below/))
  assert.equal(created, true)
  assert.equal(await stagesLeft(), '')
})

/** Looks again at once. */
function eagerClock(): Clock {
  const clock = testClock(new Date(0))
  return {
    ...clock,
    sleep: async (durationMs, signal) => (await new Promise((resolve) => setImmediate(resolve)), clock.sleep(durationMs, signal)),
  }
}

test('INV-544 SAFETY rule 23: a missing role without a choice is refused before anything is made, a created one cannot log in and goes with the staging', async () => {
  await cluster.psql('postgres', 'create role gone_role login')
  await using taken = await captured('with_role', 'create table t (a int); alter table t owner to gone_role')
  await cluster.psql('with_role', 'reassign owned by gone_role to postgres')
  await cluster.psql('postgres', 'drop role gone_role')
  let created = false
  const options = optionsFor(taken, 'with_role', { onCreated: async () => void (created = true) })
  await assert.rejects(stageDatabase(options, never), withCode('RESTORE_ROLE_MISSING', /gone_role/))
  assert.equal(created, false)
  const staged = await stageDatabase({ ...options, roles: [{ kind: 'create', role: 'gone_role' }] }, never)
  const role = `select rolcanlogin, rolpassword is null from pg_authid where rolname = 'gone_role'`
  assert.equal(await cluster.psql('postgres', role), 'f|t\n')
  await staged.verify(never)
  await staged.discard()
  assert.equal(await cluster.psql('postgres', role), '')
})

test('INV-546 SAFETY rule 24: rows of a table in several segments lie again as they lay', async () => {
  await using taken = await captured(
    'ordered',
    `create table t (a int, b text); insert into t select g, repeat('x', 100) from generate_series(1, 2000) g order by random()`,
  )
  assert.ok(taken.section.tables[0]!.segments > 5)
  const options = optionsFor(taken, 'ordered')
  const staged = await stageDatabase(options, never)
  const order = 'select md5(string_agg(a::text, $$,$$ order by ctid)) from t'
  assert.equal(await cluster.psql(options.stageName, order), await cluster.psql('ordered', order))
  await staged.discard()
})

test('what was changed after staging is seen by verify, which names the table and both numbers', async () => {
  await using taken = await captured('altered')
  const options = optionsFor(taken, 'altered')
  const staged = await stageDatabase(options, never)
  const name = options.stageName
  for (const [change, undo, fact] of [
    ['delete from r where a = 7', 'insert into r values (7)', /^public\.r has 499 rows, the backup has 500$/],
    [
      `update t set b = 'other' where a = 7`,
      `update t set b = 'row 7' where a = 7`,
      /^public\.t has 500 rows as in the backup, but their hash is/,
    ],
    ['alter table r disable trigger all; create table extra (a int)', 'drop table extra', /^table public\.extra is not in the backup$/],
    ['alter table r rename to rr', 'alter table rr rename to r', /^table public\.r is missing/],
    [`select setval('s', 99)`, `select setval('s', 100)`, /^sequence public\.s stands at 99, in the backup at 100$/],
    [`select lo_put(7001, 0, 'x')`, `select lo_put(7001, 0, 'a')`, /^large objects has 1 rows as in the backup, but/],
    [
      `select lo_put(7001, 3, 'x')`,
      `select lo_unlink(7001); select lo_from_bytea(7001, 'abc')`,
      /large objects of 4 bytes, the backup has 1 of 3$/,
    ],
    [
      `update pg_index set indisvalid = false where indexrelid = 't_pkey'::regclass`,
      `update pg_index set indisvalid = true where indexrelid = 't_pkey'::regclass`,
      /^index public\.t_pkey is not valid$/,
    ],
    [
      `alter table r add constraint n check (a > 0) not valid`,
      'alter table r drop constraint n',
      /^1 constraints are not validated, in the backup 0$/,
    ],
  ] as const) {
    await cluster.psql(name, change)
    await assert.rejects(staged.verify(never), withCode('RESTORE_VERIFY', fact))
    await cluster.psql(name, undo)
  }
  // A sequence may be ahead: nothing is handed out twice.
  await cluster.psql(name, `select setval('s', 101)`)
  const { report } = await staged.verify(never)
  assert.deepEqual(
    [report.tables, report.rows, report.hashes, report.largeObjects, report.sequences],
    [2, 1000, 3, { count: 1, bytes: 3 }, 1],
  )
  await staged.discard()
})

test('a generated column that came out otherwise is seen, though every stored column is right', async () => {
  await using taken = await captured(
    'generated',
    `create function twice(int) returns int language sql immutable as 'select $1 * 2';
    create table t (a int, c int generated always as (twice(a)) stored); insert into t values (1), (2);
    create or replace function twice(int) returns int language sql immutable as 'select $1 * 3'`,
  )
  const staged = await stageDatabase(optionsFor(taken, 'generated'), never)
  await assert.rejects(
    staged.verify(never),
    withCode('RESTORE_VERIFY', /^public\.t \(generated columns\) has 2 rows as in the backup, but/),
  )
  await staged.discard()
})

test('INV-545 a segment that is missing, or an abort in the middle of the rows, leaves nothing behind', async () => {
  await using taken = await captured('broken')
  const whole = directoryToSource(taken.folder)
  const missing: StoredSource = {
    ...whole,
    file: (name, signal) => whole.file(name.endsWith('000001.copy') ? `${name}.gone` : name, signal),
  }
  await assert.rejects(stageDatabase(optionsFor(taken, 'broken', { stored: missing }), never), withCode('FILE_NOT_IN_BACKUP'))
  assert.equal(await stagesLeft(), '')
  const abort = new AbortController()
  const stopped = optionsFor(taken, 'broken', { onProgress: ({ stage }) => stage === 'load' && abort.abort() })
  await assert.rejects(stageDatabase(stopped, abort.signal), withCode('CANCELLED'))
  assert.equal(await stagesLeft(), '')
  const cut: StoredSource = {
    ...whole,
    file: async (name, signal) => {
      const content = await whole.file(name, signal)
      if (!name.endsWith('000000.copy')) return content
      return { ...content, read: () => firstLines(content.read(), 3) }
    },
  }
  await assert.rejects(
    stageDatabase(optionsFor(taken, 'broken', { stored: cut }), never),
    withCode('RESTORE_VERIFY', /rows, the backup has 500$/),
  )
  assert.equal(await stagesLeft(), '')
})

async function* firstLines(bytes: AsyncIterable<Uint8Array>, lines: number): AsyncGenerator<Uint8Array> {
  for await (const part of bytes) {
    yield Buffer.from(Buffer.from(part).toString().split('\n').slice(0, lines).join('\n') + '\n')
    return
  }
}

test('INV-548 chosen tables alone have rows, and a key to a table that was not chosen is named', async () => {
  await using taken = await captured('chosen')
  const options = optionsFor(taken, 'chosen', { tables: ['public.r'] })
  const staged = await stageDatabase(options, never)
  const { report } = await staged.verify(never)
  assert.deepEqual([report.tables, report.rows], [1, 500])
  assert.ok(
    report.notes.some((note) => /FK CONSTRAINT public r r_a_fkey .*not validated/.test(note)),
    report.notes.join('\n'),
  )
  assert.equal(await cluster.psql(options.stageName, 'select (select count(*) from t), (select count(*) from r)'), '0|500\n')
  await staged.discard()
  await assert.rejects(stageDatabase({ ...options, tables: ['public.zz'] }, never), withCode('INPUT_INVALID', /no table public\.zz/))
})

test('owners, grants and policies follow a mapped role under its new name', async () => {
  await cluster.psql('postgres', 'create role "old ""name""" login; create role new_name; create role other_old; create role other_new')
  await using taken = await captured(
    'mapped',
    `create table t (a int); insert into t values (1); alter table t owner to "old ""name""";
    create function f() returns text language sql as 'select $$ALTER TABLE t OWNER TO "old ""name"""; $$'; alter function f owner to "old ""name""";
    grant select on t to other_old with grant option; create policy p on t to "old ""name""" using (true); alter table t enable row level security;
    alter default privileges for role "old ""name""" grant select on tables to public;
    create index on t (a); alter database mapped owner to "old ""name"""`,
  )
  await cluster.psql(
    'mapped',
    'reassign owned by "old ""name""" to postgres; drop owned by "old ""name""", other_old; drop policy if exists p on t',
  )
  await cluster.psql('postgres', 'drop role "old ""name""", other_old')
  const options = optionsFor(taken, 'mapped', {
    roles: [
      { kind: 'map', role: 'old "name"', to: 'new_name' },
      { kind: 'map', role: 'other_old', to: 'other_new' },
    ],
  })
  const staged = await stageDatabase(options, never)
  await staged.verify(never)
  const found = await cluster.psql(
    options.stageName,
    `select relowner::regrole, relacl::text, (select polroles::regrole[] from pg_policy), (select proowner::regrole from pg_proc where proname = 'f'),
       (select defaclrole::regrole from pg_default_acl), (select datdba::regrole from pg_database where datname = current_database())
     from pg_class where relname = 't'`,
  )
  assert.equal(found, 'new_name|{new_name=arwdDxt/new_name,other_new=r*/new_name}|{new_name}|new_name|new_name|new_name\n')
  assert.match(await cluster.psql(options.stageName, 'select f()'), /OWNER TO "old ""name"""/)
  await staged.discard()
})

test('INV-547 SAFETY rule 7: what is staged outlives a crash of the server at once, and verify refuses what a restart may have emptied', async () => {
  await using place = await temporaryDirectory()
  await chmod(place.path, 0o755)
  // The server flushes nothing by itself for ten seconds, so that only what staging flushes outlives the crash.
  const settings = { wal_writer_delay: '10s', wal_writer_flush_after: '1GB' }
  const first = await startCluster(path.join(place.path, 'pg'), { isDurable: true, settings })
  const target = parseDatabaseUrl('test', first.url('postgres'), {})
  await using taken = await captured('crashing')
  const options = { ...optionsFor(taken, 'crashing'), target: { ...target, database: 'crashing' } }
  const staged = await stageDatabase(options, never)
  await first.kill()
  await using second = await startAgain(path.join(place.path, 'pg'))
  await symlink(second.socketDirectory, first.socketDirectory)
  await using inside = await connect({ ...target, database: options.stageName })
  const found = await inside.query(`select (select count(*)::int from t) as t, (select count(*)::int from r) as r,
    (select count(*)::int from pg_constraint where conname in ('t_pkey', 'r_a_fkey')) as keys`)
  assert.deepEqual(found, [{ t: 500, r: 500, keys: 2 }])
  await assert.rejects(staged.verify(never), withCode('RESTORE_STATE', /restarted/))
  await inside[Symbol.asyncDispose]()
  await unlink(first.socketDirectory)
})

/** Children of a killed server hold its shared memory until they notice. */
async function startAgain(directory: string) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startCluster(directory, { isDurable: true })
    } catch (error) {
      if (attempt === 100) throw error
      await systemClock.sleep(100)
    }
  }
}

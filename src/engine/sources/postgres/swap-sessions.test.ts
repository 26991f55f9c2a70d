import { test, before, after } from 'node:test'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmod, chown, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { systemClock, testClock } from '#base/clock.ts'
import { assertFound, postgresPrograms } from '#host/postgres-programs.ts'
import { run } from '#host/run.ts'
import { testCluster, testClusterIn, type TestCluster } from '#test/support/postgres.ts'
import { makeLive, originOf, swapRecord } from '#test/support/swap-record.ts'
import { connect } from './connection.ts'
import { describeTarget } from './database-facts.ts'
import { standbysOf } from './swap-checks.ts'
import { databaseState, dropKept, fenceDatabase, renameDatabases, undoRecord, unfenceDatabase } from './swap.ts'

let cluster: TestCluster
before(async () => {
  cluster = await testCluster({ settings: { wal_level: 'replica' } })
  await cluster.psql(
    'postgres',
    `create role clinic; create role keeper login createdb; grant clinic, pg_signal_backend to keeper;
     create role app login; create role bystander login`,
  )
})
after(() => cluster.stop())

const clock = systemClock

/** A live and a staging database of the owner role `clinic`, and a record that reaches them as `keeper`, no superuser. */
async function ownedRecord(name: string) {
  await makeLive(cluster, name)
  const record = await swapRecord(cluster, name, {
    target: { ...cluster.target(name), user: 'keeper' },
    stageProperties: { comment: 'restored', acl: ['=Tc/clinic', 'clinic=CTc/clinic', 'app=c*/clinic', 'bystander=c/app'] },
  })
  for (const database of [name, record.stageName]) {
    await cluster.psql('postgres', `alter database "${database}" owner to clinic`)
    await cluster.psql(database, 'grant all on origin to clinic')
  }
  return record
}

test('an owner with CREATEDB and pg_signal_backend swaps, undoes and drops without being superuser', async () => {
  await cluster.psql('postgres', 'grant app to keeper')
  const record = await ownedRecord('owned')
  await using application = await connect({ ...cluster.target('owned'), user: 'app' })
  const { ended } = await fenceDatabase(record, { clock })
  assert.equal(ended, 1)
  await assert.rejects(() => application.query('select 1'))
  await renameDatabases([record], { onPrepared: () => Promise.resolve() })
  await unfenceDatabase(record)
  assert.equal(await originOf(cluster, 'owned'), 'staging')
  const { database } = await describeTarget(record.live)
  assert.deepEqual(database?.properties.acl?.toSorted(), record.stageProperties.acl?.toSorted())
  assert.deepEqual([database?.properties.owner, database?.properties.comment], ['clinic', 'restored'])

  const undo = await undoRecord(record, { keptName: 'integrum_kept_0123456789ab' })
  await fenceDatabase(undo, { clock })
  await renameDatabases([undo], { onPrepared: () => Promise.resolve() })
  await unfenceDatabase(undo)
  assert.equal(await originOf(cluster, 'owned'), 'live')
  await dropKept(undo)
  await cluster.psql('postgres', 'revoke app from keeper')
})

test('INV-583 what a role lacks is said before anything is fenced', async () => {
  const record = await ownedRecord('lacking')
  const refused = (code: string, message: RegExp) => assert.rejects(() => fenceDatabase(record, { clock }), { code, message })
  await cluster.psql('postgres', 'alter role keeper nocreatedb')
  await refused('DATABASE_PRIVILEGE', /keeper may not rename databases: it has no CREATEDB/)
  await cluster.psql('postgres', 'alter role keeper createdb; revoke clinic from keeper')
  await refused('DATABASE_PRIVILEGE', /does not own .*lacking/)
  await cluster.psql('postgres', 'grant clinic to keeper')
  // A grant that only its own grantor can make again, and keeper cannot become that one.
  await refused('DATABASE_PRIVILEGE', /app/)
  assert.equal(await databaseState(record), 'staged')
  assert.equal(await originOf(cluster, 'lacking'), 'live')
})

test('INV-583 sessions that we may not end are named before anything is fenced, and left alone', async () => {
  const record = {
    ...(await ownedRecord('guarded')),
    stageProperties: { allowConnections: true, connectionLimit: -1, comment: null, isTemplate: false, acl: null },
  }
  {
    await using superuser = await connect(cluster.target('guarded'))
    await using endable = await connect({ ...cluster.target('guarded'), user: 'app' })
    await assert.rejects(() => fenceDatabase(record, { clock }), { code: 'DATABASE_SESSIONS', message: /\d+ \(postgres/ })
    await cluster.psql('postgres', 'revoke pg_signal_backend from keeper')
    assert.deepEqual(await superuser.query('select 1 as alive'), [{ alive: 1 }])
    assert.deepEqual(await endable.query('select 1 as alive'), [{ alive: 1 }])
  }
  {
    await using application = await connect({ ...cluster.target('guarded'), user: 'app' })
    await assert.rejects(() => fenceDatabase(record, { clock }), { code: 'DATABASE_SESSIONS', message: /\(app/ })
    await application.query('select 1')
  }
  await cluster.psql('postgres', 'grant pg_signal_backend to keeper')
  await fenceDatabase(record, { clock })
  await unfenceDatabase(record)
})

test('INV-584 a session that does not end in time: the fence is lifted and the session is named', async () => {
  await makeLive(cluster, 'stuck')
  const record = await swapRecord(cluster, 'stuck')
  await using session = await connect(cluster.target('stuck'))
  const [row] = await session.query<{ pid: number }>('select pg_backend_pid() as pid')
  assert.ok(row)
  process.kill(row.pid, 'SIGSTOP')
  try {
    await assert.rejects(() => fenceDatabase(record, { clock: testClock(new Date(0)), timeoutMs: 1000 }), {
      code: 'DATABASE_SESSIONS',
      message: new RegExp(`${row.pid} \\(postgres, integrum\\)`),
    })
    assert.equal(await databaseState(record), 'staged')
    assert.equal(await originOf(cluster, 'stuck'), 'live')
    const aborted = new AbortController()
    const fencing = fenceDatabase(record, { clock }, aborted.signal)
    while ((await databaseState(record)) !== 'fenced') await clock.sleep(5)
    aborted.abort()
    await assert.rejects(() => fencing, { code: 'CANCELLED' })
    assert.equal(await databaseState(record), 'staged')
  } finally {
    process.kill(row.pid, 'SIGCONT')
  }
})

test('SAFETY rule 9: a standby whose sessions we cannot reach is listed, and refused unless the plan listed it', async () => {
  await makeLive(cluster, 'mirrored')
  const record = await swapRecord(cluster, 'mirrored')
  assert.deepEqual(await standbysOf(record.live), [])
  const directory = await mkdtemp(path.join(tmpdir(), 'integrum-test-standby-'))
  await chmod(directory, 0o755)
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  const owner = process.getuid?.() === 0 ? { uid: id('-u'), gid: id('-g') } : undefined
  if (owner) await chown(directory, owner.uid, owner.gid)
  const programs = assertFound(postgresPrograms('pg_basebackup')).folder
  const args = [
    '-D',
    path.join(directory, 'data'),
    '-h',
    cluster.socketDirectory,
    '-U',
    cluster.user,
    '-R',
    '-c',
    'fast',
    '--no-sync',
    '-X',
    'stream',
  ]
  const copied = await run(path.join(programs, 'pg_basebackup'), args, { ...owner, cwd: '/', env: { PATH: process.env['PATH'] } })
  assert.equal(copied.exitCode, 0, copied.stderr)
  await using _standby = await testClusterIn(directory)
  let standbys = await standbysOf(record.live)
  while (standbys.length === 0) {
    await clock.sleep(10)
    standbys = await standbysOf(record.live)
  }
  assert.deepEqual(standbys, ['walreceiver at local socket'])
  await assert.rejects(() => fenceDatabase(record, { clock }), { code: 'DATABASE_SESSIONS', message: /walreceiver at local socket/ })
  assert.equal(await databaseState(record), 'staged')
  await fenceDatabase(record, { clock, knownStandbys: standbys })
  await unfenceDatabase(record)
})

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { run } from '#host/run.ts'
import { connect } from '#engine/sources/postgres/connection.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { workplace, type Told, type Workplace } from '#test/support/command-line.ts'
import { copyTree } from '#test/support/trees.ts'

// Every way of asking wrongly or of meeting a broken world: its own fault code, the exit code, and nothing touched.

let cluster: TestCluster
let place: Workplace
let files: string

before(async () => {
  cluster = await testCluster()
  place = await workplace()
  files = place.file('files')
  await mkdir(files)
  await writeFile(path.join(files, 'report.txt'), randomBytes(3 << 20))
  await cluster.createDatabase('app')
  await cluster.psql('app', 'create table t (id int primary key); insert into t select generate_series(1, 1000)')
  await cluster.psql('postgres', 'create role reader login; create role owner login createdb; grant pg_signal_backend to owner')
  await place.expect(0, 'repository', 'create')
  await place.expect(0, 'backup', '--system', 'app', ...sources())
})
after(async () => {
  await place[Symbol.asyncDispose]()
  await cluster.stop()
})

function sources(url = cluster.url('app')): string[] {
  return ['--database', `app=${url}`, '--files', `files=${files}`]
}

function assertFault(told: Told, code: string, exitCode = 1): void {
  assert.equal(told.json['error']?.code, code, `${told.stdout}\n${told.stderr}`)
  assert.equal(told.exitCode, exitCode)
  assert.equal(told.json['status'], 'failed')
  // One sentence; the statements to run, where there are any, follow it line by line.
  assert.match(told.json['error'].fact.split('\n')[0], /^\S.{10,400}$/)
  assert.ok(told.json['error'].hint.length > 10, 'a hint')
  assert.match(told.stderr, new RegExp(`error ${code}: `))
}

async function assertUntouched(): Promise<void> {
  assert.equal((await cluster.psql('app', 'select count(*) from t')).trim(), '1000')
  assert.equal((await stat(path.join(files, 'report.txt'))).size, 3 << 20)
  await place.expect(0, 'repository', 'check', '--read-data')
  assert.equal(
    (
      await cluster.psql(
        'postgres',
        "select count(*) from pg_database where datname ~ 'integrum' or not datallowconn and datname <> 'template0'",
      )
    ).trim(),
    '0',
  )
}

/** A copy of the repository that a test may damage. */
async function damaged(name: string): Promise<string> {
  const copy = place.file(name)
  await copyTree(place.repository, copy)
  return copy
}

async function firstIn(folder: string): Promise<string> {
  const found = await run('find', [folder, '-type', 'f', '-size', '+100k'])
  const any = await run('find', [folder, '-type', 'f'])
  const file = (found.stdout || any.stdout).split('\n')[0]
  assert.ok(file)
  return file
}

test('a wrong password', async () => {
  await writeFile(place.file('wrong'), 'not this one')
  assertFault(await place.integrum('backups', 'list', '--password-file', place.file('wrong')), 'REPOSITORY_PASSWORD')
  assertFault(await place.integrum('backups', 'list', '--password-file', place.file('nowhere')), 'PASSWORD_MISSING', 2)
})

test('no repository there, and one that is there already', async () => {
  assertFault(await place.integrum('backups', 'list', '--repository', place.file('nowhere')), 'REPOSITORY_NOT_FOUND')
  assertFault(await place.integrum('repository', 'create'), 'REPOSITORY_EXISTS')
})

test('a repository of another version', async () => {
  const env = { PATH: process.env['PATH'], HOME: place.directory, RESTIC_PASSWORD_FILE: place.passwordFile }
  const made = await run('restic', ['init', '-r', place.file('version-1'), '--repository-version', '1'], { env })
  assert.equal(made.exitCode, 0, made.stderr)
  assertFault(await place.integrum('backups', 'list', '--repository', place.file('version-1')), 'REPOSITORY_VERSION')
})

test('a truncated pack is named by check and verify, and a restore refuses what it touches', async () => {
  const repository = await damaged('truncated')
  const pack = await firstIn(path.join(repository, 'data'))
  // Of its 100 kB and more only the beginning stays: whatever stood last in it, something that a restore needs is gone.
  await truncate(pack, 10_000)
  assertFault(await place.integrum('repository', 'check', '--repository', repository), 'DAMAGE_REPOSITORY')
  const verified = await place.integrum('verify', '--repository', repository)
  assert.equal(verified.exitCode, 1)
  assert.match(verified.json['error'].code, /^DAMAGE_/)
  const plan = place.file('truncated.json')
  const planned = await place.integrum('restore', 'plan', '--backup', 'latest', '--out', plan, '--repository', repository)
  if (planned.exitCode === 0) {
    const restored = await place.integrum('restore', 'run', plan, '--confirm', 'app', '--repository', repository)
    assert.equal(restored.exitCode, 1)
  }
  await assertUntouched()
})

test('a flipped bit', async () => {
  const repository = await damaged('flipped')
  const pack = await firstIn(path.join(repository, 'data'))
  const handle = await open(pack, 'r+')
  const byte = Buffer.alloc(1)
  await handle.read(byte, 0, 1, 5000)
  byte[0]! ^= 1
  await handle.write(byte, 0, 1, 5000)
  await handle.close()
  assertFault(await place.integrum('verify', '--repository', repository), 'DAMAGE_BACKUP')
  assertFault(await place.integrum('repository', 'check', '--read-data', '--repository', repository), 'DAMAGE_REPOSITORY')
})

test('a missing index', async () => {
  const repository = await damaged('no-index')
  for (const name of await readdir(path.join(repository, 'index'))) await rm(path.join(repository, 'index', name))
  const verified = await place.integrum('verify', '--repository', repository)
  assert.equal(verified.exitCode, 1)
  assert.match(verified.json['error'].code, /^DAMAGE_/)
  assertFault(await place.integrum('repository', 'check', '--repository', repository), 'DAMAGE_REPOSITORY')
})

test('a full disk: nothing of the backup is visible, and the repository is sound', async () => {
  const disk = place.file('small-disk')
  await mkdir(disk)
  assert.equal((await run('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk])).exitCode, 0)
  try {
    const repository = path.join(disk, 'repository')
    await place.expect(0, 'repository', 'create', '--repository', repository)
    const big = place.file('big')
    await mkdir(big)
    await writeFile(path.join(big, 'random'), randomBytes(40 << 20))
    assertFault(await place.integrum('backup', '--system', 'big', '--files', `big=${big}`, '--repository', repository), 'STORAGE_FULL')
    const listed = await place.expect(0, 'backups', 'list', '--repository', repository)
    assert.deepEqual(listed.json['backups'], [])
  } finally {
    await run('umount', [disk])
  }
})

test('a database that refuses connections, and one that is not there', async () => {
  assertFault(
    await place.integrum('backup', '--system', 'app', '--database', 'app=postgresql://postgres@127.0.0.1:1/app'),
    'DATABASE_UNREACHABLE',
  )
  assertFault(await place.integrum('backup', '--system', 'app', '--database', `app=${cluster.url('nowhere')}`), 'DATABASE_NOT_FOUND')
})

test('SAFETY rule 21: a password in a URL is refused, and never shown', async () => {
  const told = await place.integrum('backup', '--system', 'app', '--database', 'app=postgresql://u:geheim@localhost/app')
  assertFault(told, 'DATABASE_URL_PASSWORD', 2)
  assert.doesNotMatch(told.stdout + told.stderr, /geheim/)
})

test('a role that may not read one table is told the GRANT to run', async () => {
  await cluster.createDatabase('hidden')
  await cluster.psql('hidden', 'create table open_one (a int); create table "closed one" (a int); grant select on open_one to reader')
  const told = await place.integrum(
    'backup',
    '--system',
    'hidden',
    '--database',
    `hidden=${cluster.url('hidden').replace('postgres@', 'reader@')}`,
  )
  assertFault(told, 'DATABASE_COVERAGE')
  assert.match(JSON.stringify(told.json), /closed one/)
  assert.match(told.stderr + JSON.stringify(told.json), /grant/i)
})

test('a table under row security', async () => {
  await cluster.createDatabase('rows')
  await cluster.psql(
    'rows',
    'create table t (a int); alter table t enable row level security; create policy p on t using (a = 1); insert into t values (1), (2); grant select on t to reader',
  )
  const told = await place.integrum(
    'backup',
    '--system',
    'rows',
    '--database',
    `rows=${cluster.url('rows').replace('postgres@', 'reader@')}`,
  )
  assertFault(told, 'DATABASE_ROW_SECURITY')
})

test('a plan whose target changed since is stale, one that was edited is invalid, and one is carried out once', async () => {
  const plan = place.file('stale.json')
  await place.expect(0, 'restore', 'plan', '--backup', 'latest', '--system', 'app', '--out', plan)
  await cluster.psql('app', 'alter table t add column late int')
  assertFault(await place.integrum('restore', 'run', plan, '--confirm', 'app'), 'PLAN_STALE')
  await cluster.psql('app', 'alter table t drop column late')
  const edited = await run('sed', ['-e', 's/"lossRowsMax": null/"lossRowsMax": 5/', plan])
  await writeFile(place.file('edited.json'), edited.stdout)
  assertFault(await place.integrum('restore', 'run', place.file('edited.json'), '--confirm', 'app'), 'PLAN_INVALID', 2)
  assertFault(await place.integrum('restore', 'run', plan, '--confirm', 'other'), 'CONFIRMATION_MISMATCH', 2)
  await assertUntouched()
})

test('a plan whose root was replaced since is stale', async () => {
  const plan = place.file('stale-root.json')
  await place.expect(0, 'restore', 'plan', '--backup', 'latest', '--system', 'app', '--out', plan, '--files', `files=${files}`)
  await copyTree(files, `${files}-other`)
  await rename(files, `${files}-first`)
  await rename(`${files}-other`, files)
  assertFault(await place.integrum('restore', 'run', plan, '--confirm', 'app'), 'PLAN_STALE')
  await rm(files, { recursive: true })
  await rename(`${files}-first`, files)
})

test('a target with sessions that may not be ended: refused with their names, and open again afterwards', async () => {
  await cluster.createDatabase('owned')
  await cluster.psql('postgres', 'alter database owned owner to owner; alter role owner bypassrls; grant pg_read_all_data to owner')
  await cluster.psql('owned', 'create table t (a int); alter table t owner to owner; insert into t values (7)')
  const url = cluster.url('owned').replace('postgres@', 'owner@')
  await place.expect(0, 'backup', '--system', 'owned', '--database', `owned=${url}`)
  const plan = place.file('sessions.json')
  await using _superuser = await connect(cluster.target('owned'))
  const planned = await place.integrum(
    'restore',
    'plan',
    '--backup',
    'latest',
    '--system',
    'owned',
    '--out',
    plan,
    '--free-bytes',
    'owned=100000000000',
  )
  const told = planned.exitCode === 0 ? await place.integrum('restore', 'run', plan, '--confirm', 'owned') : planned
  assertFault(told, 'DATABASE_SESSIONS')
  assert.equal((await cluster.psql('owned', 'select a from t')).trim(), '7')
})

test('a root that is a symlink, is not there, or is a file', async () => {
  await symlink(files, place.file('link'))
  assertFault(await place.integrum('backup', '--system', 'x', '--files', `x=${place.file('link')}`), 'ROOT_SYMLINK', 2)
  assertFault(await place.integrum('backup', '--system', 'x', '--files', `x=${place.file('nowhere')}`), 'ROOT_NOT_FOUND')
  assertFault(await place.integrum('backup', '--system', 'x', '--files', `x=${path.join(files, 'report.txt')}`), 'ROOT_NOT_DIRECTORY', 2)
})

test('SAFETY rule 6: a root that is a mount point is restored by its entries', async () => {
  const mounted = place.file('mounted')
  await mkdir(mounted)
  assert.equal((await run('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', mounted])).exitCode, 0)
  try {
    await writeFile(path.join(mounted, 'a'), 'one')
    await place.expect(0, 'backup', '--system', 'mounted', '--files', `m=${mounted}`)
    await writeFile(path.join(mounted, 'a'), 'two')
    await writeFile(path.join(mounted, 'b'), 'new')
    const plan = place.file('mounted.json')
    const planned = await place.expect(0, 'restore', 'plan', '--backup', 'latest', '--system', 'mounted', '--out', plan)
    assert.match(planned.json['warnings'].join('\n'), /not atomic/)
    await place.expect(0, 'restore', 'run', plan, '--confirm', 'mounted')
    assert.deepEqual(
      (await readdir(mounted)).filter((name) => !name.startsWith('.integrum-')),
      ['a'],
    )
    assert.equal((await run('cat', [path.join(mounted, 'a')])).stdout, 'one')
  } finally {
    await run('umount', [mounted])
  }
})

test('a path that leaves its root', async () => {
  const told = await run(path.resolve('bin/integrum'), [
    'dump',
    'files/files/../../../etc/passwd',
    '--system',
    'app',
    '--repository',
    place.repository,
    '--password-file',
    place.passwordFile,
  ])
  assert.equal(told.exitCode, 2)
  assert.match(told.stderr, /PATH_OUTSIDE_ROOT/)
  assertFault(await place.integrum('backups', 'files', 'latest', '../etc', '--system', 'app'), 'PATH_OUTSIDE_ROOT', 2)
})

test('a repository inside a file root that it would back up', async () => {
  const told = await place.integrum('backup', '--system', 'x', '--files', `x=${place.directory}`)
  assertFault(told, 'INPUT_INVALID', 2)
  assert.match(told.json['error'].fact, /inside the file root x/)
})

test('words that are not understood end with the code for usage', async () => {
  assert.equal((await place.integrum('nonsense')).exitCode, 2)
  assert.equal((await place.integrum('backup')).exitCode, 2)
  assert.equal((await place.integrum('backup', '--system', 'Bad Name', '--files', `f=${files}`)).exitCode, 2)
  assertFault(await place.integrum('backup', '--system', 'app'), 'USAGE', 2)
  assertFault(await place.integrum('verify', 'deadbeef'), 'BACKUP_NOT_FOUND', 2)
})

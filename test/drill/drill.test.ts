import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { mkdir, open, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { run } from '#host/run.ts'
import { endOf, workplace, type Told, type Workplace } from '#test/support/command-line.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { copyTree } from '#test/support/trees.ts'
import { mounted } from '#test/support/workshop.ts'

let cluster: TestCluster
let place: Workplace
/** Where drills make their throw-away directories. */
let drills: string

before(async () => {
  cluster = await testCluster()
  place = await workplace()
  // The user that the private server runs as passes through.
  await run('chmod', ['755', place.directory])
  drills = place.file('drills')
  await mkdir(drills)
  await cluster.psql('postgres', 'create role doctor; create role patient_portal')
  await place.expect(0, 'repository', 'create')
})
after(async () => {
  await place[Symbol.asyncDispose]()
  await cluster.stop()
})

async function makeDatabase(name: string): Promise<string> {
  await cluster.createDatabase(name)
  await cluster.psql(
    name,
    `create table patient (id int generated always as identity primary key, name text, path text, seen_at timestamptz default now());
     insert into patient (name, path) select 'somebody ' || g, 'report-' || g % 3 from generate_series(1, 500) g;
     alter table patient owner to doctor; grant select on patient to patient_portal`,
  )
  return `${name}=${cluster.url(name)}`
}

async function makeFiles(name: string): Promise<string> {
  const files = place.file(name)
  await mkdir(path.join(files, 'locked'), { recursive: true })
  for (const number of [0, 1, 2]) await writeFile(path.join(files, `report-${number}`), `report ${number} `.repeat(20_000))
  await writeFile(path.join(files, 'locked', 'inside'), 'secret', { mode: 0o400 })
  await run('chmod', ['000', path.join(files, 'locked')])
  return `${name}=${files}`
}

async function settingsFile(name: string, settings: unknown): Promise<string> {
  const file = place.file(`${name}-settings.json`)
  await writeFile(file, JSON.stringify(settings))
  return file
}

const drill = (exitCode: number, ...words: string[]): Promise<Told> => place.expect(exitCode, 'drill', ...words, '--place', drills)

async function assertNothingRemains(): Promise<void> {
  assert.deepEqual(await readdir(drills), [])
  assert.deepEqual(await readdir(path.join(place.state, 'drills')), [])
  assert.deepEqual(await serversIn(drills), [])
}

/** Postmasters whose data directory lies below. */
async function serversIn(folder: string): Promise<string[]> {
  const { stdout } = await run('ps', ['-eo', 'args'])
  return stdout.split('\n').filter((line) => line.includes(`-D ${folder}`))
}

async function standingOf(backup: string): Promise<string> {
  const listed = await place.expect(0, 'backups', 'list')
  return listed.json['backups'].find((one: { backup: string }) => one.backup === backup).standing
}

test('SAFETY rule 28 a drill proves a backup of databases and files, keeps a signed report, and nothing else remains', async () => {
  const sources = [
    '--database',
    await makeDatabase('ward'),
    '--database',
    await makeDatabase('archive'),
    '--files',
    await makeFiles('reports'),
  ]
  const made = await place.expect(0, 'backup', '--system', 'clinic', ...sources)
  const backup = made.json['backup']
  assert.equal(await standingOf(backup), 'unverified')
  const assertions = [
    { name: 'patients', database: 'ward', sql: 'select count(*) from patient', expect: { atLeast: 500 } },
    { name: 'newest', database: 'archive', sql: 'select max(seen_at) from patient', expect: { within: '1h' } },
  ]
  const settings = await settingsFile('clinic', { assertions, objectives: { rtoMinutes: 240 } })
  const out = place.file('report.json')
  const told = await drill(0, backup, '--settings', settings, '--out', out)
  assert.match(told.stderr, /Proven restorable \(20/)
  assert.equal(told.json['outcome'], 'proven')
  await assertNothingRemains()

  const report = JSON.parse(await readFile(out, 'utf8'))
  assert.deepEqual(report, told.json['report'])
  assert.equal(report.backup.manifestChecksum, made.json['checksum'])
  const [ward] = report.databases
  assert.deepEqual([ward.name, ward.isVerified, ward.tables[0].table, ward.tables[0].rows], ['ward', true, 'patient', 500])
  assert.match(ward.tables[0].hash, /^[0-9a-f]{32}$/)
  assert.deepEqual([report.roots[0].isVerified, report.roots[0].files], [true, 4])
  assert.deepEqual(
    report.assertions.map(({ name, outcome }: Record<string, string>) => [name, outcome]),
    [
      ['patients', 'holds'],
      ['newest', 'holds'],
    ],
  )
  assert.equal(report.rto.objectiveMs, 4 * 3_600_000)
  assert.ok(report.rto.achievedMs > 0)
  const stages = new Set(report.stages.map(({ stage }: { stage: string }) => stage))
  assert.deepEqual(stages, new Set(['open', 'prepare', 'plan', 'stage', 'verify', 'assertions', 'remove']))

  // Known to whoever opens the repository, and no burden to restic.
  assert.equal(await standingOf(backup), 'proven')
  const shown = await place.expect(0, 'backups', 'show', backup)
  assert.deepEqual(shown.json['proof'], report)
  assert.equal((await place.expect(0, 'backups', 'list')).json['foreign'].length, 0)
  await place.expect(0, 'repository', 'check', '--read-data')
  const restic = await run('restic', ['--no-cache', '-r', place.repository, 'check', '--read-data'], {
    env: { PATH: process.env['PATH'], HOME: place.directory, RESTIC_PASSWORD_FILE: place.passwordFile },
  })
  assert.match(restic.stdout, /no errors were found/)
})

test('a report is checked offline: a changed byte is refused, and so is another key', async () => {
  const out = place.file('report.json')
  const { proofKey } = (await place.expect(0, 'repository', 'stats')).json
  // Without repository and password.
  const check = (...words: string[]) => place.integrum('drill', 'check', ...words, '--repository', place.file('nowhere'))
  assert.equal((await check(out)).exitCode, 0)
  for (const key of [proofKey.publicKey, proofKey.fingerprint]) {
    assert.equal((await check(out, '--public-key', key)).json['isKeyCompared'], true)
  }
  const other = await check(out, '--public-key', 'f'.repeat(64))
  assert.deepEqual([other.exitCode, other.json['error'].code], [1, 'PROOF_SIGNATURE'])
  const text = await readFile(out, 'utf8')
  const changes: readonly (readonly [string, string])[] = [
    ['"rows": 500', '"rows": 501'],
    ['"isVerified": true', '"isVerified": false'],
    ['"hostname": "', '"hostname": "x'],
    ['"achievedMs": ', '"achievedMs": 1'],
  ]
  for (const [from, to] of changes) {
    assert.ok(text.includes(from))
    await writeFile(place.file('changed.json'), text.replace(from, to))
    const { exitCode, json } = await check(place.file('changed.json'))
    assert.deepEqual([exitCode, json['error']?.code], [1, 'PROOF_SIGNATURE'], from)
  }
  await writeFile(place.file('changed.json'), text.slice(0, -3))
  assert.equal((await check(place.file('changed.json'))).exitCode, 2)
})

test('an assertion that fails fails the drill, and every one of them stands in the report; a typing error is refused at once', async () => {
  const backup = (await place.expect(0, 'backup', '--system', 'asserted', '--database', await makeDatabase('asserted'))).json['backup']
  const assertions = [
    { name: 'too many', sql: 'select count(*) from patient', expect: 501 },
    { name: 'wrong', sql: 'select count(*) from nobody' },
    { name: 'writes', sql: 'delete from patient returning true' },
    { name: 'sequence', sql: 'select last_value >= (select max(id) from patient) from patient_id_seq' },
  ]
  const told = await drill(1, backup, '--settings', await settingsFile('asserted', { assertions }))
  assert.match(told.json['error'].fact, /"too many" does not hold.*it returned 500.*2 more/)
  assert.deepEqual(
    told.json['report'].assertions.map(({ outcome }: { outcome: string }) => outcome),
    ['fails', 'refused', 'refused', 'holds'],
  )
  assert.equal(told.json['report'].isBackupAtFault, true)
  assert.equal(await standingOf(backup), 'failed')
  await assertNothingRemains()

  const stray = [{ name: 'stray', database: 'asserter', sql: 'select true' }]
  const refused = await drill(2, backup, '--settings', await settingsFile('stray', { assertions: stray }))
  assert.match(refused.json['error'].fact, /about database asserter, the backup has asserted/)
})

test('a backup with gaps is proven with its gaps: exit code 3; its tablespace is made, its objective missed', async () => {
  const reference = { database: 'gappy', table: 'patient', column: 'path', root: 'gappy-files' }
  const settings = await settingsFile('gappy', { fileReferences: [reference], objectives: { rtoMinutes: 0.001 } })
  const files = await makeFiles('gappy-files')
  await rm(place.file('gappy-files/report-1'))
  const words = ['--database', await makeDatabase('gappy'), '--files', files, '--settings', settings]
  await run('install', ['-d', '-o', (await stat(cluster.socketDirectory)).uid.toString(), place.file('fast')])
  await cluster.psql('gappy', `create tablespace fast location '${place.file('fast')}'`)
  await cluster.psql('gappy', 'alter table patient set tablespace fast')
  const { backup } = (await place.expect(3, 'backup', '--system', 'gappy', ...words)).json
  const told = await drill(3, String(backup), '--settings', settings)
  assert.deepEqual([told.json['status'], told.json['outcome']], ['completed_with_gaps', 'proven'])
  assert.match(JSON.stringify(told.json['report'].backup.gaps), /dangling-reference.*report-1/)
  assert.match(told.stderr, /RTO .* achieved, objective 60 ms: MISSED/)
  assert.deepEqual(told.json['report'].databases[0].notes, [])
})

/** Flips one byte in the middle of every pack that came with the last backup and holds data of this size or more. */
async function flipNewPacks(before: ReadonlySet<string>, repository: string): Promise<void> {
  const packs = (await run('find', [path.join(repository, 'data'), '-type', 'f', '-size', '+64k'])).stdout.trim().split('\n')
  for (const pack of packs.filter((file) => !before.has(path.basename(file)))) {
    const handle = await open(pack, 'r+')
    const at = Math.floor((await handle.stat()).size / 2)
    const byte = Buffer.alloc(1)
    await handle.read(byte, 0, 1, at)
    byte[0]! ^= 1
    await handle.write(byte, 0, 1, at)
    await handle.close()
  }
}

for (const kind of ['rows', 'files'] as const) {
  test(`SAFETY rule 28 a backup with one flipped byte in its ${kind} fails its drill, which names the ${kind === 'rows' ? 'table' : 'file'}`, async () => {
    const repository = place.file(`flipped-${kind}`)
    await copyTree(place.repository, repository)
    const there = await run('find', [path.join(repository, 'data'), '-type', 'f', '-printf', '%f\\n'])
    const noise = place.file(`noise-${kind}`)
    await mkdir(noise)
    let sources = ['--files', `noise=${noise}`]
    if (kind === 'files') await run('dd', ['if=/dev/urandom', `of=${path.join(noise, 'scan.dcm')}`, 'bs=100k', 'count=3'])
    else {
      const database = await makeDatabase('flipped')
      await cluster.psql('flipped', 'create table lab_result as select g as id, md5(g::text) as code from generate_series(1, 20000) g')
      sources = ['--database', database]
    }
    const { backup } = (await place.expect(0, 'backup', '--system', 'flipped', ...sources, '--repository', repository)).json
    await flipNewPacks(new Set(there.stdout.split('\n')), repository)
    const out = place.file(`flipped-${kind}.json`)
    const told = await drill(1, String(backup), '--repository', repository, '--out', out)
    const report = JSON.parse(await readFile(out, 'utf8'))
    const named = report.findings.map(({ source, what }: Record<string, string>) => `${source}: ${what}`)
    assert.deepEqual(named, [kind === 'rows' ? 'flipped: public.lab_result' : 'noise: scan.dcm'])
    assert.match(told.stderr, kind === 'rows' ? /DAMAGED +flipped: public\.lab_result/ : /DAMAGED +noise: scan\.dcm/)
    assert.match(report.fault.code, /^DAMAGE_/)
    await place.expect(0, 'drill', 'check', out)
    const listed = await place.expect(0, 'backups', 'list', '--repository', repository)
    assert.equal(listed.json['backups'].find((one: { backup: string }) => one.backup === backup).standing, 'failed')
    await assertNothingRemains()
  })
}

test('files alone are drilled without a server; assertions about rows are said to be not checked', async () => {
  const { backup } = (await place.expect(0, 'backup', '--system', 'scans', '--files', await makeFiles('scans'))).json
  const settings = await settingsFile('scans', { assertions: [{ name: 'rows', sql: 'select true' }] })
  const told = await drill(0, String(backup), '--settings', settings)
  assert.match(told.stderr, /NOT CHECKED +rows/)
  assert.equal(told.json['report'].versions.postgres, null)
  assert.deepEqual(told.json['report'].databases, [])
  await assertNothingRemains()
})

test('a disk without room fails the drill, not the backup, and is emptied again', async () => {
  const small = place.file('small')
  await mkdir(small)
  await using _disk = await mounted(small, 24 * 1024 * 1024)
  const { backup } = (await place.expect(0, 'backups', 'show', 'latest', '--system', 'clinic')).json
  const told = await place.expect(1, 'drill', String(backup), '--place', small)
  assert.match(told.json['error'].fact, /[Nn]o space left|free/)
  assert.equal(told.json['report'].isBackupAtFault, false)
  assert.equal(await standingOf(String(backup)), 'proven')
  assert.deepEqual(await readdir(small), [])
  await assertNothingRemains()
})

test('what a verify reads back whole is intact from then on, and what only the index was asked about is not', async () => {
  const made = await place.expect(0, 'backup', '--system', 'scans', '--files', `scans=${place.file('scans')}`)
  const backup = String(made.json['backup'])
  await place.expect(0, 'verify', backup, '--quick')
  assert.equal(await standingOf(backup), 'unverified')
  await place.expect(0, 'verify', backup)
  const shown = await place.expect(0, 'backups', 'show', backup)
  assert.match(shown.stderr, /standing +Intact \(20/)
  assert.equal(shown.json['proof'].backup.manifestChecksum, made.json['checksum'])
})

test('a report that has no place, a place that is none, and a system that is not there are refused before anything begins', async () => {
  const cases: readonly (readonly [readonly string[], string, number])[] = [
    [['--out', place.file('nowhere/report.json')], 'HOST_IO', 1],
    [['--place', place.file('nowhere')], 'HOST_IO', 1],
    [['--place', place.passwordFile], 'ROOT_NOT_DIRECTORY', 2],
    [['--place', `${drills}${'/deep'.repeat(20)}`], 'INPUT_INVALID', 2],
    [['--system', 'nobody'], 'BACKUP_NOT_FOUND', 2],
  ]
  for (const [words, code, exitCode] of cases) {
    const told = await place.integrum('drill', ...(words[0] === '--system' ? ['latest'] : ['latest', '--system', 'clinic']), ...words)
    assert.deepEqual([told.json['error']?.code, told.exitCode], [code, exitCode], told.stderr)
  }
})

/** A drill that has begun to load rows, and the folder of its server's socket. */
async function startLoading(): Promise<{ child: ChildProcess; socket: string }> {
  const child = place.start(['drill', 'latest', '--system', 'large', '--place', drills])
  for (let look = 0; look < 3000; look += 1) {
    assert.equal(child.exitCode, null, 'it came to loading rows')
    const socket = await run('find', [drills, '-name', '.s.PGSQL.5432'])
    if (socket.stdout !== '') {
      const folder = path.dirname(socket.stdout.trim())
      const query = "select 1 from pg_stat_activity where datname ~ '^integrum_stage_' and query ~* '^copy'"
      if ((await run('psql', ['-h', folder, '-U', 'postgres', '-Atc', query, 'postgres'])).stdout.includes('1'))
        return { child, socket: folder }
    }
  }
  throw new Error('it came to loading rows')
}

test('nobody else enters the private server; cancelled or killed, nothing of it remains', async () => {
  await cluster.createDatabase('large')
  await cluster.psql('large', 'create table t as select g as id, repeat(md5(g::text), 8) as word from generate_series(1, 600000) g')
  const { backup } = (await place.expect(0, 'backup', '--system', 'large', '--database', `large=${cluster.url('large')}`)).json

  const cancelled = await startLoading()
  // 65534 is nobody; PGUSER says who it wants to be.
  const stranger = await run('psql', ['-h', cancelled.socket, '-U', 'postgres', '-Atc', 'select 1', 'postgres'], {
    uid: 65_534,
    gid: 65_534,
    cwd: '/',
  })
  assert.match(stranger.stderr, /Permission denied/)
  const [inner] = await readdir(drills)
  assert.equal((await stat(path.join(drills, inner!, 'files'))).mode & 0o77, 0)
  const { stdout: listening } = await run('psql', [
    '-h',
    cancelled.socket,
    '-U',
    'postgres',
    '-Atc',
    "select current_setting('listen_addresses') = ''",
    'postgres',
  ])
  assert.equal(listening.trim(), 't')
  const ended = endOf(cancelled.child)
  cancelled.child.kill('SIGINT')
  assert.deepEqual(await ended, { exitCode: 1, signal: null })
  await assertNothingRemains()

  const killed = await startLoading()
  const death = endOf(killed.child)
  killed.child.kill('SIGKILL')
  assert.equal((await death).signal, 'SIGKILL')
  assert.equal((await readdir(drills)).length, 1)
  const [directory] = await readdir(drills)
  const recovered = await place.expect(0, 'restore', 'recover')
  assert.equal(recovered.json['leftDrills'], 1)
  assert.match(recovered.stderr, new RegExp(`removed what drill .* left in ${path.join(drills, directory!)}`))
  await assertNothingRemains()
  assert.equal(await standingOf(String(backup)), 'unverified', 'neither of them proved anything')
  await place.expect(0, 'repository', 'check')
})

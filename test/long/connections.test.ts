import assert from 'node:assert/strict'
import { chmod, chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { startCluster } from '#host/postgres-cluster.ts'
import { run } from '#host/run.ts'
import { workplace, type Workplace } from '#test/support/command-line.ts'
import { testCluster, testClusterIn } from '#test/support/postgres.ts'

let place: Workplace

before(async () => {
  place = await workplace()
  await place.expect(0, 'repository', 'create')
})
after(() => place[Symbol.asyncDispose]())

/** Backs up and restores in place; the answers of both. */
async function roundTrip(system: string, sources: readonly string[], where: readonly string[] = []) {
  const backup = await place.expect(0, 'backup', '--system', system, ...sources)
  const plan = place.file(`${system}.json`)
  await place.expect(0, 'restore', 'plan', '--backup', backup.json['backup'], '--out', plan, ...where)
  const restored = await place.expect(0, 'restore', 'run', plan, '--confirm', system)
  return { backup: backup.json, restored: restored.json }
}

/** One that nobody else listens on: all of 127.0.0.0/8 is this machine. */
const address = `127.${(process.pid % 250) + 2}.${Math.floor(process.pid / 250) % 250}.1`

async function makeCertificate(folder: string, name: string): Promise<{ certificate: string; key: string }> {
  const [certificate, key] = [path.join(folder, `${name}.crt`), path.join(folder, `${name}.key`)]
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=IP:${address}`]
  const made = await run('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-keyout',
    key,
    '-out',
    certificate,
    ...subject,
  ])
  assert.equal(made.exitCode, 0, made.stderr)
  return { certificate, key }
}

test('a database behind TLS comes back under every mode that verifies, and a certificate of somebody else is refused', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'integrum-test-tls-'))
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(() => rm(folder, { recursive: true, force: true }))
  await chmod(folder, 0o755)
  const own = await makeCertificate(folder, 'server')
  const foreign = await makeCertificate(folder, 'foreign')
  const data = path.join(folder, 'cluster')
  // The first start makes the directory, which tells who the server runs as.
  await (await startCluster(data, { isDurable: false })).stop()
  const { uid, gid } = await stat(path.join(data, 'data'))
  await chown(own.key, uid, gid)
  await chmod(own.key, 0o600)
  await writeFile(path.join(data, 'data/pg_hba.conf'), 'local all all trust\nhostssl all all samehost trust\n')
  const settings = { listen_addresses: address, ssl: 'on', ssl_cert_file: own.certificate, ssl_key_file: own.key }
  await using cluster = await testClusterIn(data, { settings })
  await cluster.createDatabase('clinic')
  await cluster.psql('clinic', `create table t (a int, b text); insert into t select g, repeat('x', 3000) from generate_series(1, 3000) g`)

  const url = (parameters: string) => `clinic=postgresql://postgres@${address}/clinic?${parameters}`
  const root = `sslrootcert=${encodeURIComponent(own.certificate)}`
  const { restored } = await roundTrip(
    'clinic',
    ['--database', url(`sslmode=verify-full&${root}`)],
    ['--free-bytes', 'clinic=100000000000'],
  )
  assert.equal(restored['verified'].rows, 3000)
  for (const parameters of ['sslmode=require', `sslmode=require&${root}`, `sslmode=verify-ca&${root}`])
    await place.expect(0, 'backup', '--system', 'clinic', '--database', url(parameters))
  const refused = [
    `sslmode=verify-full&sslrootcert=${encodeURIComponent(foreign.certificate)}`,
    `sslmode=require&sslrootcert=${encodeURIComponent(foreign.certificate)}`,
    'sslmode=verify-full',
    'sslmode=disable',
  ]
  for (const parameters of refused) {
    const told = await place.integrum('backup', '--system', 'clinic', '--database', url(parameters))
    assert.match(told.json['error'].code, /^DATABASE_(UNREACHABLE|AUTHENTICATION)$/, `${parameters}: ${told.stdout}`)
  }
})

test('INV-502 INV-508 a role that is no superuser reads every row; what PostgreSQL hides from it is a gap or named', async () => {
  await using cluster = await testCluster({ settings: { wal_level: 'logical' } })
  await cluster.psql('postgres', 'create role reader login bypassrls; grant pg_read_all_data to reader; create role owner_of_t')
  await cluster.createDatabase('clinic')
  await cluster.psql(
    'clinic',
    `create table t (a int); insert into t values (1), (2); alter table t owner to owner_of_t; alter table t enable row level security;
     alter table t force row level security; create policy nobody on t using (false); create schema s; create table s.u (b int); insert into s.u values (1);
     create foreign data wrapper w; create server far foreign data wrapper w; create user mapping for owner_of_t server far options (password 'p');
     create subscription sub connection 'host=nowhere.invalid' publication p with (connect = false, slot_name = 'x'); alter function lower(text) cost 3;
     select lo_from_bytea(5, 'large'); grant select on large object 5 to reader; create materialized view m as select * from s.u; create extension hstore`,
  )
  const source = `clinic=${cluster.url('clinic').replace('postgres@', 'reader@')}`
  const backup = await place.expect(3, 'backup', '--system', 'reader', '--database', source)
  assert.match(backup.json['gapList'][0].detail, /subscriptions not dumped/)
  const named = backup.json['exactness'].map(({ what }: { what: string }) => what)
  assert.ok(named.includes('subscriptions that are not in the backup: sub'), named.join('\n'))
  assert.ok(named.includes('options of user mappings: far for owner_of_t'), named.join('\n'))

  await cluster.psql('postgres', 'alter database clinic rename to "clinic before"')
  const plan = place.file('reader.json')
  await place.expect(
    0,
    'restore',
    'plan',
    '--backup',
    backup.json['backup'],
    '--out',
    plan,
    '--database',
    `clinic=${cluster.url('clinic')}`,
  )
  const restored = await place.expect(0, 'restore', 'run', plan, '--confirm', 'reader')
  assert.equal(restored.json['verified'].rows, 3)
  const said = await cluster.diff('clinic before', 'clinic', '--replay')
  const different = said.split('\n').filter((line) => line.startsWith('DIFF ') && !/subscription|USER MAPPING/i.test(line))
  assert.deepEqual(different, [])
})

const content = `select count(*), sum(hashtext(a)), current_setting('timezone') from t`

test('SAFETY rule 15: databases of several servers and a tree come back from one backup, each as it was', async () => {
  await using one = await testCluster()
  await using other = await testCluster()
  const files = place.file('shared-files')
  await run('mkdir', ['-p', files])
  await writeFile(path.join(files, 'a.txt'), 'a')
  for (const [cluster, name] of [
    [one, 'emr'],
    [one, 'lis'],
    [other, 'pacs'],
  ] as const) {
    await cluster.createDatabase(name)
    await cluster.psql(
      name,
      `create table t (a text); insert into t select '${name}' || g from generate_series(1, 100) g; alter database ${name} set timezone = 'Asia/Tokyo'`,
    )
    await cluster.psql(
      'postgres',
      `create database "${name} copy" template ${name}; alter database "${name} copy" set timezone = 'Asia/Tokyo'`,
    )
  }
  const sources = ['--database', `emr=${one.url('emr')}`, '--database', `lis=${one.url('lis')}`, '--database', `pacs=${other.url('pacs')}`]
  const backup = await place.expect(0, 'backup', '--system', 'group', ...sources, '--files', `files=${files}`)
  await one.psql('emr', 'drop table t')
  await one.psql('lis', 'delete from t')
  await other.psql('pacs', `insert into t values ('later')`)
  await writeFile(path.join(files, 'a.txt'), 'changed')
  const plan = place.file('group.json')
  await place.expect(0, 'restore', 'plan', '--backup', backup.json['backup'], '--out', plan)
  const restored = await place.expect(0, 'restore', 'run', plan, '--confirm', 'group')
  assert.deepEqual([restored.json['verified'].tables, restored.json['verified'].rows, restored.json['verified'].files], [3, 300, 1])
  for (const [cluster, name] of [
    [one, 'emr'],
    [one, 'lis'],
    [other, 'pacs'],
  ] as const)
    assert.equal(await cluster.psql(name, content), await cluster.psql(`${name} copy`, content))
})

import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { endOf, workplace, type Workplace } from '#test/support/command-line.ts'

const dying = path.join(path.dirname(fileURLToPath(import.meta.url)), 'dying-command.ts')

let cluster: TestCluster
let place: Workplace
let files: string

before(async () => {
  cluster = await testCluster()
  place = await workplace()
  files = place.file('files')
  await place.expect(0, 'repository', 'create')
  await mkdir(files)
  await cluster.createDatabase('app')
  await cluster.psql(
    'app',
    "create table t (id int primary key, word text); insert into t select g, 'backed up' from generate_series(1, 200) g",
  )
  await writeFile(path.join(files, 'word'), 'backed up')
  await place.expect(0, 'backup', '--system', 'app', '--database', `app=${cluster.url('app')}`, '--files', `files=${files}`)
})
after(async () => {
  await place[Symbol.asyncDispose]()
  await cluster.stop()
})

interface Seen {
  readonly database: string
  readonly files: string
}

async function look(): Promise<Seen> {
  const database = await cluster.psql('app', "select coalesce(string_agg(distinct word, ','), 'empty') || ' ' || count(*) from t")
  return { database: database.trim(), files: await readFile(path.join(files, 'word'), 'utf8') }
}

const old: Seen = { database: 'live 1', files: 'live' }
const restored: Seen = { database: 'backed up 200', files: 'backed up' }

/** The live state before a restore: not that of the backup, so that old and new are told apart. */
async function makeOld(): Promise<void> {
  await cluster.psql('app', "delete from t; insert into t values (1, 'live')")
  await writeFile(path.join(files, 'word'), 'live')
}

async function expectWhole(what: string): Promise<Seen> {
  await place.expect(0, 'restore', 'recover')
  const seen = await look()
  const isOld = JSON.stringify(seen) === JSON.stringify(old)
  const isNew = JSON.stringify(seen) === JSON.stringify(restored)
  assert.ok(isOld || isNew, `${what}: neither old nor new: ${JSON.stringify(seen)}`)
  const left = await cluster.psql('postgres', "select string_agg(datname, ' ') from pg_database where datname ~ '^integrum_stage'")
  assert.equal(left.trim(), '', `${what}: a staging database is left`)
  const beside = (await readdir(place.directory)).filter((name) => /^\.integrum-[0-9a-f]{12}-stage$/.test(name))
  assert.deepEqual(beside, [], `${what}: a staging directory is left`)
  return seen
}

// Every write of the journal announces or records a step: dying at each of them is dying between any two steps.
for (const when of ['before', 'after'] as const) {
  test(`SAFETY rule 3: killed ${when} each write of the journal of a restore, recover leaves old or new, whole`, async () => {
    const outcomes = new Set<string>()
    for (let at = 1; ; at += 1) {
      await makeOld()
      const plan = place.file(`plan-${when}-${at}.json`)
      await place.expect(0, 'restore', 'plan', '--backup', 'latest', '--out', plan)
      const words = ['restore', 'run', plan, '--confirm', 'app', '--no-safety-backup', '--reason', 'a test']
      const end = await endOf(place.start(words, { file: dying, args: [String(at), when] }))
      if (end.signal === null) {
        assert.equal(end.exitCode, 0)
        assert.ok(at > 8, `only ${at} writes of the journal were tried`)
        break
      }
      const seen = await expectWhole(`killed ${when} write ${at}`)
      outcomes.add(seen.files)
    }
    assert.deepEqual([...outcomes].toSorted(), ['backed up', 'live'], 'some deaths came before the decision and some after it')
    await place.expect(0, 'repository', 'check')
  })
}

test('a killed undo leaves the restored state or the one before it, whole, and never drops what was kept', async () => {
  for (let at = 1; ; at += 1) {
    await makeOld()
    const plan = place.file(`plan-undo-${at}.json`)
    await place.expect(0, 'restore', 'plan', '--backup', 'latest', '--out', plan)
    const run = await place.expect(0, 'restore', 'run', plan, '--confirm', 'app', '--no-safety-backup', '--reason', 'a test')
    assert.deepEqual(await look(), restored)
    const end = await endOf(
      place.start(['restore', 'undo', run.json['restore'], '--confirm', 'app'], { file: dying, args: [String(at), 'after'] }),
    )
    if (end.signal === null) {
      assert.equal(end.exitCode, 0)
      assert.deepEqual(await look(), old)
      assert.ok(at > 3)
      return
    }
    await expectWhole(`undo killed after write ${at}`)
    const kept = await cluster.psql('postgres', "select count(*) > 0 from pg_database where datname ~ '^integrum_kept'")
    assert.equal(kept.trim(), 't')
  }
})

test('cancelled by Ctrl-C in the middle of loading rows, nothing half-done is left and the live database is as it was', async () => {
  await makeLarge('cancelled')
  const child = await startLoading('cancelled')
  const ended = endOf(child)
  child.kill('SIGINT')
  assert.deepEqual(await ended, { exitCode: 1, signal: null })
  assert.equal((await cluster.psql('cancelled', 'select count(*) from t')).trim(), '10')
  assert.equal((await cluster.psql('postgres', "select count(*) from pg_database where datname ~ '^integrum_stage'")).trim(), '0')
  const told = await place.expect(0, 'restore', 'list')
  assert.equal(told.json['restores'].at(-1).step, 'abandoned')
})

test('killed in the middle of loading rows, recover removes the staging and the live database is as it was', async () => {
  await makeLarge('large')
  const child = await startLoading('large')
  const ended = endOf(child)
  child.kill('SIGKILL')
  assert.equal((await ended).signal, 'SIGKILL')
  const recovered = await place.expect(0, 'restore', 'recover')
  assert.equal(recovered.json['recovered'][0].step, 'abandoned')
  assert.equal((await cluster.psql('large', 'select count(*) from t')).trim(), '10')
  assert.equal((await cluster.psql('postgres', "select count(*) from pg_database where datname ~ '^integrum_'")).trim(), await keptCount())
  await place.expect(0, 'repository', 'check')
})

/** Earlier tests keep what they replaced; a staging would be one more. */
async function keptCount(): Promise<string> {
  return (await cluster.psql('postgres', "select count(*) from pg_database where datname ~ '^integrum_kept_[0-9a-f]{12}$'")).trim()
}

/** A database whose restore takes a while, and which is no longer what its backup says. */
async function makeLarge(name: string): Promise<void> {
  await cluster.createDatabase(name)
  await cluster.psql(name, 'create table t as select g as id, repeat(md5(g::text), 8) as word from generate_series(1, 400000) g')
  await place.expect(0, 'backup', '--system', name, '--database', `${name}=${cluster.url(name)}`)
  await cluster.psql(name, 'delete from t where id > 10')
}

/** A restore that has begun to load rows into its staging database. */
async function startLoading(name: string): Promise<ChildProcess> {
  const plan = place.file(`plan-${name}.json`)
  await place.expect(0, 'restore', 'plan', '--backup', 'latest', '--system', name, '--out', plan)
  const child = place.start(['restore', 'run', plan, '--confirm', name, '--no-safety-backup', '--reason', 'a test'])
  const isLoading = "select exists (select from pg_stat_activity where datname ~ '^integrum_stage_' and query ~* '^copy')"
  for (let look = 0; (await cluster.psql('postgres', isLoading)).trim() !== 't'; look += 1) {
    assert.ok(look < 1000 && child.exitCode === null, 'it came to loading rows')
  }
  return child
}

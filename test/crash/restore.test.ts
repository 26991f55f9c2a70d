import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { after, before, test } from 'node:test'
import { KilledRestores } from '#test/support/killed-restore.ts'
import { endOf, type Workplace } from '#test/support/command-line.ts'
import { newSeed } from '#test/support/seed.ts'
import type { TestCluster } from '#test/support/postgres.ts'

// A few deaths by chance every day; test/long/restore-kills.test.ts dies at each write of the journal.
const seed = newSeed()
let restores: KilledRestores
let cluster: TestCluster
let place: Workplace

before(async () => {
  restores = await KilledRestores.make()
  ;({ cluster, place } = restores)
})
after(() => restores[Symbol.asyncDispose]())

test('SAFETY rule 3: killed at a write of the journal of a restore, recover leaves old or new, whole', async () => {
  for (const from of [1, 5, 9]) {
    const nth = from + seed.below(4)
    const seen = await restores.killedRun(nth, seed.oneOf(['before', 'after']))
    assert.ok(seen, `there is no write ${nth} of the journal, SWEEP_SEED=${seed.value}`)
  }
})

test('a killed undo leaves the restored state or the one before it, whole, and never drops what was kept', async () => {
  const nth = 1 + seed.below(4)
  assert.ok(await restores.killedUndo(nth, 'after'), `there is no write ${nth} of the journal, SWEEP_SEED=${seed.value}`)
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

import assert from 'node:assert/strict'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { systemRandom } from '#host/random.ts'
import { run } from '#host/run.ts'
import { nodeAt } from '#engine/backup/backups.ts'
import { openRepository } from '#engine/repository/open.ts'
import { openStorage } from '#engine/storage/storages.ts'
import { makeClinic } from '#demo/clinic/make-clinic.ts'
import { catalogDiff } from '#test/support/catalog-diff.ts'
import { explain } from '#test/support/explained-differences.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { workplace, type Workplace } from '#test/support/command-line.ts'
import { sharedFolder } from '#test/support/shared.ts'
import { copyTree, makeHardTree, treeDiff } from '#test/support/trees.ts'

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

/** The tree of its files, as the repository names it. */
async function subtreeOf(snapshot: unknown): Promise<unknown> {
  const password = (await readFile(place.passwordFile, 'utf8')).trim()
  const storage = openStorage(place.repository, systemClock, systemRandom)
  await using repository = await openRepository(storage, password, { clock: systemClock, random: systemRandom })
  const found = (await repository.snapshots()).find(({ id }) => id === snapshot)
  assert.ok(found)
  return (await nodeAt(repository, found.tree, 'files/tree'))?.subtree
}

async function loadCase(database: string, name: string): Promise<void> {
  await cluster.createDatabase(database)
  const file = path.join(sharedFolder(), 'cases', name)
  const unpacked = name.endsWith('.zst') ? await run('zstd', ['-dc', file]) : { stdout: await readFile(file, 'utf8'), exitCode: 0 }
  assert.equal(unpacked.exitCode, 0)
  await cluster.psql(database, unpacked.stdout)
}

/** Keeps a copy to compare with, drops the live database, and restores it from a backup. */
async function dropAndRestore(database: string): Promise<void> {
  const name = database.replaceAll('_', '-')
  const backup = await place.expect(0, 'backup', '--system', name, '--database', `${name}=${cluster.url(database)}`)
  assert.equal(backup.json['status'], 'completed')
  await cluster.psql('postgres', `alter database "${database}" rename to "${database}_before"`)
  const plan = place.file(`${name}.json`)
  await place.expect(0, 'restore', 'plan', '--backup', backup.json['backup'], '--out', plan)
  const restored = await place.expect(0, 'restore', 'run', plan, '--confirm', name)
  assert.equal(restored.json['status'], 'completed')
  assert.equal(restored.json['verified'].rows, backup.json['database'].rows)
  assert.match(await cluster.diff(`${database}_before`, database, '--replay'), /^IDENTICAL$/m)
  const lines = await catalogDiff(cluster.target(`${database}_before`), cluster.target(database))
  assert.deepEqual(explain(lines, backup.json['exactness'], restored.json['notes']).unexplained, [])
}

for (const name of ['pagila', 'chinook']) {
  test(`the sample database ${name} comes back identical after it was dropped`, async () => {
    await loadCase(name, `${name}.sql.zst`)
    await dropAndRestore(name)
  })
}

test('a database with everything PostgreSQL offers comes back identical', async () => {
  await cluster.createDatabase('everything')
  await cluster.psql('everything', await readFile(new URL('../cases/everything.sql', import.meta.url), 'utf8'))
  await dropAndRestore('everything')
})

test('the hard database comes back identical, function-calling checks and all', async () => {
  await loadCase('gaps', 'gaps.sql')
  await dropAndRestore('gaps')
})

test('the demo clinic: database and files destroyed, restored in place, undone, undone again, released', async () => {
  await cluster.createDatabase('clinic')
  const files = place.file('clinic-files')
  await makeClinic({ target: cluster.target('clinic'), filesRoot: files, scale: 0.1, seed: 3 })
  await cluster.createDatabase('clinic_before')
  await cluster.psql('postgres', 'drop database clinic_before; create database clinic_before template clinic')
  await copyTree(files, place.file('files-before'))
  const sources = ['--database', `clinic=${cluster.url('clinic')}`, '--files', `documents=${files}`]
  const backup = await place.expect(0, 'backup', '--system', 'clinic', ...sources)
  assert.equal(backup.json['gaps'], 0)

  await cluster.psql('clinic', 'drop table clinic.observation cascade; delete from clinic.lab_result')
  await rm(path.join(files, 'studies'), { recursive: true })
  await writeFile(path.join(files, 'new.txt'), 'written after the backup')
  const broken = await treeDiff(files, place.file('files-before'))
  assert.match(broken, /DIFFERENT/)

  const plan = place.file('clinic.json')
  const planned = await place.expect(0, 'restore', 'plan', '--backup', 'latest', '--system', 'clinic', '--out', plan)
  assert.deepEqual(
    planned.json['databases'][0].effect.added.filter((table: string) => table.startsWith('clinic.observation')).length > 0,
    true,
  )
  const restored = await place.expect(0, 'restore', 'run', plan, '--confirm', 'clinic')
  assert.match(await cluster.diff('clinic_before', 'clinic', '--replay'), /^IDENTICAL$/m)
  assert.match(await treeDiff(place.file('files-before'), files), /^IDENTICAL$/m)
  assert.ok(restored.json['safetyBackup'])
  assert.ok(restored.json['verified'].files > 0)

  const undone = await place.expect(0, 'restore', 'undo', restored.json['restore'], '--confirm', 'clinic')
  assert.equal(await readFile(path.join(files, 'new.txt'), 'utf8'), 'written after the backup')
  assert.equal((await cluster.psql('clinic', "select to_regclass('clinic.observation') is null")).trim(), 't')

  const again = await place.expect(0, 'restore', 'undo', undone.json['restore'], '--confirm', 'clinic')
  assert.match(await cluster.diff('clinic_before', 'clinic', '--replay'), /^IDENTICAL$/m)
  assert.match(await treeDiff(place.file('files-before'), files), /^IDENTICAL$/m)

  const released = await place.expect(0, 'restore', 'release', again.json['restore'], '--confirm', 'clinic')
  assert.ok(released.json['releaseBackup'])
  const left = await cluster.psql('postgres', "select datname from pg_database where datname like 'integrum%'")
  assert.equal(left.trim(), '', 'SAFETY rule 10: what was kept is dropped once it is backed up')
  await place.expect(0, 'verify', released.json['releaseBackup'])
  await place.expect(0, 'repository', 'check', '--read-data')
})

test('the hard file tree comes back identical, also when most of it was known from the backup before', async () => {
  const files = place.file('tree')
  await mkdir(files)
  await makeHardTree(files)
  const sources = ['--system', 'tree', '--files', `tree=${files}`]
  await place.expect(0, 'backup', ...sources)
  await writeFile(path.join(files, 'hard/many/f7'), 'another')
  await mkdir(path.join(files, 'hard/empty-dir/no-longer'))
  await copyTree(files, place.file('tree-before'))
  const known = await place.expect(0, 'backup', ...sources)
  const plain = await place.expect(0, 'backup', ...sources, '--no-cache')
  assert.equal(await subtreeOf(known.json['snapshot']), await subtreeOf(plain.json['snapshot']))
  const again = await place.expect(0, 'backup', ...sources)
  assert.equal(await subtreeOf(again.json['snapshot']), await subtreeOf(plain.json['snapshot']))
  await rm(files, { recursive: true })
  const plan = place.file('tree.json')
  await place.expect(0, 'restore', 'plan', '--backup', 'latest', '--system', 'tree', '--out', plan)
  await place.expect(0, 'restore', 'run', plan, '--confirm', 'tree')
  assert.match(await treeDiff(place.file('tree-before'), files), /^IDENTICAL$/m)
})

import assert from 'node:assert/strict'
import { mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { assertFound, postgresPrograms } from '#host/postgres-programs.ts'
import { run } from '#host/run.ts'
import { workplace, type Workplace } from '#test/support/command-line.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { sharedFolder } from '#test/support/shared.ts'
import { makeHardTree, treeDiff } from '#test/support/trees.ts'

let cluster: TestCluster
let place: Workplace
let files: string

before(async () => {
  cluster = await testCluster()
  place = await workplace()
  files = place.file('files')
  await mkdir(files)
  await makeHardTree(files)
})
after(async () => {
  await place[Symbol.asyncDispose]()
  await cluster.stop()
})

async function restic(repository: string, ...words: string[]): Promise<string> {
  const env = { PATH: process.env['PATH'], HOME: place.directory, RESTIC_PASSWORD_FILE: place.passwordFile }
  const result = await run('restic', ['-r', repository, '--no-cache', '-q', ...words], { env })
  assert.equal(result.exitCode, 0, result.stderr)
  return result.stdout
}

test('with restic and PostgreSQL’s client tools alone, and nothing of ours, everything comes back', async () => {
  await cluster.createDatabase('gaps')
  await cluster.psql('gaps', await readFile(path.join(sharedFolder(), 'cases/gaps.sql'), 'utf8'))
  await place.expect(0, 'repository', 'create')
  const backup = await place.expect(0, 'backup', '--system', 'app', '--database', `gaps=${cluster.url('gaps')}`, '--files', `tree=${files}`)
  await restic(place.repository, 'check', '--read-data')

  const out = place.file('out')
  await restic(place.repository, 'restore', backup.json['snapshot'], '--target', out)
  // restic 0.14 fills holes; everything else is the same.
  assert.match(await treeDiff(files, path.join(out, 'files/tree'), '--no-sparse'), /^IDENTICAL$/m)
  assert.match(await readFile(path.join(out, 'README.txt'), 'utf8'), /sh restore\.sh/)

  const { folder } = assertFound(postgresPrograms('psql'))
  const env = { PATH: `${folder}:${process.env['PATH']}`, PGHOST: cluster.socketDirectory, PGUSER: cluster.user }
  const script = (name: string) => run('sh', ['restore.sh', name], { cwd: path.join(out, 'database/gaps'), env })
  const loaded = await script('gaps_again')
  assert.equal(loaded.exitCode, 0, loaded.stderr)
  assert.match(await cluster.diff('gaps', 'gaps_again', '--replay', '--no-roles'), /^IDENTICAL$/m)
  const again = await script('gaps_again')
  assert.notEqual(again.exitCode, 0, 'a database that is not empty is refused')
})

test('what restic wrote is listed, checked, verified and restored', async () => {
  const repository = place.file('restic-repository')
  await restic(repository, 'init', '--repository-version', '2')
  await restic(repository, 'backup', files)
  const common = ['--repository', repository]
  await place.expect(0, 'repository', 'check', '--read-data', ...common)
  const listed = await place.expect(0, 'backups', 'list', ...common)
  assert.deepEqual(listed.json['foreign'][0].paths, [files])
  const verified = await place.expect(0, 'verify', listed.json['foreign'][0].snapshot.slice(0, 12), ...common)
  assert.ok(verified.json['files'] > 2000)
  const target = place.file('from-restic')
  const plan = place.file('from-restic.json')
  await place.expect(0, 'restore', 'plan', '--backup', 'latest', '--files', `tree=${target}`, '--out', plan, ...common)
  await place.expect(0, 'restore', 'run', plan, '--confirm', 'restic', ...common)
  assert.match(await treeDiff(files, target, '--no-sparse'), /^IDENTICAL$/m)
})

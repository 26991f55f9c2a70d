import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { assertFound, postgresPrograms } from '#host/postgres-programs.ts'
import { run } from '#host/run.ts'
import { onTerminal } from '#test/support/terminal.ts'
import { workplace, type Workplace } from '#test/support/command-line.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { sharedFolder } from '#test/support/shared.ts'
import { makeHardTree, shrinkSparse, treeDiff } from '#test/support/trees.ts'

let cluster: TestCluster
let place: Workplace
let files: string
let passphraseFile: string
const passphrase = 'seven clinical words of nobody in particular'

before(async () => {
  cluster = await testCluster()
  place = await workplace()
  files = place.file('files')
  await mkdir(files)
  await makeHardTree(files)
  await shrinkSparse(files)
  passphraseFile = place.file('passphrase')
  await writeFile(passphraseFile, `${passphrase}\n`)
  await cluster.createDatabase('gaps')
  await cluster.psql('gaps', await readFile(path.join(sharedFolder(), 'cases/gaps.sql'), 'utf8'))
  await place.expect(0, 'repository', 'create')
  await place.expect(0, 'backup', '--system', 'app', '--database', `gaps=${cluster.url('gaps')}`, '--files', `tree=${files}`)
})
after(async () => {
  await place[Symbol.asyncDispose]()
  await cluster.stop()
})

async function shell(command: string, cwd = place.directory): Promise<string> {
  const { folder } = assertFound(postgresPrograms('psql'))
  const env = { PATH: `${folder}:${process.env['PATH']}`, PGHOST: cluster.socketDirectory, PGUSER: cluster.user, LC_ALL: 'C' }
  const result = await run('bash', ['-o', 'pipefail', '-c', command], { cwd, env })
  assert.equal(result.exitCode, 0, `${command}\n${result.stderr}`)
  return result.stdout + result.stderr
}

/** The command of the archive's own README. */
const untar = (into: string) => `tar --extract --numeric-owner --xattrs --xattrs-include='*' --directory ${into}`

test('INV-704 a person with tar, zstd, sha256sum, psql and pg_restore alone brings everything back', async () => {
  const exported = await place.expect(0, 'export', 'latest', '--system', 'app', '--compression', 'zstd:3', '--out', place.file('a.tar.zst'))
  assert.equal(
    exported.json['sha256'],
    createHash('sha256')
      .update(await readFile(place.file('a.tar.zst')))
      .digest('hex'),
  )
  await mkdir(place.file('a'))
  const said = await shell(`zstd --decompress --stdout a.tar.zst | ${untar('a')}`)
  assert.doesNotMatch(said.replaceAll(/^.*(implausibly old|in the future).*\n/gm, ''), /./, 'tar has nothing else to say')
  await shell('sha256sum --check --quiet --strict SHA256SUMS', place.file('a'))
  assert.match(await treeDiff(files, place.file('a/files/tree')), /^IDENTICAL$/m)
  assert.deepEqual((await readdir(place.file('a'))).toSorted(), [
    'README.txt',
    'SHA256SUMS',
    'archive-end.json',
    'archive.json',
    'database',
    'files',
    'manifest.json',
  ])
  await shell('sh restore.sh gaps_again', place.file('a/database/gaps'))
  assert.match(await cluster.diff('gaps', 'gaps_again', '--replay', '--no-roles'), /^IDENTICAL$/m)
})

test('INV-703 archive-end.json tells the SHA-256 of the tar before it, so that head and sha256sum see every altered byte', async () => {
  await place.expect(0, 'export', 'latest', '--system', 'app', '--compression', 'none', '--out', place.file('plain.tar'))
  const end = JSON.parse(await shell('tar --extract --to-stdout --file plain.tar archive-end.json')) as { bytes: number; sha256: string }
  assert.match(await shell(`head -c ${end.bytes} plain.tar | sha256sum`), new RegExp(`^${end.sha256} `))
  assert.match(await shell('tar --list --file plain.tar | tail -1'), /^archive-end\.json$/m)
  // A sparse file of 64 MiB in the tree takes what its data takes.
  assert.ok((await readFile(place.file('plain.tar'))).byteLength < 40 * 1024 * 1024)
})

test('age of Debian opens what was encrypted with a passphrase', async () => {
  const small = place.file('small')
  await mkdir(small)
  await writeFile(path.join(small, 'report.txt'), 'nothing found\n'.repeat(20_000))
  const made = await place.expect(0, 'backup', '--system', 'small', '--files', `small=${small}`)
  const encrypted = ['--compression', 'gzip:6', '--passphrase-file', passphraseFile, '--out', place.file('b.tar.gz.age')]
  await place.expect(0, 'export', made.json['backup'], ...encrypted)
  await onTerminal(`age --decrypt --output ${place.file('b.tar.gz')} ${place.file('b.tar.gz.age')}`, [passphrase])
  await mkdir(place.file('b'))
  await shell(`gzip --decompress --stdout b.tar.gz | ${untar('b')}`)
  await shell('sha256sum --check --quiet --strict SHA256SUMS', place.file('b'))
  assert.match(await treeDiff(small, place.file('b/files/small')), /^IDENTICAL$/m)
})

test('INV-705 an export never replaces a file, and one that is cancelled leaves nothing', async () => {
  const out = place.file('there.tar')
  await writeFile(out, 'somebody else’s')
  const refused = await place.expect(2, 'export', 'latest', '--system', 'app', '--out', out)
  assert.equal(refused.json['error'].code, 'ARCHIVE_EXISTS')
  assert.equal(await readFile(out, 'utf8'), 'somebody else’s')

  const child = place.start(['export', 'latest', '--system', 'app', '--compression', 'zstd:19', '--out', place.file('never.tar.zst')])
  while (!(await readdir(place.directory)).some((name) => name.startsWith('never.tar.zst.partial'))) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  child.kill('SIGINT')
  const code = await new Promise((resolve) => child.once('exit', resolve))
  assert.equal(code, 1)
  assert.equal(existsSync(place.file('never.tar.zst')), false)
  assert.deepEqual(
    (await readdir(place.directory)).filter((name) => name.startsWith('never')),
    [],
  )
  const wrong = await place.expect(2, 'export', 'latest', '--system', 'app', '--compression', 'gzip:10', '--out', place.file('x'))
  assert.equal(wrong.json['error'].code, 'INPUT_INVALID')
})

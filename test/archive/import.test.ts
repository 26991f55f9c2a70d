import assert from 'node:assert/strict'
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { run } from '#host/run.ts'
import { workplace, type Workplace } from '#test/support/command-line.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { sharedFolder } from '#test/support/shared.ts'
import { onTerminal } from '#test/support/terminal.ts'
import { copyTree, makeHardTree, shrinkSparse, treeDiff } from '#test/support/trees.ts'

let cluster: TestCluster
/** Where backups are made and exported, and where they are imported. */
let from: Workplace
let to: Workplace
let files: string
let passphraseFile: string

before(async () => {
  cluster = await testCluster()
  from = await workplace()
  to = await workplace()
  files = from.file('files')
  passphraseFile = from.file('passphrase')
  await writeFile(passphraseFile, 'seven clinical words of nobody\n')
  await mkdir(files)
  await makeHardTree(files)
  await shrinkSparse(files)
  await cluster.createDatabase('gaps')
  await cluster.psql('gaps', await readFile(path.join(sharedFolder(), 'cases/gaps.sql'), 'utf8'))
  await from.expect(0, 'repository', 'create')
  await to.expect(0, 'repository', 'create')
})
after(async () => {
  await from[Symbol.asyncDispose]()
  await to[Symbol.asyncDispose]()
  await cluster.stop()
})

test('INV-706 a backup that went through an archive into another repository is the same backup and restores identical', async () => {
  const made = await from.expect(0, 'backup', '--system', 'app', '--database', `gaps=${cluster.url('gaps')}`, '--files', `tree=${files}`)
  const archive = from.file('a.tar.zst')
  await from.expect(0, 'export', 'latest', '--out', archive)
  const imported = await to.expect(0, 'import', archive, '--system', 'app')
  assert.equal(imported.json['backup'], made.json['backup'])
  assert.equal(imported.json['checksum'], made.json['checksum'], 'the manifest is the same, byte for byte')
  await to.expect(0, 'verify', made.json['backup'])

  const again = await to.expect(2, 'import', archive, '--system', 'app')
  assert.equal(again.json['error'].code, 'BACKUP_EXISTS')
  const asNew = await to.expect(0, 'import', archive, '--system', 'app', '--as-new')
  assert.notEqual(asNew.json['backup'], made.json['backup'])
  assert.equal(asNew.json['imported'].original.backup, made.json['backup'])
  await to.expect(0, 'verify', asNew.json['backup'], '--quick')

  await copyTree(files, from.file('files-before'))
  await rm(files, { recursive: true })
  await cluster.psql('postgres', 'alter database gaps rename to gaps_before')
  const plan = to.file('plan.json')
  await to.expect(0, 'restore', 'plan', '--backup', made.json['backup'], '--system', 'app', '--out', plan)
  await to.expect(0, 'restore', 'run', plan, '--confirm', 'app')
  assert.match(await cluster.diff('gaps_before', 'gaps', '--replay'), /^IDENTICAL$/m)
  assert.match(await treeDiff(from.file('files-before'), files), /^IDENTICAL$/m)
})

test('an archive comes back through each compression, encrypted by us and by age itself', async () => {
  const small = from.file('small')
  await mkdir(small)
  await writeFile(path.join(small, 'report.txt'), 'nothing found\n'.repeat(5000))
  await chmod(path.join(small, 'report.txt'), 0o604)
  const made = await from.expect(0, 'backup', '--system', 'small', '--files', `small=${small}`)
  const id = made.json['backup'] as string
  await writeFile(from.file('other'), 'another passphrase\n')
  const import_ = (file: string, ...more: string[]) => to.integrum('import', from.file(file), '--system', 'small', '--as-new', ...more)
  for (const compression of ['none', 'gzip:1', 'gzip:9', 'zstd:1', 'zstd:19']) {
    const name = `${compression.replace(':', '-')}.tar`
    await from.expect(0, 'export', id, '--compression', compression, '--out', from.file(name))
    assert.equal((await import_(name)).exitCode, 0, name)
  }
  await from.expect(0, 'export', id, '--compression', 'zstd:3', '--passphrase-file', passphraseFile, '--out', from.file('ours.age'))
  assert.equal((await import_('ours.age', '--passphrase-file', passphraseFile)).exitCode, 0)
  assert.equal((await import_('ours.age')).json['error'].code, 'ARCHIVE_PASSPHRASE')
  assert.equal((await import_('ours.age', '--passphrase-file', from.file('other'))).json['error'].code, 'ARCHIVE_PASSPHRASE')
  const answers = ['a passphrase typed for age', 'a passphrase typed for age']
  await onTerminal(`age --passphrase --output ${from.file('theirs.age')} ${from.file('gzip-9.tar')}`, answers)
  await writeFile(from.file('typed'), `${answers[0]}\n`)
  const theirs = await import_('theirs.age', '--passphrase-file', from.file('typed'))
  assert.equal(theirs.exitCode, 0, theirs.stderr)
  assert.equal(theirs.json['imported'].format, 'tar, gzip, age')
  await to.expect(0, 'verify', theirs.json['backup'])
  await onTerminal(`age --decrypt --output ${from.file('opened')} ${from.file('ours.age')}`, ['seven clinical words of nobody'])
  const listed = await run('tar', ['--zstd', '-tf', from.file('opened')])
  assert.match(listed.stdout, /^files\/small\/report.txt$/m)
})

test('INV-708 an archive that was cut or altered anywhere is refused, and leaves no backup', async () => {
  const whole = await readFile(from.file('none.tar'))
  const before = (await to.expect(0, 'backups', 'list')).json['backups'].length as number
  const refused = async (name: string, bytes: Uint8Array, code: string, fact: RegExp) => {
    await writeFile(to.file(name), bytes)
    const told = await to.integrum('import', to.file(name), '--system', 'other')
    assert.equal(told.exitCode === 0, false, name)
    assert.equal(told.json['error'].code, code, `${name}: ${told.stderr}`)
    assert.match(told.json['error'].fact, fact)
  }
  const zstd = await readFile(from.file('zstd-1.tar'))
  const age = await readFile(from.file('ours.age'))
  await refused('cut.tar', whole.subarray(0, whole.byteLength / 2), 'DAMAGE_ARCHIVE', /cut off|in the middle/)
  await refused('cut.zst', zstd.subarray(0, zstd.byteLength - 100), 'DAMAGE_ARCHIVE', /cut off/)
  const altered = Buffer.from(whole)
  altered[whole.indexOf('nothing found')]! ^= 1
  await refused('content', altered, 'DAMAGE_ARCHIVE', /files\/small\/report.txt is not what its checksum says/)
  const time = Buffer.from(whole)
  const at = whole.indexOf('mtime=')
  time[at + 8] = time[at + 8] === 0x31 ? 0x32 : 0x31
  await refused('time', time, 'DAMAGE_ARCHIVE', /another SHA-256/)
  await writeFile(to.file('age'), age.subarray(0, age.byteLength - 20))
  const cut = await to.integrum('import', to.file('age'), '--system', 'other', '--passphrase-file', passphraseFile)
  assert.equal(cut.json['error'].code, 'DAMAGE_ARCHIVE')
  assert.equal((await to.expect(0, 'backups', 'list')).json['backups'].length, before)
})

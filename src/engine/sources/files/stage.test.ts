import { test } from 'node:test'
import { strict as assert } from 'node:assert'
import { lstatSync, readdirSync } from 'node:fs'
import {
  appendFile,
  chmod,
  chown,
  link,
  mkdir,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import path from 'node:path'
import { isFault } from '#base/fault.ts'
import { setTimes, setXattr } from '#host/libc.ts'
import { run } from '#host/run.ts'
import type { ByteString } from '#engine/byte-string.ts'
import { captureFiles } from './capture.ts'
import type { RootSection } from './root-section.ts'
import { discardStagedRoot, stageFiles, type StagedRoot } from './stage.ts'
import { exchangeRoot, planRoot, prepareRoot, recoverRoot, rootState } from './swap.ts'
import { entriesToMemory, testContext, type MemoryFile, type MemorySource } from '#test/support/entries-to-memory.ts'
import { sharedFolder } from '#test/support/shared.ts'
import { mounted, workshop, type Workshop } from '#test/support/workshop.ts'

const hex = '0123456789ab'
const quiet = () => {}

async function backupOf(root: string): Promise<{ stored: MemorySource; section: RootSection }> {
  await using captured = await captureFiles({ name: 'uploads', root, newerThan: [] }, testContext())
  const stored = await entriesToMemory(captured)
  return { stored, section: await captured.section() }
}

async function stage(shop: Workshop, { stored, section }: { stored: MemorySource; section?: RootSection }): Promise<StagedRoot> {
  const root = shop.at('target')
  return await stageFiles({ stored, section, root, stagePath: shop.at(`.integrum-${hex}-stage`), onProgress: quiet })
}

async function hardTree(folder: string): Promise<void> {
  await run('bash', [path.join(sharedFolder(), 'cases/hard-tree.sh'), folder])
}

async function treeDiff(one: string, other: string, ...flags: string[]): Promise<string> {
  const result = await run('bash', [path.join(sharedFolder(), 'tools/treediff.sh'), ...flags, one, other])
  return result.stdout + result.stderr
}

async function smallTree(root: string): Promise<void> {
  await mkdir(path.join(root, 'sub'), { recursive: true })
  for (const name of ['a', 'b', 'sub/c']) await writeFile(path.join(root, name), `content of ${name}`)
  await link(path.join(root, 'a'), path.join(root, 'sub', 'link'))
  await symlink('a', path.join(root, 'symlink'))
  setXattr(path.join(root, 'b'), 'user.note', Buffer.from('1'))
}

test('FEATURES S3, R7: the hard tree is captured, staged, verified, and an independent judge calls it IDENTICAL', async () => {
  await using shop = await workshop()
  await hardTree(shop.at('source'))
  await chmod(shop.at('source'), 0o2751)
  await chown(shop.at('source'), 12, 34)
  const backup = await backupOf(shop.at('source'))
  const staged = await stage(shop, backup)
  const verified = await staged.verify()
  assert.deepEqual(verified.notRestored, [])
  const { files, directories, specials, bytes } = backup.section
  assert.deepEqual(verified.report, { files, directories, specials, bytes })
  assert.match(await treeDiff(shop.at('source'), staged.path), /^IDENTICAL$/m)
  await staged.discard()
  assert.deepEqual(await readdir(shop.folder), ['source'])
})

test('a staged tree goes live over an existing root, and undone it is the old one again', async () => {
  await using shop = await workshop()
  await smallTree(shop.at('source'))
  await mkdir(shop.at('target'))
  await writeFile(shop.at('target', 'live'), 'live')
  const planned = await planRoot({ name: 'uploads', path: shop.at('target'), hex })
  const staged = await stage(shop, await backupOf(shop.at('source')))
  const { identity } = await staged.verify()
  const record = await prepareRoot({ ...planned, stage: identity })
  await exchangeRoot(record)
  assert.match(await treeDiff(shop.at('source'), shop.at('target')), /^IDENTICAL$/m)
  assert.deepEqual(await readdir(record.keptPath), ['live'])
  await recoverRoot(record, 'back')
  assert.deepEqual(await readdir(shop.at('target')), ['live'])
})

test('a root that is a mount point is staged inside, swapped by entries and IDENTICAL, its times untouched until then', async () => {
  await using shop = await workshop()
  await smallTree(shop.at('source'))
  await chmod(shop.at('source'), 0o1770)
  await mkdir(shop.at('target'))
  await using _disk = await mounted(shop.at('target'))
  await writeFile(shop.at('target', 'live'), 'live')
  await utimes(shop.at('target'), 1_000, 1_000)
  const planned = await planRoot({ name: 'uploads', path: shop.at('target'), hex })
  const backup = await backupOf(shop.at('source'))
  const staged = await stageFiles({ ...backup, root: planned.path, stagePath: planned.stagePath, onProgress: quiet })
  const { identity } = await staged.verify()
  assert.equal((await stat(shop.at('target'))).mtimeMs, 1_000_000)
  const record = await prepareRoot({ ...planned, stage: identity })
  await exchangeRoot(record)
  await rename(record.keptPath, shop.at('target', 'moved-away')).catch(assert.fail)
  await rm(shop.at('target', 'moved-away'), { recursive: true })
  await rm(`${record.stagePath}-done`, { recursive: true })
  const times = await stat(shop.at('source'))
  await utimes(shop.at('target'), times.atime, times.mtime)
  assert.match(await treeDiff(shop.at('source'), shop.at('target'), '--no-dirmtime'), /^IDENTICAL$/m)
})

test('INV-607 nothing of the parent spreads into the staged tree: neither default ACL nor setgid', async () => {
  await using shop = await workshop()
  await smallTree(shop.at('source'))
  const backup = await backupOf(shop.at('source'))
  await chmod(shop.folder, 0o2777)
  assert.equal((await run('setfacl', ['-d', '-m', 'u:54321:rwx', shop.folder])).exitCode, 0)
  const staged = await stage(shop, backup)
  await staged.verify()
  assert.match(await treeDiff(shop.at('source'), staged.path), /^IDENTICAL$/m)
})

test('holes stay holes, and a written zero stays written', async () => {
  await using shop = await workshop()
  await mkdir(shop.at('source'))
  const sparse = shop.at('source', 'sparse')
  await run('truncate', ['-s', '100M', sparse])
  await run('dd', ['if=/dev/urandom', `of=${sparse}`, 'bs=5000', 'count=1', 'oflag=seek_bytes', 'seek=70000000', 'conv=notrunc'])
  await writeFile(shop.at('source', 'zeros'), Buffer.alloc(3_000_000))
  const backup = await backupOf(shop.at('source'))
  const staged = await stage(shop, backup)
  await staged.verify()
  assert.match(await treeDiff(shop.at('source'), staged.path), /^IDENTICAL$/m)
  const { blocks } = lstatSync(path.join(staged.path, 'sparse'))
  assert.ok(blocks > 0 && blocks <= 32)
  assert.ok(lstatSync(path.join(staged.path, 'zeros')).blocks >= 5800)
})

const spoilings: readonly (readonly [string, RegExp, (at: (name: string) => string) => Promise<unknown>])[] = [
  ['one byte is other', /^1 differences .* at sub\/c: piece 1 of 1 has other content/, (at) => spoil(at('sub/c'))],
  ['a file is longer', /^1 differences .* at b: has 13 bytes instead of 12/, (at) => appendFile(at('b'), 'x')],
  ['a file is missing', /^1 differences .* at b: ENOENT/, (at) => unlink(at('b'))],
  ['a file is there besides', /^1 differences .* at sub\/extra: is not in the backup/, (at) => writeFile(at('sub/extra'), '')],
  ['a directory is missing', /the directory sub is missing/, (at) => rm(at('sub'), { recursive: true })],
  ['a mode is other', /^1 differences .* at a: has mode 600 instead of 644/, (at) => chmod(at('a'), 0o600)],
  ['an owner is other', /^1 differences .* at a: belongs to 1:0 instead of 0:0/, (at) => chown(at('a'), 1, 0)],
  ['an attribute is other', /^1 differences .* at b: has other extended/, async (at) => setXattr(at('b'), 'user.note', Buffer.from('2'))],
  [
    'a symlink points elsewhere',
    /^1 differences .* at symlink: points/,
    (at) => unlink(at('symlink')).then(() => symlink('b', at('symlink'))),
  ],
  ['a file became a symlink', /at b: is a symlink instead of a file/, (at) => unlink(at('b')).then(() => symlink('a', at('b')))],
  ['a hard link is broken', /^2 differences .* at sub\/link: is not the same file as a/, (at) => breakLink(at('sub/link'))],
  ['two files are linked', /^2 differences .* at b: has 2 names instead of 1/, (at) => link(at('b'), at('sub/other'))],
]

for (const [what, expected, spoilIt] of spoilings) {
  test(`INV-608 RESTORE_VERIFY when ${what}`, async () => {
    await using shop = await workshop()
    await smallTree(shop.at('source'))
    const staged = await stage(shop, await backupOf(shop.at('source')))
    const places = ['.', 'a', 'b', 'sub/c', 'sub/link', 'symlink', 'sub'].map((name) => path.join(staged.path, name))
    const times = places.map((place) => lstatSync(place, { bigint: true }))
    await spoilIt((name) => path.join(staged.path, name))
    for (const [index, place] of places.entries()) if (lstatSync(place, { throwIfNoEntry: false })) setTimes(place, times[index]!)
    await assert.rejects(staged.verify(), (error) => isFault(error, 'RESTORE_VERIFY') && matches(error.message, expected))
  })
}

test('RESTORE_VERIFY when a time is other', async () => {
  await using shop = await workshop()
  await smallTree(shop.at('source'))
  const staged = await stage(shop, await backupOf(shop.at('source')))
  const { atimeNs, mtimeNs } = lstatSync(path.join(staged.path, 'b'), { bigint: true })
  setTimes(path.join(staged.path, 'b'), { atimeNs, mtimeNs: mtimeNs + 1n })
  await assert.rejects(
    staged.verify(),
    (error) => isFault(error, 'RESTORE_VERIFY') && matches(error.message, /^1 differences .* at b: has mtime/),
  )
})

function matches(message: string, expected: RegExp): true {
  assert.match(message, expected)
  return true
}

async function spoil(file: string): Promise<void> {
  const bytes = await readFile(file)
  bytes[3]! ^= 1
  await writeFile(file, bytes)
}

async function breakLink(file: string): Promise<void> {
  const bytes = await readFile(file)
  await unlink(file)
  await writeFile(file, bytes)
}

test('RESTORE_VERIFY when the tree is not what the manifest counts', async () => {
  await using shop = await workshop()
  await smallTree(shop.at('source'))
  const { stored, section } = await backupOf(shop.at('source'))
  const staged = await stage(shop, { stored, section: { ...section, files: section.files + 1 } })
  await assert.rejects(
    staged.verify(),
    (error) => isFault(error, 'RESTORE_VERIFY') && /4 files instead of 5 of the manifest/.test(error.message),
  )
})

for (const name of ['..', '.', '', 'a/b', 'nul\0', '/etc']) {
  test(`INV-606 PATH_OUTSIDE_ROOT for an entry named ${JSON.stringify(name)}, and nothing is left`, async () => {
    await using shop = await workshop()
    await smallTree(shop.at('source'))
    const { stored } = await backupOf(shop.at('source'))
    const file = stored.folder.children.get('b' as ByteString) as MemoryFile
    stored.folder.children.set('b' as ByteString, { ...file, node: { ...file.node, name: name as ByteString } })
    await assert.rejects(stage(shop, { stored }), (error) => isFault(error, 'PATH_OUTSIDE_ROOT'))
    assert.deepEqual(await readdir(shop.folder), ['source'])
  })
}

test('a backup in which a name is a symlink and a directory at once does not lead outside', async () => {
  await using shop = await workshop()
  await mkdir(shop.at('outside'))
  await smallTree(shop.at('source'))
  await symlink(shop.at('outside'), shop.at('source', 'aside'))
  const { stored } = await backupOf(shop.at('source'))
  const aside = stored.folder.children.get('aside' as ByteString)!
  const sub = stored.folder.children.get('sub' as ByteString)!
  assert.ok('children' in sub)
  stored.folder.children.set('aside' as ByteString, aside)
  stored.folder.children.set('zzz' as ByteString, { ...sub, node: { ...sub.node, name: 'aside' as ByteString } })
  await assert.rejects(stage(shop, { stored }), (error) => isFault(error))
  assert.deepEqual(await readdir(shop.at('outside')), [])
})

test('names of one file whose content differs in the backup become two files, and that is said', async () => {
  await using shop = await workshop()
  await smallTree(shop.at('source'))
  const { stored, section } = await backupOf(shop.at('source'))
  const sub = stored.folder.children.get('sub' as ByteString)!
  assert.ok('children' in sub)
  const other = stored.folder.children.get('b' as ByteString) as MemoryFile
  const linked = sub.children.get('link' as ByteString) as MemoryFile
  sub.children.set('link' as ByteString, { node: { ...linked.node, sizeBytes: other.node.sizeBytes }, pieces: other.pieces })
  const staged = await stage(shop, { stored, section })
  assert.match(staged.notRestored.join(), /hard links .*: 1, first sub\/link/)
  await staged.verify()
  assert.equal(await readFile(path.join(staged.path, 'sub/link'), 'utf8'), 'content of b')
  assert.equal(await readFile(path.join(staged.path, 'a'), 'utf8'), 'content of a')
})

test('SAFETY rule 22: a file system that fills while staging is DISK_FULL; the live root is untouched, the staging gone', async () => {
  await using shop = await workshop()
  await mkdir(shop.at('source'))
  for (let i = 0; i < 20; i += 1) await writeFile(shop.at('source', `f${i}`), Buffer.alloc(1_000_000, i + 1))
  const { stored, section } = await backupOf(shop.at('source'))
  await mkdir(shop.at('disk'))
  await using _disk = await mounted(shop.at('disk'), 8 * 1024 * 1024)
  await mkdir(shop.at('disk', 'root'))
  await writeFile(shop.at('disk', 'root', 'live'), 'live')
  const stagePath = shop.at('disk', `.integrum-${hex}-stage`)
  await assert.rejects(stageFiles({ stored, section, root: shop.at('disk', 'root'), stagePath, onProgress: quiet }), (error) =>
    isFault(error, 'DISK_FULL'),
  )
  assert.deepEqual(await readdir(shop.at('disk')), ['root'])
  assert.equal(await readFile(shop.at('disk', 'root', 'live'), 'utf8'), 'live')
})

test('after kill -9 while staging the live root is as it was, and what was staged is discarded by its record', async () => {
  await using shop = await workshop()
  await mkdir(shop.at('source', 'sub'), { recursive: true })
  for (let i = 0; i < 200; i += 1) await writeFile(shop.at('source', i % 2 ? 'sub' : '.', `f${i}`), `content ${i}`)
  await mkdir(shop.at('target'))
  await writeFile(shop.at('target', 'live'), 'live')
  const child = path.resolve(import.meta.dirname, '../../../../test/support/files-child.ts')
  const record = await planRoot({ name: 'uploads', path: shop.at('target'), hex })
  const died = await run(process.execPath, [child, 'stage', shop.at('source'), shop.at('target'), '50'])
  assert.equal(died.stdout, '')
  assert.ok(readdirSync(record.stagePath).length > 0)
  assert.equal(await rootState(record), 'staged')
  await recoverRoot(record, 'back')
  await discardStagedRoot(record)
  await discardStagedRoot(record)
  assert.deepEqual((await readdir(shop.folder)).toSorted(), ['source', 'target'])
  assert.deepEqual(await readdir(shop.at('target')), ['live'])
})

test('an aborted staging is CANCELLED and leaves nothing; so does a backup that cannot be read', async () => {
  await using shop = await workshop()
  await smallTree(shop.at('source'))
  const backup = await backupOf(shop.at('source'))
  const stop = new AbortController()
  const order = { ...backup, root: shop.at('target'), stagePath: shop.at(`.integrum-${hex}-stage`), onProgress: () => stop.abort() }
  await assert.rejects(stageFiles(order, stop.signal), (error) => isFault(error, 'CANCELLED'))
  backup.stored.blobs.clear()
  await assert.rejects(stage(shop, backup))
  assert.deepEqual(await readdir(shop.folder), ['source'])
})

test('a file whose pieces are not its length is damage', async () => {
  await using shop = await workshop()
  await smallTree(shop.at('source'))
  const { stored } = await backupOf(shop.at('source'))
  const file = stored.folder.children.get('b' as ByteString) as MemoryFile
  stored.folder.children.set('b' as ByteString, { ...file, node: { ...file.node, sizeBytes: 99 } })
  await assert.rejects(stage(shop, { stored }), (error) => isFault(error, 'DAMAGE_BLOB'))
})

test('SAFETY rule 1: staging takes only a name of ours, never what is there, never another file system', async () => {
  await using shop = await workshop()
  await smallTree(shop.at('source'))
  const backup = await backupOf(shop.at('source'))
  const at = (stagePath: string, root = shop.at('source')) => stageFiles({ ...backup, root, stagePath, onProgress: quiet })
  await assert.rejects(at(shop.at('other')), (error) => isFault(error, 'RESTORE_STATE'))
  await assert.rejects(at(`/dev/shm/.integrum-${hex}-stage`), (error) => isFault(error, 'RESTORE_STATE'))
  await mkdir(shop.at(`.integrum-${hex}-stage`))
  await writeFile(shop.at(`.integrum-${hex}-stage`, 'other'), '')
  await assert.rejects(at(shop.at(`.integrum-${hex}-stage`)), (error) => isFault(error, 'HOST_IO'))
  assert.deepEqual(await readdir(shop.at(`.integrum-${hex}-stage`)), ['other'])
})

test('without root, owners, devices and setuid are named as not restored, and all else is verified', async () => {
  await using shop = await workshop()
  await smallTree(shop.at('source'))
  await chmod(shop.folder, 0o777)
  await chown(shop.at('source', 'b'), 54321, 54321)
  await chmod(shop.at('source', 'b'), 0o4755)
  await run('mknod', [shop.at('source', 'null'), 'c', '1', '3'])
  await run('mkfifo', [shop.at('source', 'fifo')])
  await chown(shop.at('source', 'sub'), 65534, 65534)
  await chmod(shop.at('source', 'sub'), 0o500)
  const child = path.resolve(import.meta.dirname, '../../../../test/support/files-child.ts')
  const result = await run(process.execPath, [child, 'stage', shop.at('source'), shop.at('target')], { uid: 65534, gid: 65534 })
  const lines = result.stdout.trim().split('\n')
  assert.equal(lines[0], `files=4 path=${shop.at(`.integrum-${hex}-stage`)}`, result.stdout + result.stderr)
  assert.match(
    lines.slice(1).toSorted().join('\n'),
    /devices not restored.*: 1, first null\nowners not restored.*: \d+, first .*\nsetuid and setgid left off.*: 1, first b$/,
  )
  assert.match(await treeDiff(shop.at('source'), shop.at(`.integrum-${hex}-stage`), '--no-owner'), /differences=6\n/)
})

test('a user without root verifies what its own modes close', async () => {
  await using shop = await workshop()
  await mkdir(shop.at('source', 'closed'), { recursive: true })
  await writeFile(shop.at('source', 'closed', 'file'), 'x')
  await chmod(shop.folder, 0o777)
  await run('chown', ['-R', '65534:65534', shop.at('source')])
  const { stored, section } = await backupOf(shop.at('source'))
  const closed = stored.folder.children.get('closed' as ByteString)!
  assert.ok('children' in closed)
  closed.node = { ...closed.node, mode: 0 }
  const file = closed.children.get('file' as ByteString) as MemoryFile
  closed.children.set('file' as ByteString, { ...file, node: { ...file.node, mode: 0 } })
  process.setegid!(65534)
  process.seteuid!(65534)
  let staged: StagedRoot
  try {
    staged = await stage(shop, { stored, section })
    assert.deepEqual((await staged.verify()).notRestored, [])
    assert.equal((await stat(path.join(staged.path, 'closed'))).mode & 0o7777, 0)
    await staged.discard()
  } finally {
    process.seteuid!(0)
    process.setegid!(0)
  }
})

test('a socket is left out and named, an attribute the file system refuses as well', async () => {
  await using shop = await workshop()
  await smallTree(shop.at('source'))
  const { stored, section } = await backupOf(shop.at('source'))
  const file = stored.folder.children.get('b' as ByteString) as MemoryFile
  const strange = [{ name: 'unknown.attribute' as ByteString, value: Buffer.from('1') }]
  stored.folder.children.set('b' as ByteString, { ...file, node: { ...file.node, xattrs: strange } })
  stored.folder.children.set('socket' as ByteString, { ...file.node, name: 'socket' as ByteString, type: 'socket', sizeBytes: 0 })
  const staged = await stage(shop, { stored, section: { ...section, specials: section.specials + 1 } })
  const { notRestored } = await staged.verify()
  assert.match(notRestored.toSorted().join('\n'), /^extended attributes .*: 1, first b\nsockets .*: 1, first socket$/)
})

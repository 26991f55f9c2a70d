import { test } from 'node:test'
import assert from 'node:assert/strict'
import { closeSync, ftruncateSync, lstatSync, mkdirSync, openSync, readFileSync, symlinkSync, writeFileSync, writeSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { temporaryDirectory } from '#test/support/temporary-directory.ts'
import {
  exchangePaths,
  getXattr,
  holesOf,
  listXattrs,
  lockFile,
  makeSpecialFile,
  removeXattr,
  renameWithoutReplacing,
  setTimes,
  setXattr,
  syncFileSystem,
} from './libc.ts'

const isRoot = process.getuid?.() === 0

test('extended attributes go round with any bytes in path and value, also empty ones', async () => {
  await using place = await temporaryDirectory()
  const file = Buffer.concat([Buffer.from(`${place.path}/`), Buffer.from([0xff, 0x80, 0x0a, 0x22])])
  writeFileSync(file, 'x')
  assert.deepEqual(listXattrs(file), [])
  assert.equal(getXattr(file, 'user.none'), null)
  const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
  setXattr(file, 'user.every', every)
  setXattr(file, 'user.empty', Buffer.alloc(0))
  assert.deepEqual(listXattrs(file).map(String).toSorted(), ['user.empty', 'user.every'])
  assert.deepEqual(getXattr(file, 'user.every'), every)
  assert.deepEqual(getXattr(file, 'user.empty'), Buffer.alloc(0))
  removeXattr(file, 'user.every')
  assert.deepEqual(listXattrs(file).map(String), ['user.empty'])
  setXattr(file, 'user.empty', Buffer.from('replaced'))
  assert.equal(String(getXattr(file, 'user.empty')), 'replaced')
})

test('attributes are what getfattr sees', async () => {
  await using place = await temporaryDirectory()
  const file = path.join(place.path, 'f')
  writeFileSync(file, 'x')
  setXattr(file, 'user.note', Buffer.from('seen'))
  assert.match(execFileSync('getfattr', ['-n', 'user.note', '--absolute-names', file], { encoding: 'utf8' }), /user\.note="seen"/)
})

test('errors carry the code of the system call and never follow a symlink', { skip: !isRoot && 'needs root' }, async () => {
  await using place = await temporaryDirectory()
  const link = path.join(place.path, 'link')
  symlinkSync('nowhere', link)
  assert.throws(() => listXattrs(path.join(place.path, 'absent')), { code: 'ENOENT', syscall: 'llistxattr' })
  // xattr(7): user attributes are for files and directories alone.
  assert.throws(() => setXattr(link, 'user.a', Buffer.from('b')), { code: 'EPERM' })
  assert.throws(() => setXattr('/proc/self/status', 'user.a', Buffer.from('b')), { code: 'ENOTSUP' })
  assert.throws(() => setXattr(link, 'nonsense', Buffer.from('b')), { code: 'ENOTSUP' })
  assert.throws(() => listXattrs('a\0b'), { code: 'EINVAL' })
  setXattr(link, 'trusted.a', Buffer.from('of the link'))
  assert.equal(String(getXattr(link, 'trusted.a')), 'of the link')
})

test('times are set to the nanosecond, before 1970 and on a symlink itself', async () => {
  await using place = await temporaryDirectory()
  const file = path.join(place.path, 'file')
  const link = path.join(place.path, 'link')
  writeFileSync(file, 'x')
  symlinkSync('file', link)
  setTimes(file, { atimeNs: 1_000_000_001n, mtimeNs: 1_700_000_000_123_456_789n })
  setTimes(link, { atimeNs: -1n, mtimeNs: -1_000_000_000_000_000_001n })
  assert.equal(lstatSync(file, { bigint: true }).mtimeNs, 1_700_000_000_123_456_789n)
  assert.equal(lstatSync(file, { bigint: true }).atimeNs, 1_000_000_001n)
  const stat = execFileSync('stat', ['-c', '%.9Y %.9X', link], { encoding: 'utf8' }).trim()
  assert.equal(stat, '-1000000000.000000001 -0.000000001')
})

test('two directories are exchanged with what is inside them', async () => {
  await using place = await temporaryDirectory()
  const [one, other] = [path.join(place.path, 'one'), path.join(place.path, 'other')]
  mkdirSync(one)
  mkdirSync(other)
  writeFileSync(path.join(one, 'f'), 'from one')
  const inodes = [lstatSync(one).ino, lstatSync(other).ino]
  exchangePaths(one, other)
  assert.equal(readFileSync(path.join(other, 'f'), 'utf8'), 'from one')
  assert.deepEqual([lstatSync(other).ino, lstatSync(one).ino], inodes)
  assert.throws(() => exchangePaths(one, path.join(place.path, 'absent')), { code: 'ENOENT' })
  assert.throws(() => exchangePaths(one, '/proc/sys'), { code: 'EXDEV' })
  // A mount point is never renamed: such a root is swapped by its entries.
  assert.throws(() => exchangePaths(one, '/proc'), { code: 'EBUSY' })
})

test('SAFETY rule 6: a rename never replaces what stands there', async () => {
  await using place = await temporaryDirectory()
  const at = (name: string) => path.join(place.path, name)
  writeFileSync(at('a'), 'a')
  writeFileSync(at('b'), 'b')
  assert.throws(() => renameWithoutReplacing(at('a'), at('b')), { code: 'EEXIST' })
  assert.equal(readFileSync(at('b'), 'utf8'), 'b')
  renameWithoutReplacing(at('a'), at('c'))
  assert.equal(readFileSync(at('c'), 'utf8'), 'a')
})

test('holes are found where they are, and a file without holes has none', async () => {
  await using place = await temporaryDirectory()
  const page = 65_536
  const fd = openSync(path.join(place.path, 'sparse'), 'w+')
  writeSync(fd, Buffer.alloc(page, 1), 0, page, page)
  writeSync(fd, Buffer.alloc(page, 1), 0, page, 4 * page)
  ftruncateSync(fd, 8 * page)
  const holes = holesOf(fd, 8 * page)
  assert.deepEqual(holes, [
    [0, page],
    [2 * page, 2 * page],
    [5 * page, 3 * page],
  ])
  closeSync(fd)
  const full = openSync(path.join(place.path, 'full'), 'w+')
  writeSync(full, Buffer.alloc(page, 1))
  assert.deepEqual(holesOf(full, page), [])
  ftruncateSync(full, 0)
  assert.deepEqual(holesOf(full, 0), [])
  // Nothing but a hole, longer than 2^32 bytes.
  ftruncateSync(full, 5 * 2 ** 32)
  assert.deepEqual(holesOf(full, 5 * 2 ** 32), [[0, 5 * 2 ** 32]])
  closeSync(full)
})

test('a file lock is held by one open file and freed with it', async () => {
  await using place = await temporaryDirectory()
  const file = path.join(place.path, 'lock')
  const first = openSync(file, 'w')
  const second = openSync(file, 'w')
  assert.equal(lockFile(first), true)
  assert.equal(lockFile(second), false)
  closeSync(first)
  assert.equal(lockFile(second), true)
  closeSync(second)
  assert.throws(() => lockFile(second), { code: 'EBADF' })
})

test('a file system is synced, and a closed descriptor is an error', async () => {
  await using place = await temporaryDirectory()
  const fd = openSync(place.path, 'r')
  await syncFileSystem(fd)
  closeSync(fd)
  await assert.rejects(() => syncFileSystem(fd), { syscall: 'syncfs' })
})

test('fifos, sockets and devices are made with their numbers', { skip: !isRoot && 'needs root' }, async () => {
  await using place = await temporaryDirectory()
  const at = (name: string) => path.join(place.path, name)
  makeSpecialFile(at('fifo'), 0o600, { kind: 'fifo' })
  makeSpecialFile(at('socket'), 0o600, { kind: 'socket' })
  assert.equal(lstatSync(at('fifo')).isFIFO(), true)
  assert.equal(lstatSync(at('socket')).isSocket(), true)
  const device = lstatSync('/dev/null', { bigint: true }).rdev
  try {
    makeSpecialFile(at('null'), 0o600, { kind: 'character', device })
  } catch (error) {
    // Containers without CAP_MKNOD: the kernel's answer, not ours.
    assert.equal((error as NodeJS.ErrnoException).code, 'EPERM')
    return
  }
  assert.equal(lstatSync(at('null'), { bigint: true }).rdev, device)
  assert.equal(lstatSync(at('null')).isCharacterDevice(), true)
})

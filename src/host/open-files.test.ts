import { test } from 'node:test'
import assert from 'node:assert/strict'
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { temporaryDirectory } from '#test/support/temporary-directory.ts'
import { makeSpecialFile, setTimes, setXattr } from './libc.ts'
import { mayHaveXattrs, namesIn, openAt, statAt, statOf } from './open-files.ts'

const isRoot = process.getuid?.() === 0

test('names of an open directory are those that readdir has, however many and whatever their bytes, as often as it is asked', async () => {
  await using place = await temporaryDirectory()
  const bytes = Array.from({ length: 255 }, (_none, at) => at + 1).filter((byte) => byte !== 0x2f)
  // More than one call's memory holds, and the longest that a file system takes.
  const names = [
    ...Array.from({ length: 2000 }, (_none, at) => `${at}-${'n'.repeat(40)}`),
    'x'.repeat(255),
    '...',
    Buffer.from(bytes).toString('latin1'),
  ]
  for (const name of names) writeFileSync(below(place.path, name), '')
  const fd = openSync(place.path, 'r')
  try {
    assert.deepEqual(namesIn(fd).toSorted(), names.toSorted())
    assert.deepEqual(namesIn(fd).toSorted(), readdirSync(place.path, { encoding: 'latin1' }).toSorted())
    writeFileSync(below(place.path, 'late'), '')
    assert.ok(namesIn(fd).includes('late'))
  } finally {
    closeSync(fd)
  }
  assert.throws(() => namesIn(fd), { code: 'EBADF' })
  const file = openSync(below(place.path, 'late'), 'r')
  assert.throws(() => namesIn(file), { code: 'ENOTDIR', syscall: 'getdents64' })
  closeSync(file)
})

test('what stands below an open directory is opened through it, and not through a symlink; no program that is started inherits it', async () => {
  await using place = await temporaryDirectory()
  const odd = Buffer.from([0xff, 0x80, 0x0a, 0x22]).toString('latin1')
  mkdirSync(below(place.path, odd))
  writeFileSync(below(place.path, `${odd}/file`), 'content')
  symlinkSync('file', below(place.path, `${odd}/link`))
  const top = openSync(place.path, 'r')
  const folder = openAt(top, odd, constants.O_RDONLY | constants.O_DIRECTORY)
  const file = openAt(folder, 'file', constants.O_RDONLY)
  try {
    assert.equal(readFileSync(file, 'utf8'), 'content')
    assert.match(readFileSync(`/proc/self/fdinfo/${file}`, 'utf8'), /^flags:\s+02\d{6}$/m)
    const found = statOf(file)
    const said = fstatSync(file, { bigint: true })
    assert.deepEqual([found.ino, found.dev, found.size, found.ctimeNs], [said.ino, said.dev, said.size, said.ctimeNs])
    assert.throws(() => openAt(folder, 'link', constants.O_RDONLY | constants.O_NOFOLLOW), { code: 'ELOOP', syscall: 'openat' })
    assert.throws(() => openAt(folder, 'absent', constants.O_RDONLY), {
      code: 'ENOENT',
      message: "ENOENT: no such file or directory, openat 'absent'",
    })
    assert.throws(() => openAt(folder, 'a\0b', constants.O_RDONLY), { code: 'EINVAL' })
  } finally {
    for (const fd of [file, folder, top]) closeSync(fd)
  }
  assert.throws(() => statOf(file), { code: 'EBADF', syscall: 'statx' })
})

test('an open file without extended attributes is told from one with, and unknown counts as with', async () => {
  await using place = await temporaryDirectory()
  writeFileSync(below(place.path, 'file'), '')
  const fd = openSync(below(place.path, 'file'), 'r')
  assert.equal(mayHaveXattrs(fd), false)
  setXattr(below(place.path, 'file'), 'user.a', Buffer.alloc(0))
  assert.equal(mayHaveXattrs(fd), true)
  closeSync(fd)
  assert.equal(mayHaveXattrs(fd), true)
})

function below(directory: string, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(name, 'latin1')])
}

test('an entry of an open directory is what lstat says of it, also after the years that 32 bits hold', async () => {
  await using place = await temporaryDirectory()
  // A directory of its own, for the one above it is other tests' as well, and changes as they go.
  const root = path.join(place.path, 'root')
  mkdirSync(root)
  writeFileSync(path.join(root, 'file'), 'x'.repeat(70_000), { mode: 0o4751 })
  const odd = Buffer.from([0xff, 0x80, 0x0a, 0x22])
  writeFileSync(Buffer.concat([Buffer.from(`${root}/`), odd]), '')
  mkdirSync(path.join(root, 'folder', 'below'), { recursive: true })
  symlinkSync('nowhere', path.join(root, 'link'))
  makeSpecialFile(path.join(root, 'fifo'), 0o600, { kind: 'fifo' })
  makeSpecialFile(path.join(root, 'socket'), 0o600, { kind: 'socket' })
  if (isRoot) makeSpecialFile(path.join(root, 'disk'), 0o600, { kind: 'block', device: 0x678123ffn })
  setTimes(path.join(root, 'folder'), { atimeNs: 0n, mtimeNs: -631_152_000_000_000_001n })
  setTimes(path.join(root, 'fifo'), { atimeNs: 0n, mtimeNs: 7_258_118_400_000_000_001n })
  const names = ['file', odd.toString('latin1'), 'folder', 'folder/below', 'link', 'fifo', 'socket', ...(isRoot ? ['disk'] : []), '.', '..']
  for (const [directory, entries] of [
    [root, names],
    ['/dev', ['null', 'stdin']],
    ['/proc', ['self', 'version']],
  ] as const) {
    const fd = openSync(directory, 'r')
    for (const name of entries) {
      const found = statAt(fd, name)
      const said = lstatSync(Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(name, 'latin1')]), { bigint: true })
      const kinds = ['isFile', 'isDirectory', 'isSymbolicLink', 'isBlockDevice', 'isCharacterDevice', 'isFIFO', 'isSocket'] as const
      for (const kind of kinds) assert.equal(found[kind](), said[kind](), `${name} ${kind}`)
      const numbers = ['dev', 'ino', 'mode', 'nlink', 'uid', 'gid', 'rdev', 'size', 'blocks'] as const
      for (const key of numbers) assert.equal(found[key], said[key], `${name} ${key}`)
      // Those of /proc are made anew with each look.
      if (directory !== '/proc') assert.deepEqual([found.mtimeNs, found.ctimeNs], [said.mtimeNs, said.ctimeNs], name)
    }
    assert.throws(() => statAt(fd, 'absent'), { code: 'ENOENT', syscall: 'statx' })
    assert.throws(() => statAt(fd, 'file\0'), { code: 'EINVAL' })
    if (directory === root) assert.throws(() => statAt(fd, 'a'.repeat(256)), { code: 'ENAMETOOLONG' })
    assert.throws(() => statAt(fd, 'a/'.repeat(5000)), { code: 'EINVAL' })
    closeSync(fd)
  }
})

import { constants, type BigIntStats } from 'node:fs'
import { constants as osConstants } from 'node:os'
import koffi from 'koffi'
import { libcError } from './libc-error.ts'

/**
 * Calls on open files and directories that Node has not, or has only by way of a path: through `/proc/self/fd` each takes two to
 * five times as long (measured on Linux 6.18). A `name` is in Latin-1, a byte for each character, and may be a relative path
 * shorter than PATH_MAX. Errors are as in `libc.ts`. None follows a symlink in the last part; of `openAt` the flags decide.
 */
export function openAt(directory: number, name: string, flags: number): number {
  const libc = calls()
  const path = cName(name)
  const fd = retried(() => libc.openat(directory, path, flags | O_CLOEXEC))
  if (fd < 0) throw libcError('openat', Buffer.from(name, 'latin1'))
  return fd
}

/** All names in an open directory but `.` and `..`, in no order. */
export function namesIn(directory: number): string[] {
  const libc = calls()
  const { listing } = libc
  // It may have been listed before.
  if (libc.lseek(directory, 0, SEEK_SET) < 0) throw libcError('lseek', '')
  const names: string[] = []
  for (;;) {
    const length = retried(() => libc.getdents64(directory, listing, listing.byteLength))
    if (length < 0) throw libcError('getdents64', '')
    if (length === 0) return names
    // struct linux_dirent64 of getdents64(2): 8 bytes inode, 8 offset, 2 its length, 1 type, the name and a zero.
    for (let at = 0; at < length; at += listing.readUInt16LE(at + 16)) {
      const name = listing.toString('latin1', at + 19, listing.indexOf(0, at + 19))
      if (name !== '.' && name !== '..') names.push(name)
    }
  }
}

/** What a look at an entry tells: the part of Node's `BigIntStats` that is read here. */
export type EntryStats = Pick<
  BigIntStats,
  | ('dev' | 'ino' | 'mode' | 'nlink' | 'uid' | 'gid' | 'rdev' | 'size' | 'blocks' | 'mtimeNs' | 'ctimeNs')
  | ('isFile' | 'isDirectory' | 'isSymbolicLink' | 'isBlockDevice' | 'isCharacterDevice' | 'isFIFO' | 'isSocket')
>

/** The same as `lstat` of what stands below an open directory. */
export function statAt(directory: number, name: string): EntryStats {
  return statsOf(statxAt(directory, name))
}

/** The same as the kernel lays it out (`statxAt`), in memory that the next call uses again. */
export function statxAt(directory: number, name: string): Statx {
  const libc = calls()
  const path = cName(name)
  if (libc.statx(directory, path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, libc.entry.bytes) !== 0)
    throw libcError('statx', Buffer.from(name, 'latin1'))
  return libc.entry.view
}

/** `struct statx`, to be read at the places of `statx`. */
export type Statx = Pick<DataView, 'getUint16' | 'getInt32' | 'getUint32' | 'getBigInt64' | 'getBigUint64'>

export function statsOf(entry: Statx): EntryStats {
  return new FoundEntry(entry)
}

/** The same as `fstat`. */
export function statOf(fd: number): EntryStats {
  const libc = calls()
  if (libc.statx(fd, cName(''), AT_EMPTY_PATH, STATX_BASIC_STATS, libc.entry.bytes) !== 0) throw libcError('statx', '')
  return new FoundEntry(libc.entry.view)
}

/** False only when the open file or directory has no extended attribute. True also where the file system does not say. */
export function mayHaveXattrs(fd: number): boolean {
  const libc = calls()
  return libc.flistxattr(fd, null, 0) !== 0
}

/** Where `struct statx` of statx(2) has what is read here. A time is its seconds in 8 bytes and nanoseconds in 4, a device two times 4. */
export const statx = {
  links: 16,
  uid: 20,
  gid: 24,
  mode: 28,
  inode: 32,
  size: 40,
  blocks: 48,
  ctime: 96,
  mtime: 112,
  ownDevice: 128,
  device: 136,
} as const

class FoundEntry implements EntryStats {
  readonly mode: bigint
  readonly nlink: bigint
  readonly uid: bigint
  readonly gid: bigint
  readonly ino: bigint
  readonly size: bigint
  readonly blocks: bigint
  readonly ctimeNs: bigint
  readonly mtimeNs: bigint
  readonly rdev: bigint
  readonly dev: bigint
  readonly #type: number

  constructor(entry: Statx) {
    const mode = entry.getUint16(statx.mode, isLittleEndian)
    this.#type = mode & S_IFMT
    this.mode = BigInt(mode)
    this.nlink = BigInt(entry.getUint32(statx.links, isLittleEndian))
    this.uid = BigInt(entry.getUint32(statx.uid, isLittleEndian))
    this.gid = BigInt(entry.getUint32(statx.gid, isLittleEndian))
    this.ino = entry.getBigUint64(statx.inode, isLittleEndian)
    this.size = entry.getBigUint64(statx.size, isLittleEndian)
    this.blocks = entry.getBigUint64(statx.blocks, isLittleEndian)
    this.ctimeNs = nsAt(entry, statx.ctime)
    this.mtimeNs = nsAt(entry, statx.mtime)
    this.rdev = deviceAt(entry, statx.ownDevice)
    this.dev = deviceAt(entry, statx.device)
  }

  isFile(): boolean {
    return this.#type === S_IFREG
  }
  isDirectory(): boolean {
    return this.#type === S_IFDIR
  }
  isSymbolicLink(): boolean {
    return this.#type === S_IFLNK
  }
  isBlockDevice(): boolean {
    return this.#type === S_IFBLK
  }
  isCharacterDevice(): boolean {
    return this.#type === S_IFCHR
  }
  isFIFO(): boolean {
    return this.#type === S_IFIFO
  }
  isSocket(): boolean {
    return this.#type === S_IFSOCK
  }
}

const AT_SYMLINK_NOFOLLOW = 0x100
const AT_NO_AUTOMOUNT = 0x800
const AT_EMPTY_PATH = 0x1000
const STATX_BASIC_STATS = 0x7ff
const SEEK_SET = 0
/** Not among Node's constants; the same number on every processor that Integrum runs on. */
const O_CLOEXEC = 0o2000000
const { S_IFMT, S_IFREG, S_IFDIR, S_IFLNK, S_IFBLK, S_IFCHR, S_IFIFO, S_IFSOCK } = constants
/** PATH_MAX of the kernel, its end included. */
const pathBytesMax = 4096
/** As on every processor that Integrum runs on. */
const isLittleEndian = true

interface Calls {
  readonly path: Buffer
  readonly listing: Buffer
  /** One `struct statx`. */
  readonly entry: { readonly bytes: Uint8Array; readonly view: DataView }
  openat(directory: number, path: Uint8Array, flags: number): number
  lseek(fd: number, offset: number, whence: number): number
  getdents64(directory: number, listing: Uint8Array, size: number): number
  statx(directory: number, path: Uint8Array, flags: number, mask: number, entry: Uint8Array): number
  flistxattr(fd: number, list: null, size: number): number
}

let loaded: Calls | undefined

function calls(): Calls {
  loaded ??= load()
  return loaded
}

function load(): Calls {
  if (process.platform !== 'linux')
    throw Object.assign(new Error(`ENOSYS: open directories are read as Linux has it, not ${process.platform}`), { code: 'ENOSYS' })
  const library = koffi.load(null)
  const entryMemory = new ArrayBuffer(256)
  return {
    path: Buffer.alloc(pathBytesMax),
    listing: Buffer.alloc(32_768),
    entry: { bytes: new Uint8Array(entryMemory), view: new DataView(entryMemory) },
    openat: library.func('int openat(int dirfd, void *path, int flags)'),
    lseek: library.func('int64_t lseek(int fd, int64_t offset, int whence)'),
    getdents64: library.func('int64_t getdents64(int fd, void *listing, size_t size)'),
    statx: library.func('int statx(int dirfd, void *path, int flags, uint mask, void *entry)'),
    flistxattr: library.func('int64_t flistxattr(int fd, void *list, size_t size)'),
  }
}

/** A signal may come in between where a file system waits for others (signal(7)). */
function retried(call: () => number): number {
  for (;;) {
    const result = call()
    if (result >= 0 || koffi.errno() !== osConstants.errno.EINTR) return result
  }
}

/** In memory that the next call uses again. */
function cName(name: string): Uint8Array {
  const { path } = calls()
  if (name.length >= pathBytesMax || name.includes('\0')) throw Object.assign(new Error('EINVAL: this is no path'), { code: 'EINVAL' })
  path.write(name, 'latin1')
  path[name.length] = 0
  return path
}

function nsAt(entry: Statx, at: number): bigint {
  return entry.getBigInt64(at, isLittleEndian) * 1_000_000_000n + BigInt(entry.getUint32(at + 8, isLittleEndian))
}

function deviceAt(entry: Statx, at: number): bigint {
  return deviceIdOf(entry.getUint32(at, isLittleEndian), entry.getUint32(at + 4, isLittleEndian))
}

/** As makedev(3) joins the two numbers. */
export function deviceIdOf(majorNumber: number, minorNumber: number): bigint {
  const major = BigInt(majorNumber)
  const minor = BigInt(minorNumber)
  return ((major & 0xfffff000n) << 32n) | ((major & 0xfffn) << 8n) | ((minor & 0xffffff00n) << 12n) | (minor & 0xffn)
}

import type { BigIntStats } from 'node:fs'
import { constants as osConstants } from 'node:os'
import koffi from 'koffi'

/** A path as text or as its bytes. Linux paths are bytes; only NUL is impossible in them. */
export type PathBytes = string | Uint8Array

/**
 * What the C library can do and Node cannot (MEASURED §1 "libc"), on Linux. Calls are synchronous and short; each
 * fails with an Error that has `code` (`ENOTSUP`, `EINVAL` …), `errno` and `syscall`, as Node's own calls do.
 * None follows a symlink in the last part of a path.
 */
export function listXattrs(path: PathBytes): Buffer[] {
  const scratch = calls().scratch
  const length = calls().llistxattr(cString(path), scratch, scratch.byteLength)
  if (length < 0) throw libcError('llistxattr', path)
  const names: Buffer[] = []
  for (let from = 0; from < length;) {
    const end = scratch.indexOf(0, from)
    names.push(Buffer.from(scratch.subarray(from, end)))
    from = end + 1
  }
  return names
}

/** Null when there is no attribute of that name (ENODATA). */
export function getXattr(path: PathBytes, name: PathBytes): Buffer | null {
  const scratch = calls().scratch
  const length = calls().lgetxattr(cString(path), cString(name), scratch, scratch.byteLength)
  if (length >= 0) return Buffer.from(scratch.subarray(0, length))
  const error = libcError('lgetxattr', path)
  if (error.code === 'ENODATA') return null
  throw error
}

export function setXattr(path: PathBytes, name: PathBytes, value: Uint8Array): void {
  // koffi hands an empty buffer over as it is; its address may be null, which the kernel allows for a size of 0.
  expectZero(calls().lsetxattr(cString(path), cString(name), value, value.byteLength, 0), 'lsetxattr', path)
}

export function removeXattr(path: PathBytes, name: PathBytes): void {
  expectZero(calls().lremovexattr(cString(path), cString(name)), 'lremovexattr', path)
}

/** Nanoseconds since 1970, negative before. Sets the times of a symlink itself. */
export function setTimes(path: PathBytes, times: { readonly atimeNs: bigint; readonly mtimeNs: bigint }): void {
  expectZero(calls().utimensat(AT_FDCWD, cString(path), timespecsOf(times), AT_SYMLINK_NOFOLLOW), 'utimensat', path)
}

/** The same for an open file. */
export function setTimesOf(fd: number, times: { readonly atimeNs: bigint; readonly mtimeNs: bigint }): void {
  expectZero(calls().futimens(fd, timespecsOf(times)), 'futimens', '')
}

/**
 * Lets the kernel begin to write a part of an open file to the disk, so that making it durable takes less time later. Where
 * a file system knows no such thing it is made durable then.
 */
export function startWriting(fd: number, offset: number, lengthBytes: number): void {
  calls().sync_file_range(fd, offset, lengthBytes, SYNC_FILE_RANGE_WRITE)
}

/**
 * Swaps two names in one atomic step, whatever they are (RENAME_EXCHANGE). EINVAL where the file system cannot, EXDEV
 * across file systems, EBUSY for a mount point. Durable only once both parent directories are fsynced.
 */
export function exchangePaths(one: PathBytes, other: PathBytes): void {
  expectZero(calls().renameat2(AT_FDCWD, cString(one), AT_FDCWD, cString(other), RENAME_EXCHANGE), 'renameat2', one)
}

/** Renames, and fails with EEXIST rather than replace what stands at `to` (RENAME_NOREPLACE). */
export function renameWithoutReplacing(from: PathBytes, to: PathBytes): void {
  expectZero(calls().renameat2(AT_FDCWD, cString(from), AT_FDCWD, cString(to), RENAME_NOREPLACE), 'renameat2', from)
}

/** What a look at an entry tells: the part of Node's `BigIntStats` that is read here. */
export type EntryStats = Pick<
  BigIntStats,
  | ('dev' | 'ino' | 'mode' | 'nlink' | 'uid' | 'gid' | 'rdev' | 'size' | 'blocks' | 'mtimeNs' | 'ctimeNs')
  | ('isFile' | 'isDirectory' | 'isSymbolicLink' | 'isBlockDevice' | 'isCharacterDevice' | 'isFIFO' | 'isSocket')
>

/**
 * The same as `lstat` of an entry below an open directory, `name` in Latin-1: a byte for each character. Node has no such call,
 * and the way through `/proc/self/fd` takes two to three times as long (measured on Linux 6.18).
 */
export function statAt(directory: number, name: string): EntryStats {
  const libc = calls()
  const { scratch, entry } = libc
  if (name.length >= pathBytesMax || name.includes('\0')) {
    throw Object.assign(new Error('EINVAL: this is no path'), { code: 'EINVAL', syscall: 'statx' })
  }
  scratch.write(name, 'latin1')
  scratch[name.length] = 0
  const result = libc.statx(directory, scratch, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, entry.bytes)
  if (result !== 0) throw libcError('statx', Buffer.from(name, 'latin1'))
  return new FoundEntry(entry.view)
}

/** Laid out as statx(2) has it. */
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

  constructor(entry: DataView) {
    const mode = entry.getUint16(28, isLittleEndian)
    this.#type = mode & fileTypeMask
    this.mode = BigInt(mode)
    this.nlink = BigInt(entry.getUint32(16, isLittleEndian))
    this.uid = BigInt(entry.getUint32(20, isLittleEndian))
    this.gid = BigInt(entry.getUint32(24, isLittleEndian))
    this.ino = entry.getBigUint64(32, isLittleEndian)
    this.size = entry.getBigUint64(40, isLittleEndian)
    this.blocks = entry.getBigUint64(48, isLittleEndian)
    this.ctimeNs = nsAt(entry, 96)
    this.mtimeNs = nsAt(entry, 112)
    this.rdev = deviceAt(entry, 128)
    this.dev = deviceAt(entry, 136)
  }

  isFile(): boolean {
    return this.#type === fileTypes.regular
  }
  isDirectory(): boolean {
    return this.#type === fileTypes.directory
  }
  isSymbolicLink(): boolean {
    return this.#type === fileTypes.symlink
  }
  isBlockDevice(): boolean {
    return this.#type === fileTypes.block
  }
  isCharacterDevice(): boolean {
    return this.#type === fileTypes.character
  }
  isFIFO(): boolean {
    return this.#type === fileTypes.fifo
  }
  isSocket(): boolean {
    return this.#type === fileTypes.socket
  }
}

/**
 * Holes of an open file as [offset, length] in bytes, ascending, up to `sizeBytes`. Empty where the file system does
 * not tell. Moves the position of `fd`: read with explicit offsets.
 */
export function holesOf(fd: number, sizeBytes: number): (readonly [number, number])[] {
  const holes: (readonly [number, number])[] = []
  for (let offset = 0; offset < sizeBytes;) {
    const hole = seek(fd, offset, SEEK_HOLE)
    if (hole === null || hole >= sizeBytes) break
    const data = Math.min(seek(fd, hole, SEEK_DATA) ?? sizeBytes, sizeBytes)
    if (data > hole) holes.push([hole, data - hole])
    offset = data
  }
  return holes
}

/** Takes the exclusive lock of an open file without waiting. False when another open file description holds it. */
export function lockFile(fd: number): boolean {
  if (calls().flock(fd, LOCK_EX | LOCK_NB) === 0) return true
  const error = libcError('flock', '')
  if (error.code === 'EAGAIN') return false
  throw error
}

/** Makes everything written to the file system of `fd` durable (SAFETY rule 7). Runs off the main thread. */
export function syncFileSystem(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    calls().syncfs.async(fd, (cause: unknown, result: number) => {
      if (cause) reject(cause)
      else if (result === 0) resolve()
      // errno belongs to the thread that made the call. syncfs(2) knows EBADF besides; the caller holds the fd open.
      else reject(Object.assign(new Error('EIO: input/output error, syncfs'), { code: 'EIO', syscall: 'syncfs' }))
    })
  })
}

export type SpecialFile =
  | { readonly kind: 'fifo' }
  | { readonly kind: 'socket' }
  | { readonly kind: 'block'; readonly device: bigint }
  | { readonly kind: 'character'; readonly device: bigint }

/** Makes a fifo, socket or device. `device` is `st_rdev`; `mode` the permission bits, lessened by the umask. */
export function makeSpecialFile(path: PathBytes, mode: number, special: SpecialFile): void {
  const device = 'device' in special ? special.device : 0n
  expectZero(calls().mknod(cString(path), fileTypes[special.kind] | mode, device), 'mknod', path)
}

const AT_FDCWD = -100
const AT_SYMLINK_NOFOLLOW = 0x100
const AT_NO_AUTOMOUNT = 0x800
const STATX_BASIC_STATS = 0x7ff
const RENAME_NOREPLACE = 1
const RENAME_EXCHANGE = 2
const SYNC_FILE_RANGE_WRITE = 2
const SEEK_DATA = 3
const SEEK_HOLE = 4
const LOCK_EX = 2
const LOCK_NB = 4
const fileTypes = {
  fifo: 0o010000,
  character: 0o020000,
  directory: 0o040000,
  block: 0o060000,
  regular: 0o100000,
  symlink: 0o120000,
  socket: 0o140000,
} as const
const fileTypeMask = 0o170000
/** PATH_MAX of the kernel, its end included. */
const pathBytesMax = 4096
/** As on every processor that Integrum runs on; `writeTimespec` writes so, too. */
const isLittleEndian = true
/** XATTR_SIZE_MAX and XATTR_LIST_MAX of the kernel (linux/limits.h): one call always suffices. */
const xattrBytesMax = 65_536

interface Calls {
  readonly scratch: Buffer
  /** One `struct statx`. */
  readonly entry: { readonly bytes: Uint8Array; readonly view: DataView }
  lgetxattr(path: Buffer, name: Buffer, value: Uint8Array, size: number): number
  llistxattr(path: Buffer, list: Uint8Array, size: number): number
  lsetxattr(path: Buffer, name: Buffer, value: Uint8Array, size: number, flags: number): number
  lremovexattr(path: Buffer, name: Buffer): number
  utimensat(directory: number, path: Buffer, times: Uint8Array, flags: number): number
  statx(directory: number, path: Uint8Array, flags: number, mask: number, entry: Uint8Array): number
  futimens(fd: number, times: Uint8Array): number
  sync_file_range(fd: number, offset: number, length: number, flags: number): number
  renameat2(fromDirectory: number, from: Buffer, toDirectory: number, to: Buffer, flags: number): number
  lseek(fd: number, offset: number, whence: number): number | bigint
  flock(fd: number, operation: number): number
  mknod(path: Buffer, mode: number, device: bigint): number
  readonly syncfs: { async(fd: number, done: (cause: unknown, result: number) => void): void }
}

let loaded: Calls | undefined

function calls(): Calls {
  loaded ??= load()
  return loaded
}

function load(): Calls {
  if (process.platform !== 'linux') {
    throw Object.assign(new Error(`ENOSYS: extended attributes and directory exchange need Linux, not ${process.platform}`), {
      code: 'ENOSYS',
    })
  }
  // The process itself has the C library open, whichever file that is.
  const library = koffi.load(null)
  const entryMemory = new ArrayBuffer(256)
  return {
    scratch: Buffer.alloc(xattrBytesMax),
    entry: { bytes: new Uint8Array(entryMemory), view: new DataView(entryMemory) },
    lgetxattr: library.func('int64_t lgetxattr(void *path, void *name, void *value, size_t size)'),
    llistxattr: library.func('int64_t llistxattr(void *path, void *list, size_t size)'),
    lsetxattr: library.func('int lsetxattr(void *path, void *name, void *value, size_t size, int flags)'),
    lremovexattr: library.func('int lremovexattr(void *path, void *name)'),
    utimensat: library.func('int utimensat(int dirfd, void *path, void *times, int flags)'),
    statx: library.func('int statx(int dirfd, void *path, int flags, uint mask, void *entry)'),
    futimens: library.func('int futimens(int fd, void *times)'),
    sync_file_range: library.func('int sync_file_range(int fd, int64_t offset, int64_t length, uint flags)'),
    renameat2: library.func('int renameat2(int olddirfd, void *oldpath, int newdirfd, void *newpath, uint flags)'),
    lseek: library.func('int64_t lseek(int fd, int64_t offset, int whence)'),
    flock: library.func('int flock(int fd, int operation)'),
    mknod: library.func('int mknod(void *path, uint mode, uint64_t dev)'),
    syncfs: library.func('int syncfs(int fd)'),
  }
}

/** Null past the last data or hole (ENXIO), and where the file system cannot tell (EINVAL). */
function seek(fd: number, offset: number, whence: number): number | null {
  const found = Number(calls().lseek(fd, offset, whence))
  if (found >= 0) return found
  const error = libcError('lseek', '')
  if (error.code === 'ENXIO' || error.code === 'EINVAL') return null
  throw error
}

function nsAt(entry: DataView, at: number): bigint {
  return entry.getBigInt64(at, isLittleEndian) * 1_000_000_000n + BigInt(entry.getUint32(at + 8, isLittleEndian))
}

/** As makedev(3) joins the two numbers. */
function deviceAt(entry: DataView, at: number): bigint {
  const major = BigInt(entry.getUint32(at, isLittleEndian))
  const minor = BigInt(entry.getUint32(at + 4, isLittleEndian))
  return ((major & 0xfffff000n) << 32n) | ((major & 0xfffn) << 8n) | ((minor & 0xffffff00n) << 12n) | (minor & 0xffn)
}

function timespecsOf(times: { readonly atimeNs: bigint; readonly mtimeNs: bigint }): Buffer {
  const timespecs = Buffer.alloc(32)
  writeTimespec(timespecs, 0, times.atimeNs)
  writeTimespec(timespecs, 16, times.mtimeNs)
  return timespecs
}

function writeTimespec(into: Buffer, at: number, ns: bigint): void {
  const billion = 1_000_000_000n
  const rest = ((ns % billion) + billion) % billion
  into.writeBigInt64LE((ns - rest) / billion, at)
  into.writeBigInt64LE(rest, at + 8)
}

function cString(path: PathBytes): Buffer {
  const bytes = typeof path === 'string' ? Buffer.from(path, 'utf8') : path
  if (bytes.includes(0)) throw Object.assign(new Error('EINVAL: a path cannot hold the byte 0'), { code: 'EINVAL' })
  const terminated = Buffer.alloc(bytes.byteLength + 1)
  terminated.set(bytes)
  return terminated
}

function expectZero(result: number, syscall: string, path: PathBytes): void {
  if (result !== 0) throw libcError(syscall, path)
}

/** Two names may share a number; these are the ones that documents use. */
const preferredNames = new Set(['EAGAIN', 'ENOTSUP'])
const errnoNames = new Map<number, string>()
for (const [name, number] of Object.entries(osConstants.errno)) {
  if (!errnoNames.has(number) || preferredNames.has(name)) errnoNames.set(number, name)
}

function libcError(syscall: string, path: PathBytes): NodeJS.ErrnoException & { code: string } {
  const errno = koffi.errno()
  const code = errnoNames.get(errno) ?? `E${errno}`
  const where = path.length === 0 ? '' : ` '${typeof path === 'string' ? path : Buffer.from(path).toString('utf8')}'`
  return Object.assign(new Error(`${code}: ${syscall}${where}`), { code, errno: -errno, syscall })
}

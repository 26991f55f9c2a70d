import koffi from 'koffi'
import { libcError } from './libc-error.ts'

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
  block: 0o060000,
  socket: 0o140000,
} as const
/** XATTR_SIZE_MAX and XATTR_LIST_MAX of the kernel (linux/limits.h): one call always suffices. */
const xattrBytesMax = 65_536

interface Calls {
  readonly scratch: Buffer
  lgetxattr(path: Buffer, name: Buffer, value: Uint8Array, size: number): number
  llistxattr(path: Buffer, list: Uint8Array, size: number): number
  lsetxattr(path: Buffer, name: Buffer, value: Uint8Array, size: number, flags: number): number
  lremovexattr(path: Buffer, name: Buffer): number
  utimensat(directory: number, path: Buffer, times: Uint8Array, flags: number): number
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
  return {
    scratch: Buffer.alloc(xattrBytesMax),
    lgetxattr: library.func('int64_t lgetxattr(void *path, void *name, void *value, size_t size)'),
    llistxattr: library.func('int64_t llistxattr(void *path, void *list, size_t size)'),
    lsetxattr: library.func('int lsetxattr(void *path, void *name, void *value, size_t size, int flags)'),
    lremovexattr: library.func('int lremovexattr(void *path, void *name)'),
    utimensat: library.func('int utimensat(int dirfd, void *path, void *times, int flags)'),
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

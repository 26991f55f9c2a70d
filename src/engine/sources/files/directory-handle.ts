import { closeSync, constants, openSync } from 'node:fs'
import { namesIn, openAt, statAt, statOf, type EntryStats } from '#host/open-files.ts'
import { byteStringOf, bytesOf, type ByteString } from '#engine/byte-string.ts'

/**
 * An open directory. What is below it is reached through its descriptor, or through `/proc/self/fd/<fd>/<name>` for calls that know
 * paths alone, so that neither a path longer than PATH_MAX nor a directory that becomes a symlink meanwhile leads anywhere
 * else (proc(5), path_resolution(7)).
 *
 * Calls are synchronous: one takes 2 to 10 µs, through the thread pool it takes 70 (measured on Node 26).
 */
export class DirectoryHandle implements Disposable {
  readonly fd: number
  #isOpen = true

  /** A path given by the operator: its last part must not be a symlink. Errors are Node's, with `code`. */
  static open(path: string | Buffer): DirectoryHandle {
    return new DirectoryHandle(openSync(path, directoryFlags))
  }

  private constructor(fd: number) {
    this.fd = fd
  }

  /** A directory right below. ELOOP or ENOTDIR when it is a symlink or something else by now. */
  openChild(name: ByteString): DirectoryHandle {
    return new DirectoryHandle(openAt(this.fd, name, directoryFlags))
  }

  /** Bytes of a path for system calls: `name` may be a relative path, as long as the whole fits into PATH_MAX. */
  pathOf(name: ByteString): Buffer {
    return bytesOf(`/proc/self/fd/${this.fd}/${name}` as ByteString)
  }

  /** The directory itself, as a path that no call mistakes for a symlink. */
  get ownPath(): Buffer {
    return this.pathOf(byteStringOf('.'))
  }

  /** All names but `.` and `..`, in byte order. */
  list(): ByteString[] {
    return (namesIn(this.fd) as ByteString[]).sort()
  }

  stat(): EntryStats {
    return statOf(this.fd)
  }

  /** What stands right below, or a relative path: without following a symlink in its last part. */
  statOf(name: ByteString): EntryStats {
    return statAt(this.fd, name)
  }

  /** False once it was closed: its descriptor may be another file's by now. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  [Symbol.dispose](): void {
    this.#isOpen = false
    closeSync(this.fd)
  }
}

const directoryFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW

/** PATH_MAX is 4096 with its end; what is left after `/proc/self/fd/<fd>/`. */
const reachBytesMax = 4000

/** Runs `work` on a system path of `path`, which stands any depth below `root` (parts joined with `/`). */
export function reach<T>(root: DirectoryHandle, path: ByteString, work: (at: Buffer) => T): T {
  if (path.length <= reachBytesMax) return work(root.pathOf(path))
  return reachStepwise(root, path, work)
}

/** The same, opening each directory on the way without following symlinks. */
export function reachStepwise<T>(root: DirectoryHandle, path: ByteString, work: (at: Buffer) => T): T {
  const parts = path.split('/') as ByteString[]
  using open = new DisposableStack()
  let parent = root
  for (const part of parts.slice(0, -1)) parent = open.use(parent.openChild(part))
  return work(parent.pathOf(parts.at(-1)!))
}

/** A file descriptor that its scope closes. */
export class OpenFile implements Disposable {
  readonly fd: number

  static open(path: Buffer, flags: number): OpenFile {
    return new OpenFile(openSync(path, flags))
  }

  static below(directory: DirectoryHandle, name: ByteString, flags: number): OpenFile {
    return new OpenFile(openAt(directory.fd, name, flags))
  }

  private constructor(fd: number) {
    this.fd = fd
  }

  [Symbol.dispose](): void {
    closeSync(this.fd)
  }
}

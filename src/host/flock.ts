import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { mkdir, open, realpath, stat, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { Fault, errnoOf } from '#base/fault.ts'
import { hostFault } from './durable.ts'
import { lockFile } from './libc.ts'

/**
 * Claims a directory for one restore on this machine (SAFETY rule 2), by its real path and, once it exists, by its
 * device and inode, so that a bind mount or a link of it is the same place. The claim ends with its scope, and with our
 * process however that dies. Fault: TARGET_BUSY.
 *
 * `lockDirectory` is one for the whole machine, whatever state directory a command uses, such as `/run/lock/integrum`.
 * Lock files stay there: removing one while somebody else opens it would hand out two locks.
 */
export async function lockRoot(root: string, lockDirectory: string): Promise<AsyncDisposable> {
  await using claims = new AsyncDisposableStack()
  await makeLockDirectory(lockDirectory)
  for (const key of await keysOf(root)) claims.use(await claim(path.join(lockDirectory, key), root))
  return claims.move()
}

async function keysOf(root: string): Promise<string[]> {
  const absolute = path.resolve(root)
  try {
    const real = await realpath(absolute)
    const found = await stat(real, { bigint: true })
    return [pathKey(real), `inode-${found.dev}-${found.ino}`]
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw hostFault(error, `cannot look at ${absolute}`)
    return [pathKey(await realPathOfAbsent(absolute))]
  }
}

/** A target need not exist yet: then the real path of its nearest ancestor that does, and the rest of the names. */
async function realPathOfAbsent(absolute: string): Promise<string> {
  const parent = path.dirname(absolute)
  if (parent === absolute) return absolute
  try {
    return path.join(await realpath(parent), path.basename(absolute))
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw hostFault(error, `cannot look at ${parent}`)
    return path.join(await realPathOfAbsent(parent), path.basename(absolute))
  }
}

function pathKey(real: string): string {
  return `path-${createHash('sha256').update(real).digest('hex').slice(0, 32)}`
}

/** Like /run/lock itself: every user may add a file, none may remove another's. */
async function makeLockDirectory(lockDirectory: string): Promise<void> {
  try {
    await mkdir(path.dirname(lockDirectory), { recursive: true })
    await mkdir(lockDirectory)
    await using handle = await open(lockDirectory, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
    await handle.chmod(0o1777)
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw hostFault(error, `cannot make the lock directory ${lockDirectory}`)
  }
}

async function claim(file: string, root: string): Promise<FileHandle> {
  const handle = await openLockFile(file)
  if (lockFile(handle.fd)) return handle
  await handle.close()
  throw new Fault('TARGET_BUSY', `another restore works on ${root}`, { root })
}

/** flock(2) needs no write permission, so a file that another user made serves as well. */
async function openLockFile(file: string): Promise<FileHandle> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await open(file, constants.O_RDONLY | constants.O_NOFOLLOW)
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' || attempt > 0) throw hostFault(error, `cannot open the lock file ${file}`)
    }
    try {
      // Exclusive: the kernel refuses to open another's file in such a directory with O_CREAT (fs.protected_regular).
      return await open(file, constants.O_RDONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o644)
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw hostFault(error, `cannot make the lock file ${file}`)
    }
  }
}

import { constants } from 'node:fs'
import { mkdir, open, rename, unlink, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { Fault, errnoOf, messageOf } from '#base/fault.ts'

/** Replaces a file as a whole: a reader sees the old bytes or the new ones, also after a power cut. */
export async function replaceDurably(file: string, bytes: readonly Uint8Array[] | string, mode = 0o640): Promise<void> {
  const partial = `${file}.partial-${process.pid}`
  {
    await using handle = await open(partial, 'w', mode)
    await writeAll(handle, bytes)
    await handle.sync()
  }
  await renameDurably(partial, file)
}

export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to)
  await syncDirectory(path.dirname(to))
  if (path.dirname(from) !== path.dirname(to)) await syncDirectory(path.dirname(from))
}

/** Removes a file for good. One that is not there is fine: the wish is fulfilled. */
export async function removeDurably(file: string): Promise<void> {
  try {
    await unlink(file)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
    return
  }
  await syncDirectory(path.dirname(file))
}

/** Makes a directory and each missing one above it. Each is there for good: a durable file in a lost directory is lost. */
export async function makeDirectoryDurably(directory: string, mode = 0o750): Promise<void> {
  const place = path.resolve(directory)
  const first = await mkdir(place, { recursive: true, mode })
  if (first === undefined) return
  for (let made = place; ; made = path.dirname(made)) {
    await syncDirectory(path.dirname(made))
    if (made === first) return
  }
}

/** What was written into it outlives a power cut; its name does with its directory. */
export async function syncFile(file: string | Buffer): Promise<void> {
  await using handle = await open(file, 'r')
  await handle.sync()
}

export async function syncDirectory(directory: string): Promise<void> {
  await using handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY)
  await handle.sync()
}

async function writeAll(handle: FileHandle, bytes: readonly Uint8Array[] | string): Promise<void> {
  for (const part of typeof bytes === 'string' ? [Buffer.from(bytes, 'utf8')] : bytes) {
    let offset = 0
    while (offset < part.byteLength) {
      const { bytesWritten } = await handle.write(part, offset, part.byteLength - offset)
      offset += bytesWritten
    }
  }
}

/** Turns an error of the file system into a Fault that names the path; DISK_FULL when that is what it is. */
export function hostFault(error: unknown, what: string): Fault {
  const errno = errnoOf(error)
  const code = errno === 'ENOSPC' || errno === 'EDQUOT' ? 'DISK_FULL' : 'HOST_IO'
  return new Fault(code, `${what}: ${messageOf(error)}`, { errno: errno ?? null }, { cause: error })
}

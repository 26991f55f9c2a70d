import assert from 'node:assert'
import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { link, lstat, mkdir, open, readdir, unlink, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { throwIfCancelled } from '#base/clock.ts'
import { Fault, errnoOf, isFault } from '#base/fault.ts'
import { makeDirectoryDurably, syncDirectory } from '#host/durable.ts'
import { spaceOf } from '#host/space.ts'
import { faultOf } from './local-fault.ts'
import {
  damagedFolder,
  folders,
  isStorageName,
  marksFolder,
  optionalFolders,
  type Folder,
  type Range,
  type Storage,
  type StorageName,
  type StoredFile,
} from './storage.ts'

const directoryMode = 0o750
// Files are created once and never changed; not even their owner opens one for writing by mistake.
const fileMode = 0o440

/**
 * A repository in a directory, in restic's local layout (design.rst "Repository Layout"): packs below `data/<2 hex>/`,
 * all others flat in their folder. The file system must know hard links, which is how a file appears whole or not at all.
 */
export function openLocal(directory: string): Storage {
  const root = path.resolve(directory)
  const inPlace = (name: StorageName) => path.join(root, relativePlace(name))

  return {
    location: root,
    freesOnRemove: true,
    create: (signal) => createLayout(root, signal),
    put: (name, parts, signal) => put(root, name, parts, signal),
    get: (name, range, signal) => get(inPlace(name), name, range, signal),
    async stat(name, signal) {
      throwIfCancelled(signal)
      return await statOf(inPlace(name), name)
    },
    list: (folder, signal) => list(root, folder, signal),
    async remove(name, signal) {
      throwIfCancelled(signal)
      await remove(root, inPlace(name), name)
    },
    removeLeftovers: (before, signal) => removeLeftovers(root, before, signal),
    now: (signal) => storageTime(root, signal),
    async freeBytes(signal) {
      throwIfCancelled(signal)
      try {
        return (await spaceOf(root)).freeBytes
      } catch (error) {
        throw faultOf(error, 'free space', root)
      }
    },
  }
}

function relativePlace(name: StorageName): string {
  assert(isStorageName(name), `no name of a storage: ${name}`)
  if (!name.startsWith('data/')) return name
  const id = name.slice('data/'.length)
  return path.join('data', id.slice(0, 2), id)
}

async function createLayout(root: string, signal: AbortSignal | undefined): Promise<void> {
  throwIfCancelled(signal)
  const shards = Array.from({ length: 256 }, (_, index) => path.join('data', index.toString(16).padStart(2, '0')))
  try {
    await makeDirectoryDurably(root, directoryMode)
    for (const folder of [...folders, ...shards]) await mkdir(path.join(root, folder), { recursive: true, mode: directoryMode })
    for (const changed of ['data', '.']) await syncDirectory(path.join(root, changed))
  } catch (error) {
    throw faultOf(error, 'making the folders', root)
  }
}

async function put(root: string, name: StorageName, parts: readonly Uint8Array[], signal: AbortSignal | undefined): Promise<void> {
  throwIfCancelled(signal)
  const place = path.join(root, relativePlace(name))
  // The name restic gives its own unfinished files: it stands in the same directory, and neither of us takes it for one of ours.
  const unfinished = `${place}-tmp-${randomUUID()}`
  try {
    await using file = await openNew(root, unfinished)
    await writeParts(file, parts, signal)
    await file.sync()
    // link(2) never replaces, unlike rename(2): the second of two writers fails instead of overwriting.
    await link(unfinished, place)
  } catch (error) {
    await removeUnfinished(unfinished)
    throw errnoOf(error) === 'EEXIST'
      ? new Fault('STORAGE_EXISTS', `${name} exists already`, { name })
      : faultOf(error, `writing ${name}`, root)
  }
  try {
    await unlink(unfinished)
    await syncDirectory(path.dirname(place))
  } catch (error) {
    // Not known to survive a power cut, so not to be seen either; the next attempt writes it anew.
    await removeUnfinished(place)
    throw faultOf(error, `making ${name} durable`, root)
  }
}

async function openNew(root: string, file: string): Promise<FileHandle> {
  try {
    return await open(file, 'wx', fileMode)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
  }
  // A shard of `data`, or a folder that a copying program dropped while it was empty. `data` itself is never made here:
  // when it is gone, so is the disk, and a new folder would hide that.
  const folder = path.dirname(file)
  const parent = path.dirname(folder)
  if (parent === root && !optionalFolders.includes(path.basename(folder)))
    throw new Fault('STORAGE_UNREACHABLE', `there is no folder ${folder}`, { folder })
  await mkdir(folder, { mode: directoryMode }).catch((error: unknown) => {
    if (errnoOf(error) !== 'EEXIST') throw error
  })
  await syncDirectory(parent)
  return await open(file, 'wx', fileMode)
}

async function writeParts(file: FileHandle, parts: readonly Uint8Array[], signal: AbortSignal | undefined): Promise<void> {
  for (const part of parts) {
    let offset = 0
    while (offset < part.byteLength) {
      throwIfCancelled(signal)
      const { bytesWritten } = await file.write(part, offset, part.byteLength - offset)
      offset += bytesWritten
    }
  }
}

async function removeUnfinished(unfinished: string): Promise<void> {
  try {
    await unlink(unfinished)
  } catch {
    // The failure before this one is what to tell. What stays is invisible to `list`; `removeLeftovers` takes it away.
  }
}

async function get(place: string, name: StorageName, range: Range | undefined, signal: AbortSignal | undefined): Promise<Buffer> {
  throwIfCancelled(signal)
  try {
    await using file = await open(place, constants.O_RDONLY)
    const offset = range?.offset ?? 0
    const bytes = Buffer.allocUnsafeSlow(range?.length ?? (await file.stat()).size)
    let filled = 0
    while (filled < bytes.length) {
      throwIfCancelled(signal)
      const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, offset + filled)
      if (bytesRead === 0) {
        const end = offset + bytes.length
        throw new Fault('DAMAGE_PACK', `${name} has ${offset + filled} bytes, ${end} were expected`, { name, end })
      }
      filled += bytesRead
    }
    return bytes
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') throw new Fault('STORAGE_NOT_FOUND', `${name} is not in the storage`, { name }, { cause: error })
    throw faultOf(error, `reading ${name}`, place)
  }
}

async function statOf(place: string, name: StorageName): Promise<StoredFile | undefined> {
  try {
    const found = await lstat(place)
    return found.isFile() ? { name, sizeBytes: found.size, modifiedAt: found.mtime } : undefined
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw faultOf(error, `looking at ${name}`, place)
  }
}

async function* list(root: string, folder: Folder, signal: AbortSignal | undefined): AsyncIterable<StoredFile> {
  for (const directory of await directoriesOf(root, folder)) {
    throwIfCancelled(signal)
    const ids = (await namesIn(root, directory)).filter((id) => isStorageName(`${folder}/${id}`))
    // lstat in small batches: a directory may hold many thousand files, and the thread pool has four threads.
    for (let begin = 0; begin < ids.length; begin += 64) {
      throwIfCancelled(signal)
      const batch = ids.slice(begin, begin + 64)
      const files = await Promise.all(batch.map((id) => statOf(path.join(root, directory, id), `${folder}/${id}`)))
      for (const file of files) if (file) yield file
    }
  }
}

async function directoriesOf(root: string, folder: Folder): Promise<string[]> {
  if (folder !== 'data') return [folder]
  const shards = await namesIn(root, 'data')
  return shards.filter((shard) => /^[0-9a-f]{2}$/.test(shard)).map((shard) => path.join('data', shard))
}

/**
 * A folder that is missing is no empty folder: the disk may not be mounted, and what sees no snapshots would forget or
 * prune by it. Only `optionalFolders` may be absent.
 */
async function namesIn(root: string, directory: string): Promise<string[]> {
  try {
    return (await readdir(path.join(root, directory))).toSorted()
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' && optionalFolders.includes(directory)) return []
    throw faultOf(error, `listing ${directory}`, root)
  }
}

async function remove(root: string, place: string, name: StorageName): Promise<void> {
  try {
    await unlink(place)
    await syncDirectory(path.dirname(place))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return
    throw faultOf(error, `removing ${name}`, root)
  }
}

async function removeLeftovers(root: string, before: Date, signal: AbortSignal | undefined): Promise<number> {
  const everyFolder = [...folders, marksFolder, damagedFolder] as const
  const directories = (await Promise.all(everyFolder.map((folder) => directoriesOf(root, folder)))).flat()
  let removed = 0
  for (const directory of ['.', ...directories]) {
    throwIfCancelled(signal)
    const unfinished = (await namesIn(root, directory)).filter((name) =>
      /^(config|((data|index|snapshots|keys)-)?[0-9a-f]{64})(-[0-9a-f]{16})?-tmp-/.test(name),
    )
    for (const name of unfinished) removed += await removeIfOlder(path.join(root, directory, name), before)
  }
  return removed
}

async function removeIfOlder(file: string, before: Date): Promise<number> {
  try {
    if ((await lstat(file)).mtime >= before) return 0
    await unlink(file)
    return 1
  } catch (error) {
    // Its writer has finished or given up meanwhile.
    if (errnoOf(error) === 'ENOENT') return 0
    throw faultOf(error, 'removing an unfinished file', file)
  }
}

/** The time a file gets that is written now; on a network file system that is the server's. */
async function storageTime(root: string, signal: AbortSignal | undefined): Promise<Date> {
  throwIfCancelled(signal)
  const probe = path.join(root, `config-tmp-${randomUUID()}`)
  try {
    await using file = await open(probe, 'wx', fileMode)
    await unlink(probe)
    // A file's first mtime is the server's only once something was written.
    await file.write(Buffer.of(0))
    return (await file.stat()).mtime
  } catch (error) {
    if (isFault(error)) throw error
    throw faultOf(error, 'asking for the time', root)
  }
}

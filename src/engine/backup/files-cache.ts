import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { readFile, readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { errnoOf } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { makeDirectoryDurably, removeDurably, replaceDurably } from '#host/durable.ts'
import { freeAtOnce } from '#host/memory.ts'
import { cacheKeyOf } from '#engine/repository/cache-key.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { sealInto, sealOverheadBytes, sealedPlainAt, unseal } from '#engine/repository/seal.ts'
import type { KnownFolder } from '#engine/sources/known-folder.ts'
import { rootOfRecords, rootPlaceBytes } from './folder-records.ts'
import type { Remembered } from './folder-memory.ts'

export interface CachePlace {
  /** Directory of all of them. */
  readonly directory: string
  readonly repository: Repository
  readonly system: string
  readonly source: string
}

/**
 * What the last backup of a source on this machine knows of its folders; `undefined` when nothing is kept, or nothing that can
 * be believed: then everything is gone through, and no backup is another for it. Errors are Node's, with `code`.
 */
export async function readFilesCache(place: CachePlace): Promise<KnownFolder | undefined> {
  const file = fileOf(place)
  try {
    if ((await stat(file)).size > limits.filesCacheBytesMax + rootPlaceBytes + sealOverheadBytes) return undefined
    const sealed = await readFile(file)
    const plain = unseal(cacheKeyOf(place.repository), sealed)
    freeAtOnce(sealed)
    return plain && rootOfRecords(plain)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Replaces it as a whole. What is remembered is given up for it. What nobody has written for long goes: its root may be no more. */
export async function writeFilesCache(place: CachePlace, { records, root }: Remembered, now: Date): Promise<void> {
  const file = fileOf(place)
  const plainBytes = records.sizeBytes + rootPlaceBytes
  const sealed = Buffer.allocUnsafeSlow(plainBytes + sealOverheadBytes)
  // Sealed where it lies: twice as much memory would be all there is of it.
  const plain = sealed.subarray(sealedPlainAt, sealedPlainAt + plainBytes)
  records.copyTo(plain, root)
  sealInto(cacheKeyOf(place.repository), plain, sealed)
  await makeDirectoryDurably(path.dirname(file), 0o700)
  await replaceDurably(file, [sealed], 0o600)
  freeAtOnce(sealed)
  await removeUnused(path.dirname(file), now.getTime() - limits.filesCacheKeptMs)
}

async function removeUnused(directory: string, beforeMs: number): Promise<void> {
  for (const name of await readdir(directory)) {
    const file = path.join(directory, name)
    // One that another process has just put in its place or removed is no trouble.
    const found = statSync(file, { throwIfNoEntry: false })
    if (found && found.mtimeMs < beforeMs) await removeDurably(file)
  }
}

function fileOf({ directory, repository, system, source }: CachePlace): string {
  const name = createHash('sha256').update(`${repository.id} ${system} ${source}`).digest('hex')
  return path.join(directory, 'files', name)
}

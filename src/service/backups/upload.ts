import { createHash } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import path from 'node:path'
import { throwIfCancelled } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import { MiB } from '#base/units.ts'
import { hostFault, makeDirectoryDurably } from '#host/durable.ts'
import type { House } from '#service/house.ts'
import { assertSpoolSpace, uploadsFolder } from './spool.ts'

/** A file that came over the wire. Its scope removes it, unless it is kept. */
export interface Upload extends AsyncDisposable {
  readonly id: string
  readonly path: string
  readonly sizeBytes: number
  readonly sha256: string
  /** It belongs to a job from now on. */
  keep(): void
}

/** How much comes in between two looks at the free space. */
const lookEveryBytes = 64 * MiB

/** Receives a file into the data directory, under the name that it had, bounded by the free space. Given up, it leaves nothing. */
export async function receiveUpload(
  house: House,
  {
    source,
    fileName,
    announcedBytes,
  }: { readonly source: AsyncIterable<Uint8Array>; readonly fileName: string; readonly announcedBytes: number },
  signal: AbortSignal,
): Promise<Upload> {
  const folder = await uploadsFolder(house.config)
  await assertSpoolSpace(folder, announcedBytes)
  const id = house.random.uuid()
  const place = path.join(folder, id)
  await using scope = new AsyncDisposableStack()
  scope.defer(() => rm(place, { recursive: true, force: true }))
  await makeDirectoryDurably(place, 0o700)
  const file = path.join(place, fileName)
  const written = await write({ source, file, folder }, signal)
  if (written.sizeBytes === 0) throw new Fault('INPUT_INVALID', 'the file is empty', { field: 'body' })
  const kept = scope.move()
  let isKept = false
  return {
    id,
    path: file,
    ...written,
    keep: () => (isKept = true),
    [Symbol.asyncDispose]: async () => {
      if (!isKept) await kept.disposeAsync()
    },
  }
}

interface Writing {
  readonly source: AsyncIterable<Uint8Array>
  readonly file: string
  readonly folder: string
}

async function write({ source, file, folder }: Writing, signal: AbortSignal): Promise<{ sizeBytes: number; sha256: string }> {
  await using handle = await open(file, 'wx', 0o600)
  const hash = createHash('sha256')
  let sizeBytes = 0
  let looked = 0
  for await (const part of source) {
    throwIfCancelled(signal)
    hash.update(part)
    try {
      await handle.writeFile(part)
    } catch (error) {
      throw hostFault(error, 'the upload cannot be written')
    }
    sizeBytes += part.byteLength
    if (sizeBytes - looked < lookEveryBytes) continue
    looked = sizeBytes
    await assertSpoolSpace(folder, 0)
  }
  await handle.sync()
  return { sizeBytes, sha256: hash.digest('hex') }
}

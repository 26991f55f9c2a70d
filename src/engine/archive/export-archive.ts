import { createHash } from 'node:crypto'
import { open, unlink, type FileHandle } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { throwIfCancelled } from '#base/clock.ts'
import { Fault, errnoOf } from '#base/fault.ts'
import { hostFault } from '#host/durable.ts'
import { placeDurably } from '#host/place-durably.ts'
import { randomHex } from '#host/random.ts'
import type { OpenedBackup } from '#engine/backup/backups.ts'
import type { Instruments } from '#engine/backup/order.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { encryptAge } from './age.ts'
import { archiveTar } from './archive-members.ts'
import { batched } from './batched.ts'
import { ChecksumList } from './checksum-list.ts'
import { compressed, type Compression } from './compression.ts'

export interface ExportOrder {
  readonly compression: Compression
  readonly passphrase?: string | undefined
  /** The file to make. It is never there before. */
  readonly out: string
}

export interface ExportedArchive {
  readonly path: string
  readonly sizeBytes: number
  readonly sha256: string
  readonly files: number
  /** Bytes of content that went in. */
  readonly contentBytes: number
}

/**
 * Writes one backup as a portable archive. The file has its name only when it is whole and durable; given up before, it
 * leaves nothing. Fault: ARCHIVE_EXISTS.
 */
export async function exportArchive(
  repository: Repository,
  opened: OpenedBackup,
  { order, instruments }: { readonly order: ExportOrder; readonly instruments: Instruments },
  signal: AbortSignal,
): Promise<ExportedArchive> {
  const { clock, random, onProgress } = instruments
  const out = path.resolve(order.out)
  const partial = `${out}.partial-${randomHex(random, 12)}`
  await using scope = new AsyncDisposableStack()
  const handle = await openNew(out, partial)
  scope.defer(() => removeIfThere(partial))
  scope.defer(() => handle.close())
  const checksums = scope.use(await ChecksumList.begin(`${partial}-sums`))
  const done = { files: 0, contentBytes: 0 }
  const totalBytes = contentBytesOf(opened)
  const hash = createHash('sha256')
  const written = await repository.reading(async () => {
    const tar = archiveTar({
      repository,
      opened,
      checksums,
      clock,
      onBytes: (bytes) => {
        done.contentBytes += bytes
        onProgress({ stage: 'export', doneBytes: done.contentBytes, totalBytes, doneFiles: done.files })
      },
      onFile: () => (done.files += 1),
      signal,
    })
    const packed = compressed(batched(tar), order.compression)
    const bytes = order.passphrase === undefined ? packed : encryptAge(packed, { passphrase: order.passphrase, random })
    return await writeTo(handle, batched(bytes), (part) => hash.update(part), signal)
  }, signal)
  throwIfCancelled(signal)
  await placed(handle, partial, out)
  return { path: out, sizeBytes: written, sha256: hash.digest('hex'), ...done }
}

/** Rows and files; definitions and lists of a backup come on top. */
function contentBytesOf({ manifest: { databases, roots } }: OpenedBackup): number {
  return [...databases.map(({ copyBytes }) => copyBytes), ...roots.map(({ bytes }) => bytes)].reduce((sum, bytes) => sum + bytes, 0)
}

async function openNew(out: string, partial: string): Promise<FileHandle> {
  if (existsSync(out)) throw existsAlready(out)
  try {
    // What is in it is as confidential as the backup, and not encrypted unless a passphrase is given.
    return await open(partial, 'wx', 0o600)
  } catch (error) {
    throw hostFault(error, `cannot make ${partial}`)
  }
}

function existsAlready(out: string, cause?: unknown): Fault {
  return new Fault('ARCHIVE_EXISTS', `${out} exists already`, { path: out }, { cause })
}

async function writeTo(
  handle: FileHandle,
  source: AsyncIterable<Uint8Array>,
  onPart: (part: Uint8Array) => void,
  signal: AbortSignal,
): Promise<number> {
  let written = 0
  for await (const part of source) {
    throwIfCancelled(signal)
    onPart(part)
    for (let at = 0; at < part.byteLength;) {
      const { bytesWritten } = await handle
        .write(part, at)
        .catch((error: unknown) => Promise.reject(hostFault(error, 'cannot write the archive')))
      at += bytesWritten
    }
    written += part.byteLength
  }
  return written
}

async function placed(handle: FileHandle, partial: string, out: string): Promise<void> {
  try {
    await handle.sync()
    await placeDurably(partial, out)
  } catch (error) {
    throw errnoOf(error) === 'EEXIST' ? existsAlready(out, error) : hostFault(error, `cannot finish ${out}`)
  }
}

async function removeIfThere(file: string): Promise<void> {
  try {
    await unlink(file)
  } catch (error) {
    // It has its own name by now.
    if (errnoOf(error) !== 'ENOENT') throw error
  }
}

import assert from 'node:assert/strict'
import { parentPort, workerData } from 'node:worker_threads'
import { isFault } from '#base/fault.ts'
import type { PackId } from '#base/ids.ts'
import { freeAtOnce } from '#host/memory.ts'
import { openBlobForNow } from './blob.ts'
import { packIdOf, readPackHeader, type PackedBlob } from './pack.ts'
import { sealingKey } from './seal.ts'

export interface PackCheckJob {
  readonly id: PackId
  readonly bytes: Uint8Array
  readonly indexed: readonly PackedBlob[]
}

export interface PackCheckDone {
  readonly id: PackId
  /** What is wrong with it, in words that follow "pack … ". */
  readonly damage?: string
}

const port = parentPort
assert.ok(port, 'this file runs as a worker thread')
const key = sealingKey((workerData as { key: Uint8Array }).key)

port.on('message', (job: PackCheckJob) => {
  const damage = damageOf(job)
  freeAtOnce(job.bytes)
  const done: PackCheckDone = { id: job.id, ...(damage !== undefined && { damage }) }
  port.postMessage(done)
})

function damageOf({ id, bytes, indexed }: PackCheckJob): string | undefined {
  const isNamed = packIdOf([bytes]) === id
  const header = headerOf(id, bytes)
  const blobs = indexed.length > 0 ? indexed : (header ?? [])
  const broken = blobs.filter((blob) => !isWhole(blob, bytes.subarray(blob.offset, blob.offset + blob.sizeBytes)))
  if (!isNamed) return `is not what its name says; ${broken.length} of its ${blobs.length} blobs are damaged`
  if (broken.length > 0) return `was written wrongly: ${broken.length} of its ${blobs.length} blobs are not what their names say`
  if (!header) return 'has a header that cannot be read'
  if (indexed.length > 0 && !isSame(header, indexed)) return 'has a header that differs from the index'
  return undefined
}

function isWhole(blob: PackedBlob, sealed: Uint8Array): boolean {
  return openBlobForNow(key, blob, sealed).kind === 'whole'
}

function headerOf(id: PackId, bytes: Uint8Array): readonly PackedBlob[] | undefined {
  try {
    return readPackHeader(key, { id, sizeBytes: bytes.byteLength }, bytes)
  } catch (error) {
    if (!isFault(error) || !error.isDamage) throw error
    // Told by the caller, who knows what else is wrong with the pack.
    return undefined
  }
}

function isSame(header: readonly PackedBlob[], indexed: readonly PackedBlob[]): boolean {
  const words = (blobs: readonly PackedBlob[]) =>
    blobs
      .map((blob) => `${blob.offset} ${blob.sizeBytes} ${blob.type} ${blob.id}`)
      .toSorted()
      .join()
  return header.length === indexed.length && words(header) === words(indexed)
}

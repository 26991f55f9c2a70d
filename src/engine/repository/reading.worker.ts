import { parentPort, workerData } from 'node:worker_threads'
import assert from 'node:assert/strict'
import { freeAtOnce } from '#host/memory.ts'
import { openBlob, type BlobDamage } from './blob.ts'
import type { PackedBlob } from './pack.ts'
import { sealingKey } from './seal.ts'

/** Blobs with their offsets inside `sealed`. */
export interface OpenJob {
  readonly number: number
  readonly sealed: Uint8Array
  readonly blobs: readonly PackedBlob[]
}

/** For each blob its plain bytes, or what is wrong with it. */
export interface OpenJobDone {
  readonly number: number
  readonly blobs: readonly (Uint8Array | BlobDamage)[]
}

const port = parentPort
assert.ok(port, 'this file runs as a worker thread')
const key = sealingKey((workerData as { key: Uint8Array }).key)

port.on('message', (job: OpenJob | 'end') => {
  if (job === 'end') return port.close()
  const blobs = job.blobs.map((blob) => {
    const opened = openBlob(key, blob, job.sealed.subarray(blob.offset, blob.offset + blob.sizeBytes))
    return opened.kind === 'whole' ? exact(opened.plain) : opened.damage
  })
  freeAtOnce(job.sealed)
  const done: OpenJobDone = { number: job.number, blobs }
  return port.postMessage(
    done,
    blobs.flatMap((blob) => (typeof blob === 'string' ? [] : [blob.buffer])),
  )
})

/** A buffer of its own, so that handing it over takes nothing else along. */
function exact(bytes: Buffer): Uint8Array<ArrayBuffer> {
  const owned = bytes.buffer.byteLength === bytes.byteLength ? bytes : Uint8Array.from(bytes)
  return new Uint8Array(owned.buffer as ArrayBuffer, owned.byteOffset, owned.byteLength)
}

import { parentPort, workerData } from 'node:worker_threads'
import assert from 'node:assert/strict'
import { freeAtOnce } from '#host/memory.ts'
import { openBlob, type BlobDamage } from './blob.ts'
import type { PackedBlob } from './pack.ts'
import { sealingKey } from './seal.ts'

/** Blobs with their offsets inside `sealed`. Their plain bytes go into `into`, one behind the other. */
export interface OpenJob {
  readonly number: number
  readonly sealed: Uint8Array
  readonly blobs: readonly PackedBlob[]
  readonly into: SharedArrayBuffer
}

/** For each blob what is wrong with it. The plain bytes of a damaged one are not to be used. */
export interface OpenJobDone {
  readonly number: number
  readonly damage: readonly (BlobDamage | undefined)[]
}

const port = parentPort
assert.ok(port, 'this file runs as a worker thread')
const key = sealingKey((workerData as { key: Uint8Array }).key)

port.on('message', (job: OpenJob | 'end') => {
  if (job === 'end') return port.close()
  const into = new Uint8Array(job.into)
  let at = 0
  const damage = job.blobs.map((blob) => {
    const opened = openBlob(key, blob, job.sealed.subarray(blob.offset, blob.offset + blob.sizeBytes))
    if (opened.kind === 'whole') {
      into.set(opened.plain, at)
      freeAtOnce(opened.plain)
    }
    at += blob.plainSizeBytes
    return opened.kind === 'whole' ? undefined : opened.damage
  })
  freeAtOnce(job.sealed)
  const done: OpenJobDone = { number: job.number, damage }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  return port.postMessage(done)
})

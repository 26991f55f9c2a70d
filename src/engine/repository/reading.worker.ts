import { parentPort, workerData } from 'node:worker_threads'
import assert from 'node:assert/strict'
import type { BlobId } from '#base/ids.ts'
import { freeAtOnce } from '#host/memory.ts'
import { openBlobForNow, type BlobDamage } from './blob.ts'
import { notCompressed } from './index-scan.ts'
import type { PackedBlob } from './pack.ts'
import { sealOverheadBytes, sealingKey } from './seal.ts'

/** Blobs inside `sealed`. Their plain bytes go into `into`, one behind the other. */
export interface OpenJob {
  readonly number: number
  readonly sealed: Uint8Array
  /** The blobs' ids, one behind the other. */
  readonly ids: string
  /** Three for each blob: offset in `sealed`, sealed size, plain size or `notCompressed`. */
  readonly places: Uint32Array
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
  const damage: (BlobDamage | undefined)[] = []
  for (let index = 0; 3 * index < job.places.length; index += 1) {
    const blob = blobAt(job, index)
    const opened = openBlobForNow(key, blob, job.sealed.subarray(blob.offset, blob.offset + blob.sizeBytes))
    if (opened.kind === 'whole') into.set(opened.plain, at)
    at += blob.plainSizeBytes
    damage.push(opened.kind === 'whole' ? undefined : opened.damage)
  }
  freeAtOnce(job.sealed)
  const done: OpenJobDone = { number: job.number, damage }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  return port.postMessage(done)
})

function blobAt({ ids, places }: OpenJob, index: number): PackedBlob {
  const [offset, sizeBytes, plain] = places.subarray(3 * index, 3 * index + 3) as Uint32Array & [number, number, number]
  const isCompressed = plain !== notCompressed
  return {
    id: ids.slice(64 * index, 64 * index + 64) as BlobId,
    // It makes no difference to opening, and whoever asked knows.
    type: 'data',
    offset,
    sizeBytes,
    plainSizeBytes: isCompressed ? plain : sizeBytes - sealOverheadBytes,
    isCompressed,
  }
}

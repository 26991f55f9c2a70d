import { parentPort, workerData } from 'node:worker_threads'
import assert from 'node:assert/strict'
import { errnoOf, messageOf } from '#base/fault.ts'
import type { BlobId } from '#base/ids.ts'
import { startWriting } from '#host/libc.ts'
import { freeAtOnce } from '#host/memory.ts'
import { makeFile, writeOutside, type FilePart } from '#host/new-file.ts'
import { openBlobForNow, type BlobDamage } from './blob.ts'
import { notCompressed } from './index-scan.ts'
import { attributesAt, type NewFiles } from './new-files.ts'
import type { PackedBlob } from './pack.ts'
import { sealOverheadBytes, sealingKey } from './seal.ts'

/** Where plain bytes go: into memory or an open file, one blob behind the other, or each into a file of its own. */
export type OpenInto =
  | { readonly kind: 'memory'; readonly memory: SharedArrayBuffer }
  | { readonly kind: 'file'; readonly fd: number; readonly part: FilePart }
  | { readonly kind: 'new-files'; readonly files: NewFiles }

/** Blobs inside `sealed`. */
export interface OpenJob {
  readonly number: number
  readonly sealed: Uint8Array
  /** The blobs' ids, one behind the other. */
  readonly ids: string
  /** Three for each blob: offset in `sealed`, sealed size, plain size or `notCompressed`. */
  readonly places: Uint32Array
  readonly into: OpenInto
}

export interface Opened {
  /** For each blob what is wrong with it. The plain bytes of a damaged one are not to be used, and never reach a file. */
  readonly damage: readonly (BlobDamage | undefined)[]
  /** New files, by number, whose owner could not be given. */
  readonly ownerless: readonly number[]
}

export interface OpenJobDone extends Opened {
  readonly number: number
  /** A file that could not be written. */
  readonly failure?: { readonly code: string | undefined; readonly message: string }
}

const port = parentPort
assert.ok(port, 'this file runs as a worker thread')
const key = sealingKey((workerData as { key: Uint8Array }).key)

port.on('message', (job: OpenJob | 'end') => {
  if (job === 'end') return port.close()
  let done: OpenJobDone
  try {
    done = { number: job.number, ...openAll(job) }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    done = { number: job.number, damage: [], ownerless: [], failure: { code: errnoOf(error), message: messageOf(error) } }
  }
  freeAtOnce(job.sealed)
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  return port.postMessage(done)
})

function openAll(job: OpenJob): Opened {
  const { into } = job
  const damage: (BlobDamage | undefined)[] = []
  const ownerless: number[] = []
  let at = 0
  for (let index = 0; 3 * index < job.places.length; index += 1) {
    const blob = blobAt(job, index)
    const opened = openBlobForNow(key, blob, job.sealed.subarray(blob.offset, blob.offset + blob.sizeBytes))
    damage.push(opened.kind === 'whole' ? undefined : opened.damage)
    if (opened.kind === 'whole') {
      if (into.kind === 'memory') new Uint8Array(into.memory, at, opened.plain.byteLength).set(opened.plain)
      else if (into.kind === 'file') writeOutside(into.fd, opened.plain, { ...into.part, offset: into.part.offset + at })
      else if (!makeFile(...newFileAt(into.files, index, opened.plain))) ownerless.push(index)
    }
    at += blob.plainSizeBytes
  }
  if (into.kind === 'file') startWriting(into.fd, into.part.offset, at)
  return { damage, ownerless }
}

function newFileAt(files: NewFiles, index: number, plain: Uint8Array): Parameters<typeof makeFile> {
  return [Buffer.from(files.paths[index]!, 'latin1'), plain, attributesAt(files, index)]
}

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

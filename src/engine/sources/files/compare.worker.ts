import assert from 'node:assert/strict'
import { closeSync, constants, readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { createHash, hash } from 'node:crypto'
import { mayHaveXattrs, openAt, statOf } from '#host/open-files.ts'
import { isAsListed, type ComparedFile, type SmallFiles } from './small-files.ts'

export interface Pieces {
  /** Their SHA-256, one behind the other. */
  readonly ids: string
  readonly sizes: Float64Array
}

/** Pieces that follow each other in an open file from `offset` on, or each all of a small file. */
export type CompareJob = Pieces &
  ({ readonly kind: 'part'; readonly fd: number; readonly offset: number } | ({ readonly kind: 'files' } & SmallFiles))

export interface CompareRequest {
  readonly number: number
  readonly job: CompareJob
}

export interface CompareDone {
  readonly number: number
  /** Pieces, by number, that were not proven to be the same, for whatever reason: whoever asked looks for himself. */
  readonly unproven: readonly number[]
  /** Small files, by number, that were not proven to be as listed and without extended attributes. */
  readonly unlike: readonly number[]
}

const port = parentPort
assert.ok(port, 'this file runs as a worker thread')

// Small enough to be hashed out of the processor's cache.
const buffer = Buffer.allocUnsafeSlow(256 * 1024)

port.on('message', (request: CompareRequest | 'end') => {
  if (request === 'end') return port.close()
  const { number, job } = request
  const done: CompareDone = { number, ...(job.kind === 'part' ? comparePart(job) : compareFiles(job)) }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  return port.postMessage(done)
})

type Compared = Omit<CompareDone, 'number'>

function comparePart({ fd, ids, sizes, offset }: CompareJob & { readonly kind: 'part' }): Compared {
  const unproven: number[] = []
  let at = offset
  for (const [index, sizeBytes] of sizes.entries()) {
    if (shaOf(fd, at, sizeBytes) !== idAt(ids, index)) unproven.push(index)
    at += sizeBytes
  }
  return { unproven, unlike: [] }
}

function compareFiles(job: CompareJob & { readonly kind: 'files' }): Compared {
  const unproven: number[] = []
  const unlike: number[] = []
  for (const index of job.names.keys()) {
    const { hasAttributes, hasContent } = compareFile(job, index)
    if (!hasAttributes) unlike.push(index)
    if (!hasContent) unproven.push(index)
  }
  return { unproven, unlike }
}

function compareFile(job: CompareJob & { readonly kind: 'files' }, index: number): ComparedFile {
  try {
    const fd = openAt(job.directories[index]!, job.names[index]!, flags)
    try {
      return {
        hasAttributes: isAsListed(statOf(fd), job, index) && !mayHaveXattrs(fd),
        hasContent: shaOf(fd, 0, job.sizes[index]!) === idAt(job.ids, index),
      }
    } finally {
      closeSync(fd)
    }
  } catch {
    // The mode keeps even its owner out, it is not ours, or it cannot be looked at: the way that copes with that is the caller's.
    return { hasAttributes: false, hasContent: false }
  }
}

const idAt = (ids: string, index: number) => ids.slice(64 * index, 64 * index + 64)

// open(2): O_NOATIME is refused for the files of others.
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | (process.platform === 'linux' ? constants.O_NOATIME : 0)

/** `undefined` when the file ends before, or cannot be read. */
function shaOf(fd: number, offset: number, sizeBytes: number): string | undefined {
  try {
    if (sizeBytes <= buffer.byteLength)
      return readFully(fd, offset, sizeBytes) ? hash('sha256', buffer.subarray(0, sizeBytes), 'hex') : undefined
    const sha = createHash('sha256')
    for (let at = 0; at < sizeBytes; at += buffer.byteLength) {
      const lengthBytes = Math.min(buffer.byteLength, sizeBytes - at)
      if (!readFully(fd, offset + at, lengthBytes)) return undefined
      sha.update(buffer.subarray(0, lengthBytes))
    }
    return sha.digest('hex')
  } catch {
    // Read once more by the caller, who tells the error.
    return undefined
  }
}

function readFully(fd: number, offset: number, lengthBytes: number): boolean {
  for (let done = 0; done < lengthBytes;) {
    const count = readSync(fd, buffer, done, lengthBytes - done, offset + done)
    if (count === 0) return false
    done += count
  }
  return true
}

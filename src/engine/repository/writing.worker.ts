import { hash } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import assert from 'node:assert/strict'
import type { BlobId } from '#base/ids.ts'
import type { Effort } from '#host/zstd.ts'
import { effortFor } from './compression.ts'
import { PackBuilder, storedForm, type StoredForm } from './pack-builder.ts'
import { encodePackHeader } from './pack.ts'
import { sealingKey } from './seal.ts'
import { readRecords } from './small-records.ts'
import * as board from './sealing-board.ts'

const port = parentPort
assert.ok(port, 'this file runs as a worker thread')
const { board: shared, key: keyBytes, compressionLevel } = workerData as board.SealingWorkerData
const key = sealingKey(keyBytes)
const control = new Int32Array(shared.control)
const queue = new Int32Array(shared.queue)
const finished = new Int32Array(shared.finished)
const jobs = new Int32Array(shared.jobs)
const hashes = Buffer.from(shared.hashes)

let open: { readonly buffer: number; readonly builder: PackBuilder } | undefined
// From zero, not from what the board says now: a flush may have been asked for before this thread had started.
let flushesSeen = 0

// The loop is synchronous: this thread has no callbacks to run, and waiting in it costs nothing.
for (;;) {
  const seen = Atomics.load(control, board.signalWord)
  if (Atomics.load(control, board.stopWord) !== 0) break
  const job = takeJob()
  if (job !== undefined) {
    perform(job)
    finish(job)
    continue
  }
  const flushes = Atomics.load(control, board.flushWord)
  if (flushes !== flushesSeen) {
    flushesSeen = flushes
    closePack()
    tell({ kind: 'flushed' })
    continue
  }
  Atomics.wait(control, board.signalWord, seen)
}

function takeJob(): number | undefined {
  for (;;) {
    const head = Atomics.load(control, board.queueHeadWord)
    if (head === Atomics.load(control, board.queueTailWord)) return undefined
    const job = Atomics.load(queue, ringPlace(head))
    if (Atomics.compareExchange(control, board.queueHeadWord, head, (head + 1) | 0) === head) return job
  }
}

function perform(job: number): void {
  const words = job * board.jobWords
  const plain = Buffer.from(shared.memory, jobs[words + board.jobAddress]! >>> 0, jobs[words + board.jobLength])
  const task = jobs[words + board.jobTask]
  if (task === board.taskHash) {
    hashes.set(hash('sha256', plain, 'buffer'), job * 32)
    return
  }
  if (task === board.taskStoreBatch) {
    for (const { id, bytes } of readRecords(plain)) store(id, bytes, effortFor(bytes, compressionLevel))
    return
  }
  // Rows gain nothing by short matches, and a sample would be an eighth of a chunk that was cut fine.
  const effort = task === board.taskStoreFine ? { level: compressionLevel } : effortFor(plain, compressionLevel)
  store(hashes.toString('hex', job * 32, job * 32 + 32) as BlobId, plain, effort)
}

function store(id: BlobId, plain: Uint8Array, effort: Effort): void {
  const stored = storedForm(plain, effort)
  builderFor(stored)?.add(id, stored)
}

/** `undefined` only when the session was stopped while waiting for a buffer. */
function builderFor(stored: StoredForm): PackBuilder | undefined {
  if (open && !open.builder.fits(stored.bytes.byteLength)) closePack()
  if (!open) {
    const buffer = takeBuffer()
    if (buffer === undefined) return undefined
    open = { buffer, builder: new PackBuilder(key, 'data', new Uint8Array(shared.packs[buffer]!)) }
  }
  return open.builder
}

/** Waits until the main thread has stored a pack: this is what holds the whole session back when the storage is slow. */
function takeBuffer(): number | undefined {
  while (Atomics.load(control, board.stopWord) === 0) {
    const freed = Atomics.load(control, board.packFreedWord)
    for (let buffer = 0; buffer < shared.packs.length; buffer += 1) {
      if (Atomics.compareExchange(control, board.packUsedWord + buffer, 0, 1) === 0) return buffer
    }
    Atomics.wait(control, board.packFreedWord, freed)
  }
  return undefined
}

function closePack(): void {
  if (!open) return
  const { buffer, builder } = open
  const pack = builder.close()
  tell({ kind: 'pack', buffer, id: pack.id, sizeBytes: pack.sizeBytes, header: new Uint8Array(encodePackHeader(pack.blobs)) })
  open = undefined
}

function finish(job: number): void {
  const place = ringPlace(Atomics.add(control, board.finishedTailWord, 1))
  Atomics.store(finished, place, job + 1)
  if (Atomics.exchange(control, board.mainWaitsWord, 0) === 1) tell({ kind: 'finished' })
}

function ringPlace(position: number): number {
  return (position >>> 0) % board.jobsMax
}

function tell(news: board.SealingNews): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  port!.postMessage(news)
}

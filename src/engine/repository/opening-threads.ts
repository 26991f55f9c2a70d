import { Worker } from 'node:worker_threads'
import assert from 'node:assert/strict'
import type { PackedBlob } from './pack.ts'
import type { BlobDamage } from './blob.ts'
import type { OpenJob, OpenJobDone } from './reading.worker.ts'
import type { SealingKey } from './seal.ts'

interface Waiting {
  readonly resolve: (blobs: readonly (Uint8Array | BlobDamage)[]) => void
  readonly reject: (error: unknown) => void
}

interface Thread {
  readonly worker: Worker
  readonly exit: Promise<void>
  readonly waiting: Map<number, Waiting>
}

/** Threads that unseal, decompress and hash blobs, so that a restore or a check uses more than one core. */
export class OpeningThreads implements AsyncDisposable {
  readonly #key: SealingKey
  readonly #width: number
  readonly #threads: Thread[] = []
  #jobs = 0

  constructor(key: SealingKey, width: number) {
    this.#key = key
    this.#width = width
  }

  /** `blobs` lie in `sealed` at their offsets. `sealed` is given away when it is a buffer of its own. */
  async open(sealed: Uint8Array, blobs: readonly PackedBlob[]): Promise<readonly (Uint8Array | BlobDamage)[]> {
    const thread = this.#leastBusy()
    this.#jobs += 1
    const job: OpenJob = { number: this.#jobs, sealed, blobs }
    if (thread.waiting.size === 0) thread.worker.ref()
    const done = new Promise<readonly (Uint8Array | BlobDamage)[]>((resolve, reject) => thread.waiting.set(job.number, { resolve, reject }))
    const isWhole = sealed.buffer.byteLength === sealed.byteLength && sealed.buffer instanceof ArrayBuffer
    // Part of a larger buffer would be copied together with all of it.
    if (isWhole) thread.worker.postMessage(job, [sealed.buffer])
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    else thread.worker.postMessage({ ...job, sealed: Uint8Array.from(sealed) })
    return await done
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const threads = this.#threads.splice(0)
    // Not killed: a thread that is killed inside a native call takes the process along. What it has to do is bounded.
    for (const { worker } of threads) {
      worker.ref()
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      worker.postMessage('end')
    }
    await Promise.all(threads.map((thread) => thread.exit))
  }

  #leastBusy(): Thread {
    const idle = this.#threads.find((thread) => thread.waiting.size === 0)
    if (idle) return idle
    if (this.#threads.length < this.#width) return this.#start()
    return this.#threads.reduce((best, thread) => (thread.waiting.size < best.waiting.size ? thread : best))
  }

  #start(): Thread {
    const worker = new Worker(new URL('./reading.worker.ts', import.meta.url), {
      workerData: { key: this.#key.bytes },
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    })
    const exit = new Promise<void>((resolve) => worker.on('exit', () => resolve()))
    const thread: Thread = { worker, exit, waiting: new Map() }
    this.#threads.push(thread)
    worker.on('message', (done: OpenJobDone) => {
      const waiting = thread.waiting.get(done.number)
      assert.ok(waiting)
      thread.waiting.delete(done.number)
      // An idle thread keeps no process alive.
      if (thread.waiting.size === 0) worker.unref()
      waiting.resolve(done.blobs)
    })
    const fail = (error: unknown) => {
      const at = this.#threads.indexOf(thread)
      if (at >= 0) this.#threads.splice(at, 1)
      for (const waiting of thread.waiting.values()) waiting.reject(error)
      thread.waiting.clear()
    }
    worker.on('error', fail)
    worker.on('exit', () => fail(new Error('the thread that opens blobs was stopped')))
    return thread
  }
}

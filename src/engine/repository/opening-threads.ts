import { Worker } from 'node:worker_threads'
import assert from 'node:assert/strict'
import { notCompressed } from './index-scan.ts'
import type { PackedBlob } from './pack.ts'
import type { OpenInto, OpenJob, OpenJobDone, Opened } from './reading.worker.ts'
import type { SealingKey } from './seal.ts'

interface Waiting {
  readonly resolve: (opened: Opened) => void
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
  readonly width: number
  readonly #threads: Thread[] = []
  #jobs = 0
  #isEnding = false

  constructor(key: SealingKey, width: number) {
    this.#key = key
    this.width = width
  }

  /** They start with their first job. */
  get isStarted(): boolean {
    return this.#threads.length > 0
  }

  /**
   * `blobs` lie in `sealed` at their offsets. `sealed` is given away when it is a buffer of its own, and stays the caller's
   * when it is shared. Rejects with the error of a file that cannot be written.
   */
  async open(sealed: Uint8Array, blobs: readonly PackedBlob[], into: OpenInto): Promise<Opened> {
    const thread = this.#leastBusy()
    this.#jobs += 1
    const job: OpenJob = { number: this.#jobs, sealed, into, ...listed(blobs) }
    if (thread.waiting.size === 0) thread.worker.ref()
    const done = new Promise<Opened>((resolve, reject) => thread.waiting.set(job.number, { resolve, reject }))
    const { buffer } = sealed
    if (buffer instanceof ArrayBuffer && buffer.byteLength === sealed.byteLength) thread.worker.postMessage(job, [buffer])
    // Shared memory is shared. Part of a larger buffer would be copied together with all of it.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    else thread.worker.postMessage(buffer instanceof ArrayBuffer ? { ...job, sealed: Uint8Array.from(sealed) } : job)
    return await done
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnding = true
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
    if (this.#threads.length < this.width) return this.#start()
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
      // An idle thread keeps no process alive; one that is waited for does, also when a job ends that nobody waits for any more.
      if (thread.waiting.size === 0 && !this.#isEnding) worker.unref()
      if (done.failure) waiting.reject(Object.assign(new Error(done.failure.message), { code: done.failure.code }))
      else waiting.resolve(done)
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

/** An object for each blob would cost more on the way to the thread than a small blob costs there. */
function listed(blobs: readonly PackedBlob[]): Pick<OpenJob, 'ids' | 'places'> {
  const places = new Uint32Array(blobs.length * 3)
  for (const [at, blob] of blobs.entries()) {
    places[3 * at] = blob.offset
    places[3 * at + 1] = blob.sizeBytes
    places[3 * at + 2] = blob.isCompressed ? blob.plainSizeBytes : notCompressed
  }
  return { ids: blobs.map((blob) => blob.id).join(''), places }
}

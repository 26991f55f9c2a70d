import { Worker } from 'node:worker_threads'
import assert from 'node:assert/strict'
import type { BlobId, PackId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import type { Grain } from './chunker.ts'
import { decodePackHeader } from './pack.ts'
import type { IndexedPack } from './index-file.ts'
import type { SealingKey } from './seal.ts'
import * as board from './sealing-board.ts'

export interface SealingOptions {
  readonly key: SealingKey
  readonly compressionLevel: number
  readonly memory: SharedArrayBuffer
  /** Stores a finished pack. Its buffer is used again once this resolves. */
  readonly store: (pack: IndexedPack, bytes: Uint8Array) => Promise<void>
  /** Something failed for good; everything that waits has been rejected with it. */
  readonly failed: (error: unknown) => void
}

/** Of the memory that is shared. */
export interface PlaceInMemory {
  readonly address: number
  readonly length: number
}

interface Waiting {
  readonly resolve: (id: BlobId) => void
  readonly reject: (error: unknown) => void
}

/**
 * The main thread's side of the threads that hash, compress and seal (design S of MEASURED.md). Jobs beyond the size of
 * the board wait here; a thread without a free pack buffer waits there.
 */
export class SealingThreads implements AsyncDisposable {
  readonly #options: SealingOptions
  readonly #board: board.SealingBoard
  readonly #control: Int32Array
  readonly #queue: Int32Array
  readonly #finished: Int32Array
  readonly #jobs: Int32Array
  readonly #hashes: Buffer
  readonly #exits: Promise<void>[] = []
  readonly #free: number[] = Array.from({ length: board.jobsMax }, (_, at) => at)
  readonly #running = new Map<number, Waiting>()
  readonly #wantJob: (() => void)[] = []
  #finishedHead = 0
  #isMessageDue = false
  #isSignalDue = false
  #flushedLeft = 0
  #flushed: (() => void) | undefined
  readonly #storing = new Set<Promise<void>>()
  #failure: { readonly error: unknown } | undefined

  constructor(options: SealingOptions) {
    this.#options = options
    this.#board = board.newBoard(options.memory, limits.packBuffers, limits.packSizeBytesTarget)
    this.#control = new Int32Array(this.#board.control)
    this.#queue = new Int32Array(this.#board.queue)
    this.#finished = new Int32Array(this.#board.finished)
    this.#jobs = new Int32Array(this.#board.jobs)
    this.#hashes = Buffer.from(this.#board.hashes)
  }

  /** They start with the first job, unless they were told to before. */
  get isStarted(): boolean {
    return this.#exits.length > 0
  }

  start(): void {
    while (this.#exits.length < limits.threads) this.#startOne()
  }

  /** SHA-256 of the bytes at `address`. */
  async hash(address: number, length: number): Promise<BlobId> {
    return await this.#perform(board.taskHash, { address, length })
  }

  /** Compresses, seals and packs the bytes under `id`. Resolves once they may be overwritten. */
  async store(id: BlobId, place: PlaceInMemory, grain: Grain): Promise<void> {
    await this.#perform(grain === 'fine' ? board.taskStoreFine : board.taskStore, place, id)
  }

  /** Stores every record of a batch. */
  async storeBatch(address: number, length: number): Promise<void> {
    await this.#perform(board.taskStoreBatch, { address, length })
  }

  /** Closes every pack and resolves once all are stored. Nothing may be running any more. */
  async flush(): Promise<void> {
    this.#throwIfFailed()
    assert.equal(this.#running.size, 0)
    if (!this.isStarted) return
    const flushed = new Promise<void>((resolve) => {
      this.#flushed = resolve
    })
    this.#flushedLeft = this.#exits.length
    Atomics.add(this.#control, board.flushWord, 1)
    this.#signal()
    await flushed
    while (this.#storing.size > 0) await Promise.all(this.#storing)
    this.#throwIfFailed()
  }

  /** Rejects everything that waits. What threads still do is thrown away. */
  fail(error: unknown): void {
    if (this.#failure) return
    this.#failure = { error }
    Atomics.store(this.#control, board.stopWord, 1)
    this.#signal()
    Atomics.add(this.#control, board.packFreedWord, 1)
    Atomics.notify(this.#control, board.packFreedWord)
    for (const waiting of this.#running.values()) waiting.reject(error)
    this.#running.clear()
    for (const wake of this.#wantJob.splice(0)) wake()
    this.#flushed?.()
    this.#options.failed(error)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.fail(new Error('the write session has ended'))
    await Promise.allSettled(this.#storing)
    // They end by themselves once they see the stop; a thread that is killed inside a native call takes the process along.
    await Promise.all(this.#exits)
  }

  async #perform(task: number, { address, length }: PlaceInMemory, id?: BlobId): Promise<BlobId> {
    while (this.#free.length === 0 && !this.#failure) {
      this.#takeFinished()
      if (this.#free.length === 0) await new Promise<void>((resolve) => this.#wantJob.push(resolve))
    }
    this.#throwIfFailed()
    this.start()
    const job = this.#free.pop()!
    if (id) this.#hashes.write(id, job * 32, 32, 'hex')
    const words = job * board.jobWords
    this.#jobs[words + board.jobTask] = task
    this.#jobs[words + board.jobAddress] = address
    this.#jobs[words + board.jobLength] = length
    const done = new Promise<BlobId>((resolve, reject) => this.#running.set(job, { resolve, reject }))
    this.#askForMessage()
    const tail = Atomics.load(this.#control, board.queueTailWord)
    Atomics.store(this.#queue, (tail >>> 0) % board.jobsMax, job)
    Atomics.store(this.#control, board.queueTailWord, (tail + 1) | 0)
    if (length >= limits.smallBytesMax) this.#signal(1)
    else this.#signalSoon()
    return await done
  }

  /** Waking a thread costs more than sealing a small file, so those of one turn of the event loop share one signal. */
  #signalSoon(): void {
    if (this.#isSignalDue) return
    this.#isSignalDue = true
    setImmediate(() => {
      this.#isSignalDue = false
      this.#signal()
    })
  }

  #signal(sleepers?: number): void {
    Atomics.add(this.#control, board.signalWord, 1)
    Atomics.notify(this.#control, board.signalWord, sleepers)
  }

  #takeFinished(): void {
    for (;;) {
      const place = (this.#finishedHead >>> 0) % board.jobsMax
      const job = Atomics.exchange(this.#finished, place, 0) - 1
      if (job < 0) return
      this.#finishedHead = (this.#finishedHead + 1) | 0
      this.#free.push(job)
      this.#running.get(job)?.resolve(this.#hashes.toString('hex', job * 32, job * 32 + 32) as BlobId)
      this.#running.delete(job)
      this.#wantJob.shift()?.()
    }
  }

  #startOne(): void {
    const workerData: board.SealingWorkerData = {
      board: this.#board,
      key: this.#options.key.bytes,
      compressionLevel: this.#options.compressionLevel,
    }
    const worker = new Worker(new URL('./writing.worker.ts', import.meta.url), {
      workerData,
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    })
    worker.on('message', (news: board.SealingNews) => this.#hear(news))
    worker.on('error', (error) => this.fail(error))
    const exit = new Promise<void>((resolve) => worker.on('exit', () => resolve()))
    this.#exits.push(exit.then(() => this.fail(new Error('a thread that seals has stopped'))))
  }

  #hear(news: board.SealingNews): void {
    if (news.kind === 'pack') this.#storePack(news)
    if (news.kind === 'flushed') {
      this.#flushedLeft -= 1
      if (this.#flushedLeft === 0) this.#flushed?.()
    }
    if (news.kind === 'finished') this.#isMessageDue = false
    this.#takeFinished()
    if (this.#running.size === 0) return
    // In this order: a job that is finished in between is either seen below or told in a message.
    this.#askForMessage()
    this.#takeFinished()
  }

  /** One message for many jobs: none is asked for while one is on its way. */
  #askForMessage(): void {
    if (this.#isMessageDue) return
    this.#isMessageDue = true
    Atomics.store(this.#control, board.mainWaitsWord, 1)
  }

  #storePack(news: board.SealingNews & { readonly kind: 'pack' }): void {
    if (this.#failure) return
    const blobs = decodePackHeader(news.header)
    assert.ok(blobs)
    const bytes = Buffer.from(this.#board.packs[news.buffer]!, 0, news.sizeBytes)
    const stored = this.#storeAndFree({ id: news.id as PackId, blobs }, bytes, news.buffer).finally(() => this.#storing.delete(stored))
    this.#storing.add(stored)
  }

  async #storeAndFree(pack: IndexedPack, bytes: Uint8Array, buffer: number): Promise<void> {
    try {
      await this.#options.store(pack, bytes)
    } catch (error) {
      return this.fail(error)
    }
    Atomics.store(this.#control, board.packUsedWord + buffer, 0)
    Atomics.add(this.#control, board.packFreedWord, 1)
    Atomics.notify(this.#control, board.packFreedWord)
  }

  #throwIfFailed(): void {
    if (this.#failure) throw this.#failure.error
  }
}

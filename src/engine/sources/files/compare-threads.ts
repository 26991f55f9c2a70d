import assert from 'node:assert/strict'
import { Worker } from 'node:worker_threads'
import { limits } from '#base/limits.ts'
import { Semaphore } from '#base/semaphore.ts'
import { afterTurns } from '#host/turns.ts'
import type { StoredFileContent } from '#engine/sources/source.ts'
import type { CompareDone, CompareJob, CompareRequest, Pieces } from './compare.worker.ts'
import { listSmallFiles, type ComparedFile, type SmallFile } from './small-files.ts'

type Piece = StoredFileContent['pieces'][number]

interface Waiting {
  readonly resolve: (done: CompareDone) => void
  readonly reject: (error: unknown) => void
}

interface Thread {
  readonly worker: Worker
  readonly exit: Promise<void>
  readonly waiting: Map<number, Waiting>
}

interface AskedFile {
  readonly file: SmallFile
  readonly piece: Piece
  readonly resolve: (compared: ComparedFile) => void
  readonly reject: (error: unknown) => void
}

/**
 * Threads that read files again and hash them. They say that something is the same, or that they do not know: the latter is
 * looked at again where it can be told what is wrong.
 */
export class CompareThreads implements AsyncDisposable {
  readonly #threads: Thread[] = []
  readonly #parts = new Semaphore(2 * limits.threads)
  #files: AskedFile[] = []
  #jobs = 0

  /** Whether an open file without holes has these pieces, one behind the other. */
  async hasPieces(fd: number, pieces: readonly Piece[], signal?: AbortSignal): Promise<boolean> {
    const running = new Set<Promise<void>>()
    let isSame = true
    let failed: { readonly error: unknown } | undefined
    let offset = 0
    for (const part of partsOf(pieces)) {
      await this.#parts.acquire()
      const one = this.#ask({ kind: 'part', fd, offset, ...listed(part) })
        .then(({ unproven }) => void (isSame &&= unproven.length === 0))
        .catch((error: unknown) => void (failed ??= { error }))
        .finally(() => {
          running.delete(one)
          this.#parts.release()
        })
      running.add(one)
      offset += part.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
      if (!isSame || failed || signal?.aborted) break
    }
    // The descriptor is closed next: not while a thread reads.
    await Promise.all(running)
    if (failed) throw failed.error
    return isSame && !signal?.aborted
  }

  /** A file without extended attributes that is one piece. Those asked for within a few turns of the event loop go together. */
  async compareSmall(file: SmallFile, piece: Piece): Promise<ComparedFile> {
    if (this.#files.length === limits.readBatchBlobsMax) this.#send()
    if (this.#files.length === 0) afterTurns(limits.batchTurns, () => this.#send())
    return await new Promise((resolve, reject) => this.#files.push({ file, piece, resolve, reject }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const threads = this.#threads.splice(0)
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    for (const { worker } of threads) worker.postMessage('end')
    await Promise.all(threads.map(({ exit }) => exit))
  }

  #send(): void {
    const files = this.#files
    if (files.length === 0) return
    this.#files = []
    // A thread takes longer to start than a few files to read.
    if (files.length < filesWorthAThread && this.#threads.length === 0)
      return files.forEach(({ resolve }) => resolve({ hasAttributes: false, hasContent: false }))
    const answer = async () => {
      try {
        const pieces = listed(files.map(({ piece }) => piece))
        const done = await this.#ask({ kind: 'files', ...listSmallFiles(files.map(({ file }) => file)), ...pieces })
        const unproven = new Set(done.unproven)
        const unlike = new Set(done.unlike)
        for (const [index, { resolve }] of files.entries()) resolve({ hasAttributes: !unlike.has(index), hasContent: !unproven.has(index) })
      } catch (error) {
        for (const { reject } of files) reject(error)
      }
    }
    void answer()
  }

  async #ask(job: CompareJob): Promise<CompareDone> {
    const thread = this.#leastBusy()
    this.#jobs += 1
    const request: CompareRequest = { number: this.#jobs, job }
    const done = new Promise<CompareDone>((resolve, reject) => thread.waiting.set(request.number, { resolve, reject }))
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    thread.worker.postMessage(request)
    return await done
  }

  #leastBusy(): Thread {
    const idle = this.#threads.find(({ waiting }) => waiting.size === 0)
    if (idle) return idle
    if (this.#threads.length < limits.threads) return this.#start()
    return this.#threads.reduce((best, thread) => (thread.waiting.size < best.waiting.size ? thread : best))
  }

  #start(): Thread {
    const worker = new Worker(new URL('./compare.worker.ts', import.meta.url), {
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
      // It closes what it opened, which Node does not see.
      trackUnmanagedFds: false,
    })
    const exit = new Promise<void>((resolve) => worker.on('exit', () => resolve()))
    const thread: Thread = { worker, exit, waiting: new Map() }
    this.#threads.push(thread)
    worker.on('message', (done: CompareDone) => {
      const waiting = thread.waiting.get(done.number)
      assert.ok(waiting)
      thread.waiting.delete(done.number)
      waiting.resolve(done)
    })
    const fail = (error: unknown) => {
      const at = this.#threads.indexOf(thread)
      if (at >= 0) this.#threads.splice(at, 1)
      for (const { reject } of thread.waiting.values()) reject(error)
      thread.waiting.clear()
    }
    worker.on('error', fail)
    worker.on('exit', () => fail(new Error('the thread that compares files was stopped')))
    return thread
  }
}

const filesWorthAThread = 16

/** So large that a thread is busy for some milliseconds, and one file still keeps all of them busy. */
function* partsOf(pieces: readonly Piece[]): Generator<Piece[]> {
  let part: Piece[] = []
  let bytes = 0
  for (const piece of pieces) {
    if (part.length > 0 && bytes + piece.sizeBytes > limits.fillRunBytesMax) {
      yield part
      part = []
      bytes = 0
    }
    part.push(piece)
    bytes += piece.sizeBytes
  }
  if (part.length > 0) yield part
}

function listed(pieces: readonly Piece[]): Pieces {
  return { ids: pieces.map(({ sha256 }) => sha256).join(''), sizes: Float64Array.from(pieces, ({ sizeBytes }) => sizeBytes) }
}

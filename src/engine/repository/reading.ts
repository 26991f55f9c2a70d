import { throwIfCancelled } from '#base/clock.ts'
import { Fault, isFault } from '#base/fault.ts'
import type { BlobId, PackId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import { makeFile } from '#host/new-file.ts'
import { damagedBlob, openBlob } from './blob.ts'
import type { RepositoryCore } from './core.ts'
import { runsOf, unknownBlob, type Run } from './blob-runs.ts'
import { Filling, type FileToFill } from './filling.ts'
import { MakingBatches } from './making-batches.ts'
import type { NewFile } from './new-files.ts'
import { OpeningThreads } from './opening-threads.ts'
import { PackWindows } from './pack-windows.ts'
import { damagedPack, type BlobType } from './pack.ts'
import type { BlobLocation } from './pack-index.ts'
import { SharedBuffers } from './shared-buffers.ts'
import { OpeningBatches, type Lent } from './opening-batches.ts'

/** What reading needs of a repository. */
export type ReadPlace = Pick<RepositoryCore, 'storage' | 'key' | 'index'>

/** Reads blobs, proven to be what their names say. One for each opened repository. */
export class BlobReader implements AsyncDisposable {
  readonly #core: ReadPlace
  readonly #windows: PackWindows
  readonly #threads: OpeningThreads
  readonly #buffers = new SharedBuffers(limits.readAheadBytesMax)
  readonly #batches: OpeningBatches
  readonly #making: MakingBatches
  readonly #filling: Filling
  /** Plain bytes fetched ahead by all streams together. */
  #aheadBytes = 0

  /** Without threads, what is asked for is opened where it is asked for. */
  constructor(core: ReadPlace, threads: number = limits.threads) {
    this.#core = core
    this.#windows = new PackWindows(core.storage)
    this.#threads = new OpeningThreads(core.key, threads)
    this.#batches = new OpeningBatches(core.key, this.#threads, this.#buffers)
    this.#making = new MakingBatches(this.#threads, this.#buffers)
    this.#filling = new Filling({
      index: () => core.index,
      threads: this.#threads,
      fetch: (run, signal) => this.#fetchRun(run, signal),
      load: (id, signal) => this.load('data', id, signal),
    })
  }

  /** One blob. When its pack is damaged or gone, every other pack that holds it is tried before the damage is told. */
  async load(type: BlobType, id: BlobId, signal?: AbortSignal): Promise<Buffer> {
    const places = this.#core.index.findAll(type, id)
    let damage: unknown
    for (const place of places) {
      try {
        const { bytes, release } = await this.#openAt(place, signal)
        const owned = Buffer.from(bytes)
        release()
        return owned
      } catch (error) {
        if (!isFault(error) || !error.isDamage) throw error
        // Another place may be whole; if none is, the last damage is thrown below.
        damage = error
      }
    }
    throw damage ?? unknownBlob(type, id)
  }

  /** Like `lend`, in pieces that are the caller's to keep. */
  async *read(content: readonly BlobId[], signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    for await (const piece of this.lend(content, signal)) yield Buffer.from(piece)
  }

  /**
   * The content of a file in order. Blobs that lie side by side in a pack are fetched together and opened in threads,
   * as far ahead as the bound for all streams of this repository allows; abandoning the stream abandons what is ahead.
   * A piece is valid until the next one is asked for.
   */
  async *lend(content: readonly BlobId[], signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const runs = runsOf(content, this.#core.index, limits.readRunBytesMax)
    const ahead: { readonly run: Run; readonly opening: Promise<OpenedRun> }[] = []
    const fetchNext = () => {
      const next = runs.next()
      if (next.done) return
      this.#aheadBytes += next.value.plainSizeBytes
      const opening = this.#openRun(next.value, signal)
      // Awaited in its turn; until then a failure must not count as unhandled.
      opening.catch(() => {})
      ahead.push({ run: next.value, opening })
    }
    try {
      for (fetchNext(); ahead.length > 0;) {
        while (this.#aheadBytes < limits.readAheadBytesMax && ahead.length < limits.readAheadRunsMax) {
          const before = ahead.length
          fetchNext()
          if (ahead.length === before) break
        }
        const { run, opening } = ahead[0]!
        const { pieces } = await opening
        for (const piece of pieces) {
          throwIfCancelled(signal)
          yield piece
        }
        ahead.shift()
        this.#aheadBytes -= run.plainSizeBytes
        await releaseRun(opening)
        if (ahead.length === 0) fetchNext()
      }
    } finally {
      for (const { run, opening } of ahead) {
        this.#aheadBytes -= run.plainSizeBytes
        void releaseRun(opening)
      }
    }
  }

  /** Writes content to an open file, from threads. Returns how many bytes it has. */
  async fill(content: readonly BlobId[], file: FileToFill, signal?: AbortSignal): Promise<number> {
    return await this.#filling.fill(content, file, signal)
  }

  /**
   * Makes a file of one small blob, in a thread. False when its owner could not be given; then it has no setuid and setgid
   * bits either. Rejects with damage before there is a file.
   */
  async make(id: BlobId, file: NewFile, signal?: AbortSignal): Promise<boolean> {
    const blob = this.#core.index.find('data', id)
    if (!blob) throw unknownBlob('data', id)
    try {
      const made = await this.#making.make(blob, await this.#fetchNear(blob, signal), file)
      if (made.kind === 'made') return made.isOwned
    } catch (error) {
      if (!isFault(error) || !error.isDamage) throw error
    }
    // One of the blob's other places may be whole.
    return makeFile(file.path, await this.load('data', id, signal), file)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#threads[Symbol.asyncDispose]()
  }

  async #openRun(run: Run, signal?: AbortSignal): Promise<OpenedRun> {
    if (run.plainSizeBytes <= limits.readInlineBytesMax || this.#threads.width === 0) {
      const lent = await allOrNone(run.blobs.map((blob) => this.#loadAt(blob, signal)))
      return { pieces: lent.map(({ bytes }) => bytes), release: () => lent.forEach(({ release }) => release()) }
    }
    const start = run.blobs[0]!.offset
    const into = this.#buffers.take(run.plainSizeBytes)
    let damage: readonly unknown[]
    try {
      const sealed = await this.#fetchRun(run, signal)
      const blobs = run.blobs.map((blob) => ({ ...blob, offset: blob.offset - start }))
      damage = (await this.#threads.open(sealed, blobs, { kind: 'memory', memory: into })).damage
    } catch (error) {
      if (!isFault(error) || !error.isDamage) throw error
      // The pack is damaged or gone: each blob is looked for on its own, in every pack that has it.
      damage = run.blobs.map(() => error)
    }
    let at = 0
    const pieces: Uint8Array[] = []
    for (const [index, blob] of run.blobs.entries()) {
      const isWhole = damage[index] === undefined
      pieces.push(isWhole ? new Uint8Array(into, at, blob.plainSizeBytes) : await this.load('data', blob.id, signal))
      at += blob.plainSizeBytes
    }
    return { pieces, release: () => this.#buffers.give(into) }
  }

  async #loadAt(blob: BlobLocation, signal?: AbortSignal): Promise<Lent> {
    try {
      return await this.#openAt(blob, signal)
    } catch (error) {
      if (!isFault(error) || !error.isDamage) throw error
      // One of the blob's other places may be whole.
      return { bytes: await this.load(blob.type, blob.id, signal), release: () => {} }
    }
  }

  async #openAt(blob: BlobLocation, signal?: AbortSignal): Promise<Lent> {
    const isSmall = blob.sizeBytes <= limits.readInlineBytesMax
    const sealed = await this.#fetchNear(blob, signal)
    const opened = isSmall ? await this.#batches.open(blob, sealed) : openBlob(this.#core.key, blob, sealed)
    if (opened.kind === 'damaged') throw damagedBlob(blob, opened.damage)
    return 'lent' in opened ? opened.lent : { bytes: opened.plain, release: () => {} }
  }

  async #fetchNear(blob: BlobLocation, signal?: AbortSignal): Promise<Uint8Array> {
    if (blob.sizeBytes > limits.readInlineBytesMax) return await this.#fetch(blob.packId, blob.offset, blob.sizeBytes, signal)
    try {
      return await this.#windows.get(blob, this.#core.index, signal)
    } catch (error) {
      throw missingPack(error, blob.packId)
    }
  }

  async #fetchRun({ blobs }: Run, signal?: AbortSignal): Promise<Buffer> {
    const first = blobs[0]!
    const last = blobs.at(-1)!
    return await this.#fetch(first.packId, first.offset, last.offset + last.sizeBytes - first.offset, signal)
  }

  async #fetch(packId: PackId, offset: number, length: number, signal?: AbortSignal): Promise<Buffer> {
    try {
      return await this.#core.storage.get(`data/${packId}`, { offset, length }, signal)
    } catch (error) {
      throw missingPack(error, packId)
    }
  }
}

interface OpenedRun {
  /** One for each blob. */
  readonly pieces: readonly Uint8Array[]
  readonly release: () => void
}

/** Also for a run that nobody waits for any more. */
async function releaseRun(opening: Promise<OpenedRun>): Promise<void> {
  // One that failed holds nothing, and its failure was told to whoever waited for it.
  const run = await opening.catch(() => undefined)
  run?.release()
}

/** What was lent is given back when one of them fails. */
async function allOrNone(loading: readonly Promise<Lent>[]): Promise<Lent[]> {
  const settled = await Promise.allSettled(loading)
  const failed = settled.find((one) => one.status === 'rejected')
  const lent = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  if (!failed) return lent
  for (const { release } of lent) release()
  throw failed.reason
}

function missingPack(error: unknown, packId: PackId): unknown {
  if (isFault(error, 'STORAGE_NOT_FOUND')) {
    return new Fault('DAMAGE_MISSING_PACK', `pack ${packId} is not in the storage`, { pack: packId }, { cause: error })
  }
  // The storage says it of a range beyond the end; here it is known which pack that is.
  if (isFault(error, 'DAMAGE_PACK')) return damagedPack(packId, 'is shorter than the index says', error)
  return error
}

import { throwIfCancelled } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import type { BlobId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import { Semaphore } from '#base/semaphore.ts'
import { writeOutside, type FilePart } from '#host/new-file.ts'
import { runsOf, type Run } from './blob-runs.ts'
import type { BlobLocation, PackIndex } from './pack-index.ts'
import type { OpeningThreads } from './opening-threads.ts'

/** An open file that content is written to. */
export interface FileToFill {
  readonly fd: number
  readonly holes: FilePart['holes']
  /** Called for parts that are written, in whatever order. */
  readonly onBytes: (bytes: number) => void
}

interface PartToFill {
  readonly run: Run
  readonly file: FileToFill
  readonly offset: number
}

export interface FillingPlace {
  index(): PackIndex
  readonly threads: OpeningThreads
  /** Sealed bytes of neighbouring blobs, as a buffer to give away. */
  fetch(run: Run, signal?: AbortSignal): Promise<Buffer>
  /** One blob from whichever pack has it whole. */
  load(id: BlobId, signal?: AbortSignal): Promise<Buffer>
}

/**
 * Writes content to files in the threads that open it, so that bytes stay in the cache of the processor that
 * decompressed them, and no other thread waits for them. No byte is written before its blob's MAC and SHA-256 were checked.
 */
export class Filling {
  readonly #place: FillingPlace
  readonly #slots = new Semaphore(limits.fillRunsMax)

  constructor(place: FillingPlace) {
    this.#place = place
  }

  /** Returns how many bytes the content has. When it settles, no thread writes to the file any more. */
  async fill(content: readonly BlobId[], file: FileToFill, signal?: AbortSignal): Promise<number> {
    const running = new Set<Promise<void>>()
    let failed: { readonly error: unknown } | undefined
    let offset = 0
    try {
      for (const run of runsOf(content, this.#place.index(), limits.fillRunBytesMax)) {
        await this.#slots.acquire()
        if (failed || signal?.aborted) {
          this.#slots.release()
          break
        }
        const one = this.#fillRun({ run, file, offset }, signal)
          .catch((error: unknown) => {
            failed ??= { error }
          })
          .finally(() => {
            running.delete(one)
            this.#slots.release()
          })
        running.add(one)
        offset += run.plainSizeBytes
      }
    } finally {
      await Promise.all(running)
    }
    throwIfCancelled(signal)
    if (failed) throw failed.error
    return offset
  }

  async #fillRun(part: PartToFill, signal?: AbortSignal): Promise<void> {
    const { run, file, offset } = part
    const whole = await this.#openInto(part, signal)
    let at = offset
    for (const [index, { id, plainSizeBytes }] of run.blobs.entries()) {
      // One of the blob's other places may be whole.
      if (!whole[index]) writeOutside(file.fd, await this.#place.load(id, signal), { offset: at, holes: file.holes })
      at += plainSizeBytes
    }
    file.onBytes(run.plainSizeBytes)
  }

  /** Which blobs of the run are written. */
  async #openInto({ run, file, offset }: PartToFill, signal?: AbortSignal): Promise<readonly boolean[]> {
    const { blobs } = run
    const { fd, holes } = file
    try {
      const sealed = await this.#place.fetch(run, signal)
      const start = blobs[0]!.offset
      const moved = blobs.map((blob): BlobLocation => ({ ...blob, offset: blob.offset - start }))
      const { damage } = await this.#place.threads.open(sealed, moved, { kind: 'file', fd, part: { offset, holes } })
      return damage.map((wrong) => wrong === undefined)
    } catch (error) {
      if (!isFault(error) || !error.isDamage) throw error
      // The pack is damaged or gone: each blob is looked for on its own, in every pack that has it.
      return blobs.map(() => false)
    }
  }
}

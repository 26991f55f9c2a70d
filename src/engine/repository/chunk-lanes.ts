import { hash } from 'node:crypto'
import { throwIfCancelled } from '#base/clock.ts'
import type { BlobId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import type { AskRoom } from '#base/room.ts'
import { Chunker, chunkerMemoryBytes, gearTable, type Grain, type OpenChunk } from './chunker.ts'
import type { RepositoryConfig } from './config.ts'
import { Lane } from './lane.ts'
import type { PlaceInMemory } from './sealing-threads.ts'
import type { ContentBytes, StoredContent } from './repository.ts'

export interface ChunkLanesOptions {
  /** Holds the chunker's table and behind it the lanes. */
  readonly memory: WebAssembly.Memory
  readonly config: RepositoryConfig
  readonly hash: (address: number, length: number) => Promise<BlobId>
  /** Resolves once the bytes may be overwritten. */
  readonly store: (id: BlobId, place: PlaceInMemory, grain: Grain) => Promise<void>
  /** Storing goes on behind a stream that has ended; its failure is told here. */
  readonly failed: (error: unknown) => void
  readonly signal: AbortSignal | undefined
}

/**
 * Lets several streams flow through a fixed amount of memory. A stream holds a lane from its first byte to its last, so
 * one that waits for others before it says anything holds none.
 */
export class ChunkLanes {
  readonly #options: ChunkLanesOptions
  readonly #bytes: SharedArrayBuffer
  readonly #chunker: Chunker
  readonly #idle: Lane[]
  readonly #wantLane: ((lane: Lane) => void)[] = []
  readonly #storing = new Set<Promise<void>>()

  constructor(options: ChunkLanesOptions) {
    this.#options = options
    this.#bytes = options.memory.buffer as SharedArrayBuffer
    this.#chunker = new Chunker(options.memory, gearTable(options.config))
    this.#idle = Array.from(
      { length: limits.writeLanes },
      (_, at) => new Lane(this.#bytes, chunkerMemoryBytes + at * limits.writeLaneBytes, limits.writeLaneBytes),
    )
  }

  /** Chunks the stream. Resolves when every chunk has its hash; storing them may still go on. */
  async flow(content: ContentBytes, grain: Grain, signal?: AbortSignal): Promise<StoredContent> {
    const stream: Stream = { content: [], sizeBytes: 0, hashing: new Set() }
    const hold = async () => (stream.held ??= await this.#takeLane(grain))
    const askRoom: AskRoom = async (sizeBytesMax) => {
      const { lane, chunk } = await hold()
      return await lane.room(chunk, sizeBytesMax)
    }
    try {
      for await (const piece of typeof content === 'function' ? content(askRoom) : content) {
        if (piece.byteLength === 0) continue
        this.#throwIfCancelled(signal)
        const held = await hold()
        for (let at = 0; at < piece.byteLength;) {
          at += await held.lane.gather(held.chunk, at === 0 ? piece : piece.subarray(at))
          this.#cut(stream, held)
          this.#throwIfCancelled(signal)
        }
        stream.sizeBytes += piece.byteLength
      }
      const { held } = stream
      if (held && held.lane.head > held.chunk.start) {
        this.#chunkEnds(stream, held, held.lane.head)
        held.chunk = this.#chunker.begin(held.lane.head, grain)
      }
    } finally {
      const { held } = stream
      if (held) {
        held.lane.drop(held.chunk)
        this.#giveLane(held.lane)
      }
      await Promise.allSettled(stream.hashing)
    }
    await Promise.all(stream.hashing)
    if (stream.failure) throw stream.failure.error
    return { content: stream.content, sizeBytes: stream.sizeBytes }
  }

  /** Resolves when nothing is being stored any more. */
  async settled(): Promise<void> {
    while (this.#storing.size > 0) await Promise.all(this.#storing)
  }

  #cut(stream: Stream, held: HeldLane): void {
    for (;;) {
      const end = this.#chunker.scan(held.chunk, held.lane.head)
      if (end === undefined) return
      this.#chunkEnds(stream, held, end)
      held.chunk = this.#chunker.begin(end, held.chunk.grain)
    }
  }

  #chunkEnds(stream: Stream, { lane, chunk }: HeldLane, end: number): void {
    const place = stream.content.length
    const { start, grain } = chunk
    const release = lane.keep(chunk, end)
    if (end - start <= limits.hashInlineBytesMax) {
      const id = hash('sha256', Buffer.from(this.#bytes, start, end - start), 'hex') as BlobId
      stream.content.push(id)
      this.#store(id, { start, end, grain, release })
      return
    }
    // Filled in below, in its place.
    stream.content.push('' as BlobId)
    const hashing = this.#hashInThread(stream, place, { start, end, grain, release }).finally(() => stream.hashing.delete(hashing))
    stream.hashing.add(hashing)
  }

  async #hashInThread(stream: Stream, place: number, kept: KeptChunk): Promise<void> {
    try {
      const id = await this.#options.hash(kept.start, kept.end - kept.start)
      stream.content[place] = id
      this.#store(id, kept)
    } catch (error) {
      kept.release()
      stream.failure ??= { error }
    }
  }

  #store(id: BlobId, { start, end, grain, release }: KeptChunk): void {
    const storing = this.#options
      .store(id, { address: start, length: end - start }, grain)
      .catch((error: unknown) => this.#options.failed(error))
      .finally(() => {
        release()
        this.#storing.delete(storing)
      })
    this.#storing.add(storing)
  }

  async #takeLane(grain: Grain): Promise<HeldLane> {
    const lane = this.#idle.pop() ?? (await new Promise<Lane>((resolve) => this.#wantLane.push(resolve)))
    return { lane, chunk: this.#chunker.begin(lane.head, grain) }
  }

  #giveLane(lane: Lane): void {
    const next = this.#wantLane.shift()
    if (next) next(lane)
    else this.#idle.push(lane)
  }

  #throwIfCancelled(signal: AbortSignal | undefined): void {
    throwIfCancelled(signal)
    throwIfCancelled(this.#options.signal)
  }
}

/** A finished chunk whose bytes stay in the shared memory until it is released. */
interface KeptChunk {
  readonly start: number
  readonly end: number
  readonly grain: Grain
  readonly release: () => void
}

interface HeldLane {
  readonly lane: Lane
  chunk: OpenChunk
}

interface Stream {
  /** From its first byte to its last. */
  held?: HeldLane
  readonly content: BlobId[]
  sizeBytes: number
  readonly hashing: Set<Promise<void>>
  failure?: { readonly error: unknown }
}

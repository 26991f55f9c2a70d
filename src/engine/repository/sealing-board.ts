/**
 * Memory that the main thread shares with the threads that hash and seal. The main thread puts jobs on the board and
 * takes finished ones off; nothing else is shared but the bytes of the chunks and the buffers of the packs.
 */
export interface SealingBoard {
  /** Words of `control`, see the constants below. */
  readonly control: SharedArrayBuffer
  /** Ring of job numbers that wait for a thread. */
  readonly queue: SharedArrayBuffer
  /** Ring of job numbers + 1 that are finished; 0 is empty. */
  readonly finished: SharedArrayBuffer
  /** Four words for each job. */
  readonly jobs: SharedArrayBuffer
  /** 32 bytes for each job: the SHA-256 of its chunk. */
  readonly hashes: SharedArrayBuffer
  /** Chunks lie here. */
  readonly memory: SharedArrayBuffer
  /** One for each pack in the making or on its way to the storage. */
  readonly packs: readonly SharedArrayBuffer[]
}

export const jobsMax = 512

/** Words of a job in `jobs`. */
export const jobWords = 4
export const jobTask = 0
export const jobAddress = 1
export const jobLength = 2

/**
 * Fill `hashes`; compress, seal and put into a pack under the hash that stands there; the same with a chunk that was cut fine; or
 * with every record of a batch (`small-records.ts`), each under its own hash.
 */
export const taskHash = 1
export const taskStore = 2
export const taskStoreFine = 3
export const taskStoreBatch = 4

/** Words of `control`. `signal` changes whenever there may be something to do; threads sleep on it. */
export const signalWord = 0
export const queueHeadWord = 1
export const queueTailWord = 2
export const finishedTailWord = 3
/** 1 when the main thread wants a message once a job is finished. */
export const mainWaitsWord = 4
/** Counts up: every thread closes its pack. */
export const flushWord = 5
export const stopWord = 6
/** Changes when a pack buffer becomes free. */
export const packFreedWord = 7
/** From here on one word for each pack buffer: 1 when it is in use. */
export const packUsedWord = 8

/** What threads tell besides finished jobs. */
export type SealingNews =
  | { readonly kind: 'finished' }
  /** The pack lies in its buffer, which the main thread frees once it is stored. `header` is plain. */
  | { readonly kind: 'pack'; readonly buffer: number; readonly id: string; readonly sizeBytes: number; readonly header: Uint8Array }
  | { readonly kind: 'flushed' }

export interface SealingWorkerData {
  readonly board: SealingBoard
  readonly key: Uint8Array
  readonly compressionLevel: number
}

export function newBoard(memory: SharedArrayBuffer, packBuffers: number, packBytes: number): SealingBoard {
  return {
    control: new SharedArrayBuffer((packUsedWord + packBuffers) * 4),
    queue: new SharedArrayBuffer(jobsMax * 4),
    finished: new SharedArrayBuffer(jobsMax * 4),
    jobs: new SharedArrayBuffer(jobsMax * jobWords * 4),
    hashes: new SharedArrayBuffer(jobsMax * 32),
    memory,
    packs: Array.from({ length: packBuffers }, () => new SharedArrayBuffer(packBytes)),
  }
}

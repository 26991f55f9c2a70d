import { KiB } from '#base/units.ts'

/**
 * Gives the memory of a buffer back now instead of at the next garbage collection, which comes late for memory outside
 * the heap: with a few MiB for every blob, hundreds would pile up. The buffer is empty afterwards; nobody may use it.
 * Small buffers share their memory with others, and shared memory is not ours to give back: both are left alone.
 */
export function freeAtOnce(bytes: Uint8Array): void {
  const { buffer } = bytes
  if (buffer instanceof ArrayBuffer && buffer.byteLength >= ownSizeBytesMin) buffer.transfer(0)
}

// Node cuts small buffers from a pool of 64 KiB, which cannot be given back; from here on each has its own memory.
const ownSizeBytesMin = 128 * KiB

/** One piece of memory that is used again and again, as large as the largest that was asked for so far, up to a bound. */
export class KeptMemory {
  readonly #bytesMax: number
  #kept = Buffer.alloc(0)

  /** More than `bytesMax` is made anew each time. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** With whatever it held before. What was taken before is written over from now on. */
  take(sizeBytes: number): Buffer {
    if (sizeBytes > this.#bytesMax) return Buffer.allocUnsafeSlow(sizeBytes)
    if (sizeBytes > this.#kept.byteLength) this.#kept = Buffer.allocUnsafeSlow(sizeBytes)
    return this.#kept.subarray(0, sizeBytes)
  }
}

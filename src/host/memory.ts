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

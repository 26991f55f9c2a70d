// asc: --importMemory --sharedMemory --initialMemory 2 --maximumMemory 16384 --enable threads --memoryBase 8192
// Content-defined chunking: a gear hash as in FastCDC (Xia and others, USENIX ATC 2016), over bytes that lie in memory
// shared with the threads that seal them. Page 0 belongs to this module: the gear table stands at 0, 256 × 8 bytes.

/** The hash after the last byte looked at; the caller keeps it for a chunk that goes on in the next call. */
let hash: u64 = 0

export function state(): u64 {
  return hash
}

/**
 * Looks for a cut at `from` < cut <= `to`. `strictUntil` is the address up to which the stricter mask holds.
 * Returns the address just behind the cut, or 0 when there is none; `state()` then goes on at `to`.
 */
export function cut(initial: u64, from: u32, to: u32, strictUntil: u32, strictMask: u64, looseMask: u64): u32 {
  let h = initial
  let p = from
  const middle = min(max(strictUntil, from), to)
  while (p < middle) {
    h = (h << 1) + load<u64>((<u32>load<u8>(p)) << 3)
    p++
    if ((h & strictMask) == 0) {
      hash = h
      return p
    }
  }
  while (p < to) {
    h = (h << 1) + load<u64>((<u32>load<u8>(p)) << 3)
    p++
    if ((h & looseMask) == 0) {
      hash = h
      return p
    }
  }
  hash = h
  return 0
}

/** Warms the hash over `from`..`to` without looking for a cut. */
export function warm(initial: u64, from: u32, to: u32): void {
  let h = initial
  for (let p = from; p < to; p++) h = (h << 1) + load<u64>((<u32>load<u8>(p)) << 3)
  hash = h
}

// SipHash-2-4-128 (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 128-bit variant of the reference
// implementation) of each line of a stream of COPY text, summed modulo 2^128 (SAFETY rule 18). Either the caller puts
// plain text into a region and calls `update`, lending the state of one of several hashes; or messages of the server
// arrive in a region, and `take` squeezes their headers out and hashes what is left.

/** Bytes of a region. Eight bytes before it are kept for the carry. */
const REGION_SIZE: i32 = 262144
const REGIONS: i32 = 3
const buffer: usize = memory.data(786480)
const hash: usize = memory.data(96)

// State, in bytes from `hash`: the key, the four words of the line that is under way, its length so far, lines ended,
// the sum, and up to seven bytes that did not fill a word.
const K0: usize = 0
const K1: usize = 8
const V0: usize = 16
const V1: usize = 24
const V2: usize = 32
const V3: usize = 40
const LENGTH: usize = 48
const LINES: usize = 56
const SUM_LOW: usize = 64
const SUM_HIGH: usize = 72
const CARRIED: usize = 80
const CARRY: usize = 88

export function state(): usize {
  return hash
}

export function regions(): i32 {
  return REGIONS
}

export function regionSize(): i32 {
  return REGION_SIZE
}

/** Where the region of this number begins. */
export function region(number: i32): usize {
  return buffer + 8 + <usize>number * (REGION_SIZE + 16)
}

/** Sets the state to that of no bytes at all. */
export function begin(k0: u64, k1: u64): void {
  memory.fill(hash, 0, 96)
  store<u64>(hash + K0, k0)
  store<u64>(hash + K1, k1)
  store<u64>(hash + V0, k0 ^ 0x736f6d6570736575)
  store<u64>(hash + V1, k1 ^ 0x646f72616e646f6d ^ 0xee)
  store<u64>(hash + V2, k0 ^ 0x6c7967656e657261)
  store<u64>(hash + V3, k1 ^ 0x7465646279746573)
}

/** Hashes the next bytes of the text; up to eight bytes before `from` may be written. */
export function update(from: usize, end: usize): void {
  const carried = load<i32>(hash + CARRIED)
  const start = from - <usize>carried
  memory.copy(start, hash + CARRY, <usize>carried)

  let v0 = load<u64>(hash + V0)
  let v1 = load<u64>(hash + V1)
  let v2 = load<u64>(hash + V2)
  let v3 = load<u64>(hash + V3)
  let length = load<u64>(hash + LENGTH)
  let at = start

  while (true) {
    let word: u64
    let used: u64
    if (at + 8 <= end) {
      word = load<u64>(at)
      // Finds the lowest byte equal to "\n": Mycroft's test for a zero byte, exact for the lowest one.
      const zeroed = word ^ 0x0a0a0a0a0a0a0a0a
      const found = (zeroed - 0x0101010101010101) & ~zeroed & 0x8080808080808080
      if (found == 0) {
        v3 ^= word
        v0 += v1; v1 = rotl<u64>(v1, 13) ^ v0; v0 = rotl<u64>(v0, 32); v2 += v3; v3 = rotl<u64>(v3, 16) ^ v2
        v0 += v3; v3 = rotl<u64>(v3, 21) ^ v0; v2 += v1; v1 = rotl<u64>(v1, 17) ^ v2; v2 = rotl<u64>(v2, 32)
        v0 += v1; v1 = rotl<u64>(v1, 13) ^ v0; v0 = rotl<u64>(v0, 32); v2 += v3; v3 = rotl<u64>(v3, 16) ^ v2
        v0 += v3; v3 = rotl<u64>(v3, 21) ^ v0; v2 += v1; v1 = rotl<u64>(v1, 17) ^ v2; v2 = rotl<u64>(v2, 32)
        v0 ^= word
        at += 8
        length += 8
        continue
      }
      used = ctz(found) >> 3
      word &= (<u64>1 << (used << 3)) - 1
    } else {
      word = 0
      used = 0
      while (at + <usize>used < end) {
        const byte = load<u8>(at + <usize>used)
        if (byte == 0x0a) break
        word |= <u64>byte << (used << 3)
        used++
      }
      if (at + <usize>used == end) break
    }
    at += <usize>used + 1
    length += used

    // The last word holds the length modulo 256 in its highest byte.
    word |= length << 56
    v3 ^= word
    for (let round = 0; round < 2; round++) {
      v0 += v1; v1 = rotl<u64>(v1, 13) ^ v0; v0 = rotl<u64>(v0, 32); v2 += v3; v3 = rotl<u64>(v3, 16) ^ v2
      v0 += v3; v3 = rotl<u64>(v3, 21) ^ v0; v2 += v1; v1 = rotl<u64>(v1, 17) ^ v2; v2 = rotl<u64>(v2, 32)
    }
    v0 ^= word
    v2 ^= 0xee
    for (let round = 0; round < 4; round++) {
      v0 += v1; v1 = rotl<u64>(v1, 13) ^ v0; v0 = rotl<u64>(v0, 32); v2 += v3; v3 = rotl<u64>(v3, 16) ^ v2
      v0 += v3; v3 = rotl<u64>(v3, 21) ^ v0; v2 += v1; v1 = rotl<u64>(v1, 17) ^ v2; v2 = rotl<u64>(v2, 32)
    }
    const low = v0 ^ v1 ^ v2 ^ v3
    v1 ^= 0xdd
    for (let round = 0; round < 4; round++) {
      v0 += v1; v1 = rotl<u64>(v1, 13) ^ v0; v0 = rotl<u64>(v0, 32); v2 += v3; v3 = rotl<u64>(v3, 16) ^ v2
      v0 += v3; v3 = rotl<u64>(v3, 21) ^ v0; v2 += v1; v1 = rotl<u64>(v1, 17) ^ v2; v2 = rotl<u64>(v2, 32)
    }
    const high = v0 ^ v1 ^ v2 ^ v3

    const sumLow = load<u64>(hash + SUM_LOW) + low
    store<u64>(hash + SUM_LOW, sumLow)
    store<u64>(hash + SUM_HIGH, load<u64>(hash + SUM_HIGH) + high + <u64>(sumLow < low))
    store<u64>(hash + LINES, load<u64>(hash + LINES) + 1)

    const k0 = load<u64>(hash + K0)
    const k1 = load<u64>(hash + K1)
    v0 = k0 ^ 0x736f6d6570736575
    v1 = k1 ^ 0x646f72616e646f6d ^ 0xee
    v2 = k0 ^ 0x6c7967656e657261
    v3 = k1 ^ 0x7465646279746573
    length = 0
  }

  store<u64>(hash + V0, v0)
  store<u64>(hash + V1, v1)
  store<u64>(hash + V2, v2)
  store<u64>(hash + V3, v3)
  store<u64>(hash + LENGTH, length)
  store<i32>(hash + CARRIED, <i32>(end - at))
  memory.copy(hash + CARRY, at, end - at)
}

// "Frontend/Backend Protocol", COPY Operations: a byte that names the message, four bytes of length, its content.
const COPY_DATA: u8 = 0x64
/** Of the message that is under way: bytes of its header seen, whether it is CopyData, bytes of it still to come. */
let headerSeen: i32 = 0
let isData: bool = false
let remaining: u32 = 0
const header: usize = memory.data(8)
let stopped: usize = 0

/** CopyData, and what may come between: CopyOutResponse, notices, changed settings, notifications. */
function isPassedOver(code: u8): bool {
  return code == COPY_DATA || code == 0x48 || code == 0x4e || code == 0x53 || code == 0x41
}

/** No message is under way. */
export function beginMessages(): void {
  headerSeen = 0
  remaining = 0
}

/**
 * Takes messages from `from`..`end` and puts the content of CopyData together from `to` on, which is not above `from`.
 * Returns the end of what was put together, and hashes it when asked; `stoppedAt()` is the first byte of a message of
 * another kind, or `end`.
 */
export function take(from: usize, end: usize, to: usize, isHashed: bool): usize {
  let at = from
  let filled = to
  while (at < end) {
    if (remaining > 0) {
      const length = min<usize>(<usize>remaining, end - at)
      if (isData) {
        if (filled != at) moveDown(filled, at, length)
        filled += length
      }
      at += length
      remaining -= <u32>length
      continue
    }
    if (headerSeen == 0) {
      if (!isPassedOver(load<u8>(at))) break
      if (at + 5 <= end) {
        isData = load<u8>(at) == COPY_DATA
        remaining = bswap<u32>(load<u32>(at, 1)) - 4
        at += 5
        continue
      }
    }
    store<u8>(header + headerSeen, load<u8>(at))
    headerSeen++
    at++
    if (headerSeen == 5) {
      isData = load<u8>(header) == COPY_DATA
      remaining = bswap<u32>(load<u32>(header, 1)) - 4
      headerSeen = 0
    }
  }
  stopped = at
  if (isHashed) update(to, filled)
  return filled
}

export function stoppedAt(): usize {
  return stopped
}

/** Forward, so that source and target may overlap; nothing behind the target's end is touched. */
// @ts-ignore: decorator
@inline
function moveDown(to: usize, from: usize, length: usize): void {
  if (length < 16) {
    for (let at: usize = 0; at < length; at++) store<u8>(to + at, load<u8>(from + at))
    return
  }
  // Taken first: the last full step may reach over its place.
  const last = v128.load(from + length - 16)
  for (let at: usize = 0; at < length - 16; at += 16) v128.store(to + at, v128.load(from + at))
  v128.store(to + length - 16, last)
}

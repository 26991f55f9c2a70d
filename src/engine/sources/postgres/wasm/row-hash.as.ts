// SipHash-2-4-128 (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 128-bit variant of the reference
// implementation) of each line of a stream of COPY text, summed modulo 2^128 (SAFETY rule 18). The caller copies the
// state of one hash to `state()`, its next bytes to `input()`, calls `update(length)` and takes the state back.

/** Bytes that fit behind `input()`. Eight bytes before it are kept for the carry. */
const INPUT_SIZE: i32 = 262144
const buffer: usize = memory.data(262160)
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

export function input(): usize {
  return buffer + 8
}

export function inputSize(): i32 {
  return INPUT_SIZE
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

export function update(inputLength: i32): void {
  const carried = load<i32>(hash + CARRIED)
  const start = buffer + 8 - <usize>carried
  memory.copy(start, hash + CARRY, <usize>carried)
  const end = buffer + 8 + <usize>inputLength

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

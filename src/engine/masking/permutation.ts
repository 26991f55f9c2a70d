import { createHmac } from 'node:crypto'

/** Few enough to be quick, and more than the 7 from which on a balanced Feistel network is taken to be sound. */
const rounds = 10

/**
 * A keyed permutation of the whole numbers below `size`: a balanced Feistel network over the next power of four, walked on until
 * it comes back below `size` (Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002). Two numbers never become one.
 */
export function permute(key: Uint8Array, { size, tweak }: { readonly size: bigint; readonly tweak: string }, value: bigint): bigint {
  if (size <= 1n) return value
  const half = BigInt(Math.ceil((size - 1n).toString(2).length / 2))
  let walked = value
  do walked = once(key, { half, tweak }, walked)
  while (walked >= size)
  return walked
}

function once(key: Uint8Array, { half, tweak }: { readonly half: bigint; readonly tweak: string }, value: bigint): bigint {
  const below = (1n << half) - 1n
  let left = value >> half
  let right = value & below
  for (let round = 0; round < rounds; round += 1) {
    const mixed = left ^ (keyedNumber(key, `${tweak}\0${half}\0${round}\0${right.toString(16)}`, half) & below)
    left = right
    right = mixed
  }
  return (left << half) | right
}

/** HMAC-SHA256, as many blocks of it as `bits` need. */
function keyedNumber(key: Uint8Array, text: string, bits: bigint): bigint {
  let found = 0n
  for (let block = 0; BigInt(block) * 256n < bits; block += 1) {
    const digest = createHmac('sha256', key).update(`${block}\0${text}`).digest('hex')
    found = (found << 256n) | BigInt(`0x${digest}`)
  }
  return found
}

import type { Random } from '#host/random.ts'

// Polynomials over GF(2) as bits of a bigint. restic refuses a chunker polynomial that is reducible.
export const polynomialDegree = 53

/** A random irreducible polynomial of degree 53: about one odd candidate in 27 is one. */
export function randomPolynomial(random: Random): bigint {
  for (;;) {
    const bits = BigInt(`0x${Buffer.from(random.bytes(8)).toString('hex')}`)
    const candidate = (bits & ((1n << 53n) - 1n)) | (1n << 53n) | 1n
    if (isIrreducible(candidate)) return candidate
  }
}

/** Ben-Or: irreducible exactly when gcd(x^(2^i) - x, f) is 1 for every i up to half the degree (HAC, Algorithm 4.69). */
export function isIrreducible(polynomial: bigint): boolean {
  const degree = degreeOf(polynomial)
  if (degree < 1) return false
  let power = 2n
  for (let i = 1; i <= degree / 2; i += 1) {
    power = remainder(square(power), polynomial)
    if (greatestCommonDivisor(polynomial, power ^ 2n) !== 1n) return false
  }
  return true
}

function degreeOf(polynomial: bigint): number {
  return polynomial === 0n ? -1 : polynomial.toString(2).length - 1
}

/** Squaring over GF(2) only spreads the bits. */
function square(polynomial: bigint): bigint {
  return BigInt(`0b${polynomial.toString(2).split('').join('0')}`)
}

function remainder(dividend: bigint, divisor: bigint): bigint {
  const degree = degreeOf(divisor)
  let rest = dividend
  for (let at = degreeOf(rest); at >= degree; at = degreeOf(rest)) rest ^= divisor << BigInt(at - degree)
  return rest
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommonDivisor(b, remainder(a, b))
}

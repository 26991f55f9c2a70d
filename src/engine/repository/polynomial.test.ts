import { test } from 'node:test'
import assert from 'node:assert/strict'
import { systemRandom } from '#host/random.ts'
import { isIrreducible, polynomialDegree, randomPolynomial } from './polynomial.ts'

test('the small irreducible polynomials are recognised, exactly', () => {
  // By trial division over all polynomials of smaller degree: the slow second opinion.
  const multiply = (a: number, b: number) => {
    let product = 0
    for (let bit = 0; bit < 16; bit += 1) if ((b >> bit) & 1) product ^= a << bit
    return product
  }
  const reducible = new Set<number>()
  for (let a = 2; a < 256; a += 1) for (let b = 2; b < 256; b += 1) reducible.add(multiply(a, b))
  for (let f = 2; f < 256; f += 1) assert.equal(isIrreducible(BigInt(f)), !reducible.has(f), f.toString(2))
})

test('polynomials that restic made are irreducible, and their neighbours are not all', () => {
  assert.ok(isIrreducible(0x3b31ea60e9a31fn))
  assert.ok(isIrreducible(0x25b468838dcb75n))
  assert.ok(!isIrreducible(0x3b31ea60e9a31en))
})

test('a random polynomial has degree 53 and is irreducible', () => {
  const polynomial = randomPolynomial(systemRandom)
  assert.equal(polynomial.toString(2).length - 1, polynomialDegree)
  assert.ok(isIrreducible(polynomial))
})

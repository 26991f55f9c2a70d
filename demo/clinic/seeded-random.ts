/** Chance that repeats: the same seed and the same words give the same sequence on every machine. */
export interface SeededRandom {
  /** 0 up to, not including, 1. */
  fraction(): number
  /** Both ends included. */
  integer(min: number, max: number): number
  pick<T>(from: readonly T[]): T
  /** True this often: 0 never, 1 always. */
  happens(probability: number): boolean
  /** Around `mean`, two thirds of them within `deviation`. */
  around(mean: number, deviation: number): number
}

/** sfc32 by Chris Doty-Humphrey (PractRand), seeded by hashing `words`; small, fast, and good enough for data that only has to look alive. */
export function seededRandom(...words: readonly (string | number)[]): SeededRandom {
  let [a, b, c, d] = hashOf(words.join('\u0000'))
  const next = () => {
    const sum = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return sum >>> 0
  }
  for (let round = 0; round < 8; round += 1) next()
  const fraction = () => next() / 4_294_967_296
  const integer = (min: number, max: number) => min + Math.floor(fraction() * (max - min + 1))
  return {
    fraction,
    integer,
    pick: (from) => from[integer(0, from.length - 1)]!,
    happens: (probability) => fraction() < probability,
    // The sum of three is close enough to a bell.
    around: (mean, deviation) => mean + (fraction() + fraction() + fraction() - 1.5) * 2 * deviation,
  }
}

/** xmur3: four well mixed words from a text. */
function hashOf(text: string): [number, number, number, number] {
  let hash = 1_779_033_703 ^ text.length
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 3_432_918_353)
    hash = (hash << 13) | (hash >>> 19)
  }
  const next = () => {
    hash = Math.imul(hash ^ (hash >>> 16), 2_246_822_507)
    hash = Math.imul(hash ^ (hash >>> 13), 3_266_489_909)
    return (hash ^= hash >>> 16) | 0
  }
  return [next(), next(), next(), next()]
}

import { randomInt } from 'node:crypto'

/** Chance that can be had again: the seed is printed by whoever uses it, and `SWEEP_SEED` sets it. */
export interface Seed {
  readonly value: number
  /** From 0 to below `count`. */
  below(count: number): number
  oneOf<T>(choices: readonly T[]): T
  /** Half of them, at least one. */
  half<T>(choices: readonly T[]): T[]
}

export function newSeed(): Seed {
  const given = process.env['SWEEP_SEED']
  return seedOf(given === undefined ? randomInt(2 ** 31) : Number(given))
}

/** Mulberry32: small, and good enough to choose where to strike. */
export function seedOf(value: number): Seed {
  let state = value
  const below = (count: number) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * count)
  }
  return {
    value,
    below,
    oneOf: (choices) => choices[below(choices.length)]!,
    half: (choices) => {
      const left = [...choices]
      while (left.length > Math.ceil(choices.length / 2)) left.splice(below(left.length), 1)
      return left
    },
  }
}

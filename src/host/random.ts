import { randomBytes, randomUUID } from 'node:crypto'

/** Chance is an argument, like time. */
export interface Random {
  bytes(length: number): Uint8Array
  uuid(): string
}

export const systemRandom: Random = {
  bytes: (length) => randomBytes(length),
  uuid: () => randomUUID(),
}

/** Lower-case hex digits of `length / 2` random bytes, for names such as `integrum_stage_<12 hex>`. */
export function randomHex(random: Random, length: number): string {
  return Buffer.from(random.bytes(length / 2)).toString('hex')
}

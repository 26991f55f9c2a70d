import { printBytes, printDuration } from '#base/units.ts'
import type { Race, Result } from './measure.ts'

/** One promise of speed or size, measured beside a peer in the same run. */
export interface Bar {
  readonly name: string
  /** How many times as fast as the peer; for sizes and memory, ours as a share of the peer or of the bound. */
  readonly ratio: number
  /** Absent: nothing was promised, it is told beside. */
  readonly bar?: number
  readonly holds?: boolean
  /** What was promised is less time than the limit of its race takes: the work cannot be done in it on this machine. */
  readonly isBeyondLimit?: boolean
  readonly ours: string
  readonly peer: string
}

export const ours = 'integrum'
/** How the program of a race is named that does only what the work takes at the least. */
export const limitPrefix = 'the limit: '

/** Holds when ours takes at most 1/`bar` of the time of that program in the race. */
export function raceBar(race: Race, peer: string, bar?: number): Bar {
  const times = { oursMs: resultOf(race, ours).medianMs, peerMs: resultOf(race, peer).medianMs }
  const limit = race.results.find(({ program }) => program.startsWith(limitPrefix))
  const isBeyondLimit = bar !== undefined && limit !== undefined && times.peerMs / bar < limit.medianMs
  return { ...speedBar(`${race.name}, against ${peer}`, bar, times), ...(isBeyondLimit && { isBeyondLimit }) }
}

export function speedBar(name: string, bar: number | undefined, times: { oursMs: number; peerMs: number }): Bar {
  const ratio = times.peerMs / times.oursMs
  const promise = bar === undefined ? {} : { bar: rounded(bar), holds: ratio >= bar }
  return { name, ratio: rounded(ratio), ...promise, ours: printDuration(times.oursMs), peer: printDuration(times.peerMs) }
}

/** Holds when ours is at most `bar` times the peer's. */
export function sizeBar(name: string, bar: number | undefined, sizes: { oursBytes: number; peerBytes: number }): Bar {
  const ratio = sizes.oursBytes / sizes.peerBytes
  const promise = bar === undefined ? {} : { bar: rounded(bar), holds: ratio <= bar }
  return { name, ratio: rounded(ratio), ...promise, ours: printBytes(sizes.oursBytes), peer: printBytes(sizes.peerBytes) }
}

/** Against the bound that every backup, restore and check keeps to, whatever its input. */
export function memoryBar(name: string, oursBytes: number): Bar {
  const memoryBytesMax = 400 * 2 ** 20
  return sizeBar(`memory, ${name}`, 1, { oursBytes, peerBytes: memoryBytesMax })
}

export function raceMemoryBar(race: Race): Bar {
  return memoryBar(race.name, resultOf(race, ours).memoryBytes)
}

export function resultOf(race: Race, program: string): Result {
  const result = race.results.find((one) => one.program === program)
  if (!result) throw new Error(`${program} was not in the race "${race.name}"`)
  return result
}

/** `holds`, `FAILS`, or nothing where nothing was promised. */
export function verdict({ holds, isBeyondLimit = false }: Bar): string {
  if (holds === undefined) return ''
  if (holds) return 'holds'
  return isBeyondLimit ? 'FAILS, asks for less than the limit takes' : 'FAILS'
}

function rounded(ratio: number): number {
  return Math.round(ratio * 1000) / 1000
}

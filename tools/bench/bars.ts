import { printBytes, printDuration } from '#base/units.ts'

/** One promise of speed or size, measured beside a peer in the same run. */
export interface Bar {
  readonly name: string
  /** How many times as fast as the peer; for sizes and memory, ours as a share of the peer or of the bound. */
  readonly ratio: number
  readonly bar: number
  readonly holds: boolean
  readonly ours: string
  readonly peer: string
}

/** Holds when ours takes at most 1/`bar` of the peer's time. */
export function speedBar(name: string, bar: number, times: { oursMs: number; peerMs: number }): Bar {
  const ratio = times.peerMs / times.oursMs
  return { name, ratio: rounded(ratio), bar, holds: ratio >= bar, ours: printDuration(times.oursMs), peer: printDuration(times.peerMs) }
}

/** Holds when ours is at most `bar` times the peer's. */
export function sizeBar(name: string, bar: number, sizes: { oursBytes: number; peerBytes: number }): Bar {
  const ratio = sizes.oursBytes / sizes.peerBytes
  return { name, ratio: rounded(ratio), bar, holds: ratio <= bar, ours: printBytes(sizes.oursBytes), peer: printBytes(sizes.peerBytes) }
}

export function printBars(bars: readonly Bar[]): string {
  const rows = bars.map((bar) => [bar.holds ? 'holds' : 'FAILS', bar.name, String(bar.ratio), String(bar.bar), bar.ours, bar.peer])
  const table = [['', 'bar', 'ratio', 'asked', 'ours', 'peer'], ...rows]
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)))
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function rounded(ratio: number): number {
  return Math.round(ratio * 1000) / 1000
}

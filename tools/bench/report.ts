import { printBytes, printDuration } from '#base/units.ts'
import { verdict, type Bar } from './bars.ts'
import type { Race } from './measure.ts'

/** What one part of the benchmark found. */
export interface Outcome {
  readonly races: readonly Race[]
  readonly bars: readonly Bar[]
}

export interface SizedOutcome extends Outcome {
  /** 1: about 1 GB a data set. */
  readonly scale: number
}

export interface Circumstances {
  readonly machine: string
  readonly date: string
  readonly versions: readonly string[]
  /** What was typed. */
  readonly command: string
  /** Replaced by `$WORK` wherever a command names it; the server's socket by `$SOCKET`. */
  readonly folder: string
}

/** The bars as a table for the terminal. */
export function printBars(bars: readonly Bar[]): string {
  const rows = bars.map((bar) => [verdict(bar), bar.name, String(bar.ratio), String(bar.bar ?? ''), bar.ours, bar.peer])
  const table = [['', 'bar', 'ratio', 'asked', 'ours', 'peer'], ...rows]
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)))
  const line = (row: string[]) => row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')
  return table.map((row) => line(row).trimEnd()).join('\n')
}

/** The page of documentation: bars at every size side by side, every program's medians, the commands. */
export function benchmarkPage(outcomes: readonly SizedOutcome[], circumstances: Circumstances): string {
  const { machine, date, versions, command } = circumstances
  return `# Benchmarks

Written by \`${command}\` on ${date}, not by hand.

Every program worked on the same data, by turns, each round beginning with another one, each three times; figures are medians of wall time, with the page cache warm and memory at hand. A bar says how many times as fast as the peer Integrum is, or, for sizes and
memory, what share of the peer's or of the bound it takes. Lines without a bar are told beside, nothing was promised; those
against a limit say how near Integrum comes to the least that its work takes on this machine. The last column is of the last size.

- Machine: ${machine}
- Programs: ${versions.join(', ')}
- Size: ${outcomes.map(({ scale }) => `scale ${scale} is about ${printBytes(scale * 1e9)} a data set`).join('; ')}
- The database is the demo clinic's, whose keys are counted; "rows of UUIDs" are those of a trial whose rows know each other by
  UUIDs. How fast a dump is goes by what it compresses.
- Integrum's times hold encryption, deduplication, a hash of every row and file, fsync, and for restores reading back and comparing
  everything. \`pg_dump\`, \`pg_restore\` and pgBackRest do not encrypt here, restic and borg do not fsync what they restore.
- Memory is the peak of a program's first process, what it starts apart.

## Bars

${markdown(['what', 'bar', ...outcomes.map(({ scale }) => `scale ${scale}`), ''], barRows(outcomes))}

## Every program

${markdown(['what', 'program', ...outcomes.map(({ scale }) => `scale ${scale}: median (least to most), memory`)], raceRows(outcomes))}

## Commands

${commands(outcomes.at(-1)!, circumstances.folder)}
`
}

function barRows(outcomes: readonly SizedOutcome[]): string[][] {
  return namesOf(outcomes.map(({ bars }) => bars)).map((name) => {
    const found = outcomes.map(({ bars }) => bars.find((bar) => bar.name === name))
    const some = found.filter((bar) => bar !== undefined)
    const cells = found.map((bar) => (bar ? `**${bar.ratio}** (${bar.ours} : ${bar.peer})` : 'not run'))
    return [name, String(some[0]!.bar ?? 'none'), ...cells, verdict(some.at(-1)!)]
  })
}

function raceRows(outcomes: readonly SizedOutcome[]): string[][] {
  return namesOf(outcomes.map(({ races }) => races)).flatMap((name) => {
    const found = outcomes.map(({ races }) => races.find((race) => race.name === name))
    const programs = found.find((race) => race !== undefined)!.results.map(({ program }) => program)
    return programs.map((program) => [name, program, ...found.map((race) => raceCell(race, program))])
  })
}

function raceCell(race: Race | undefined, program: string): string {
  const result = race?.results.find((one) => one.program === program)
  if (!result) return 'not run'
  const times = result.durationsMs.toSorted((a, b) => a - b)
  return `${printDuration(result.medianMs)} (${printDuration(times[0]!)} to ${printDuration(times.at(-1)!)}), ${printBytes(result.memoryBytes)}`
}

function commands({ races }: Outcome, folder: string): string {
  const lines = races.flatMap((race) =>
    race.results.map(({ command }) => command.replaceAll(folder, '$WORK').replaceAll(/[^\s=']*integrum-pg-\w+/g, '$SOCKET')),
  )
  return ['```', ...new Set(lines), '```'].join('\n')
}

function namesOf(lists: readonly (readonly { readonly name: string }[])[]): string[] {
  return [...new Set(lists.flatMap((list) => list.map(({ name }) => name)))]
}

function markdown(head: readonly string[], rows: readonly string[][]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

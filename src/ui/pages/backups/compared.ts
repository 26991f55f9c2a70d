import { printBytes } from '#base/units.ts'
import type { BackupSummary } from '#contract/backup-summary.ts'
import type { BackupDetailsView } from '#contract/backups.ts'
import { printInstant, printZone } from '#ui/instants.ts'
import { printWhole, standingWords, wordingOf } from '#ui/words.ts'
import { typeWords } from './backup-words.ts'

export interface ComparedFact {
  readonly name: string
  readonly older: string
  readonly newer: string
  /** In numbers, where they are known; otherwise whether they are the same. */
  readonly difference?: string
}

export function inOrder<Made extends { readonly createdAt: string }>(one: Made, other: Made): readonly [Made, Made] {
  return new Date(one.createdAt) <= new Date(other.createdAt) ? [one, other] : [other, one]
}

/** `+12`, `-3`, `none`. */
export function printDifference(older: number, newer: number, print: (value: number) => string = printWhole): string {
  if (older === newer) return 'none'
  return `${newer > older ? '+' : '−'}${print(Math.abs(newer - older))}`
}

export function comparedFacts(older: BackupDetailsView, newer: BackupDetailsView): ComparedFact[] {
  const both = (name: string, say: (backup: BackupDetailsView) => string): ComparedFact => ({ name, older: say(older), newer: say(newer) })
  const numbers = (name: string, valueOf: (backup: BackupDetailsView) => number | null, print = printWhole) =>
    numbersOf({ name, older: valueOf(older), newer: valueOf(newer), print })
  return [
    both('System', ({ systemName }) => systemName),
    both('Holds', ({ type }) => typeWords[type]),
    both('Made', ({ createdAt }) => instantOf(createdAt)),
    both('Status', ({ status }) => wordingOf(status).words),
    both('Standing', ({ standing }) => standingWords[standing].words),
    numbers('Gaps', ({ gapCount }) => gapCount),
    numbers('Content', ({ fileSizeBytes }) => fileSizeBytes, printBytes),
    numbers('Stored for it', ({ fileSizeCompressed }) => fileSizeCompressed, printBytes),
    numbers('Read', ({ manifest }) => manifest?.statistics.readBytes ?? null, printBytes),
    numbers('New in the repository', ({ manifest }) => manifest?.statistics.newBytes ?? null, printBytes),
    ...sourceFacts(older.manifest, newer.manifest),
  ]
}

interface Numbers {
  readonly name: string
  readonly older: number | null | undefined
  readonly newer: number | null | undefined
  readonly print: (value: number) => string
}

function numbersOf({ name, older, newer, print }: Numbers): ComparedFact {
  const say = (value: number | null | undefined) => (value === undefined ? 'not in it' : value === null ? 'not known' : print(value))
  const areKnown = typeof older === 'number' && typeof newer === 'number'
  const difference = areKnown ? printDifference(older, newer, print) : older === newer ? 'not known' : 'in one of them alone'
  return { name, older: say(older), newer: say(newer), difference: older === null || newer === null ? 'not known' : difference }
}

/** Each database and each root that either of them has. */
function sourceFacts(older: BackupSummary | null, newer: BackupSummary | null): ComparedFact[] {
  const names = (sources: (manifest: BackupSummary) => readonly { readonly name: string }[]) => [
    ...new Set([older, newer].flatMap((manifest) => (manifest ? sources(manifest) : []).map(({ name }) => name))),
  ]
  const databases = names((manifest) => manifest.databases).flatMap((name) => {
    const [before, after] = [older, newer].map((manifest) => manifest?.databases.find((one) => one.name === name))
    const title = `Database ${name}`
    return [
      { name: `${title}, state of`, older: momentOf(before), newer: momentOf(after) },
      { name: `${title}, server`, older: before?.serverVersion ?? 'not in it', newer: after?.serverVersion ?? 'not in it' },
      numbersOf({ name: `${title}, tables`, older: before?.tables, newer: after?.tables, print: printWhole }),
      numbersOf({ name: `${title}, rows`, older: before?.rows, newer: after?.rows, print: printWhole }),
    ]
  })
  const roots = names((manifest) => manifest.roots).flatMap((name) => {
    const [before, after] = [older, newer].map((manifest) => manifest?.roots.find((one) => one.name === name))
    const title = `Files ${name}`
    return [
      { name: `${title}, state of`, older: momentOf(before), newer: momentOf(after) },
      numbersOf({ name: `${title}, files`, older: before?.files, newer: after?.files, print: printWhole }),
      numbersOf({ name: `${title}, folders`, older: before?.directories, newer: after?.directories, print: printWhole }),
      numbersOf({ name: `${title}, bytes`, older: before?.bytes, newer: after?.bytes, print: printBytes }),
    ]
  })
  return [...databases, ...roots]
}

function momentOf(source: { readonly instant: string } | undefined): string {
  return source === undefined ? 'not in it' : instantOf(source.instant)
}

function instantOf(at: string): string {
  return `${printInstant(at)} ${printZone(at)}`
}

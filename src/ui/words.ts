import type { ProtectionState } from '#contract/health.ts'
import { RemoteFault } from '#contract/client.ts'
import type { Severity } from '#contract/notice-kinds.ts'
import type { Status } from '#contract/shapes.ts'
import { isFault } from '#base/fault.ts'
import { factOf, hintOf } from './hints.ts'
import type { standings } from '#contract/backups.ts'

/** What a state asks of its reader: nothing, a look, an act now, patience. */
export type Tone = 'good' | 'warning' | 'bad' | 'busy' | 'neutral' | 'unknown'

export interface Wording {
  readonly words: string
  readonly tone: Tone
}

export const statusWords: Readonly<Record<Status, Wording>> = {
  pending: { words: 'Waiting', tone: 'neutral' },
  in_progress: { words: 'Running', tone: 'busy' },
  completed: { words: 'Completed', tone: 'good' },
  completed_with_gaps: { words: 'Completed with gaps', tone: 'warning' },
  failed: { words: 'Failed', tone: 'bad' },
  cancelled: { words: 'Cancelled', tone: 'neutral' },
}

export const standingWords: Readonly<Record<(typeof standings)[number], Wording & { readonly meaning: string }>> = {
  unverified: { words: 'Not verified', tone: 'unknown', meaning: 'nobody has read it back yet' },
  intact: { words: 'Verified', tone: 'good', meaning: 'read back: every row and byte as its manifest says' },
  proven: { words: 'Proven', tone: 'good', meaning: 'restored, in a drill or for real, and compared' },
  failed: { words: 'Damaged', tone: 'bad', meaning: 'reading it back found what its manifest does not say' },
}

export const protectionWords: Readonly<Record<ProtectionState, Wording>> = {
  protected: { words: 'Protected', tone: 'good' },
  'at-risk': { words: 'At risk', tone: 'warning' },
  unprotected: { words: 'Unprotected', tone: 'bad' },
}

export const severityWords: Readonly<Record<Severity, Wording>> = {
  info: { words: 'Information', tone: 'neutral' },
  warning: { words: 'Warning', tone: 'warning' },
  critical: { words: 'Critical', tone: 'bad' },
}

/** Of a status that a newer service may have: as it is. */
export function wordingOf(status: string): Wording {
  return (statusWords as Readonly<Record<string, Wording>>)[status] ?? { words: sentenceCase(status), tone: 'unknown' }
}

/** `completed_with_gaps` → `Completed with gaps`. */
export function sentenceCase(text: string): string {
  const words = text.replaceAll(/[_-]+/g, ' ').trim()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** `1 table`, `2 tables`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${printWhole(count)} ${count === 1 ? noun : plural}`
}

export function printWhole(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, '\u2009')
}

/** A share of 0 to 1. */
export function printPercent(share: number, digits = 0): string {
  return `${(share * 100).toFixed(digits)} %`
}

export interface Told {
  readonly fact: string
  readonly hint: string
  readonly code: string
}

/** What went wrong, for whoever looks at the page: the fact, then what to do. */
export function toldOf(error: unknown): Told {
  if (error instanceof RemoteFault || isFault(error))
    return { fact: capitalized(factOf(error.message)), hint: capitalized(factOf(hintOf(error))), code: error.code }
  return {
    fact: 'This page made a mistake.',
    hint: 'Load it again. If it happens again, report what you did; nothing was lost on the server.',
    code: 'PAGE',
  }
}

export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

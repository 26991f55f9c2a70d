import type { alerts, Telling } from '#contract/alerts.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import { counted } from '#ui/words.ts'

export interface Happened {
  readonly at: string
  readonly words: string
}

type Alert = Pick<
  ReplyOf<typeof alerts.details>,
  'openedAt' | 'seenAt' | 'times' | 'acknowledgedAt' | 'acknowledgedBy' | 'acknowledgedNote' | 'settledAt' | 'settledBecause' | 'tellings'
>

/** What became of an alert, the oldest first. */
export function historyOf(alert: Alert): Happened[] {
  const { openedAt, seenAt, times, acknowledgedAt, acknowledgedBy, acknowledgedNote, settledAt, settledBecause, tellings } = alert
  const happened = [
    { at: openedAt, words: 'Opened.' },
    ...tellings.map((telling) => ({ at: telling.at, words: tellingWords(telling) })),
    ...(times > 1 ? [{ at: seenAt, words: `Found again, for the ${ordinal(times)} time.` }] : []),
    ...(acknowledgedAt === null ? [] : [{ at: acknowledgedAt, words: `${acknowledgedBy} takes care of it: ${acknowledgedNote}` }]),
    ...(settledAt === null ? [] : [{ at: settledAt, words: `Settled: ${settledBecause}` }]),
  ]
  // Of the same moment: in the order above.
  return happened.toSorted((a, b) => a.at.localeCompare(b.at))
}

const occasions = { opened: 'Told', repeated: 'Told again', settled: 'Told that it is settled' } as const

function tellingWords({ occasion, delivered, waiting, givenUp }: Telling): string {
  const parts = [
    ...(delivered > 0 ? [`${counted(delivered, 'message')} delivered`] : []),
    ...(waiting > 0 ? [`${counted(waiting, 'message')} on the way`] : []),
    ...(givenUp > 0 ? [`${counted(givenUp, 'message')} given up`] : []),
  ]
  return `${occasions[occasion]}: ${parts.length === 0 ? 'no channel takes it' : parts.join(', ')}.`
}

function ordinal(count: number): string {
  const [tens, ones] = [count % 100, count % 10]
  const end = tens >= 11 && tens <= 13 ? 'th' : ones === 1 ? 'st' : ones === 2 ? 'nd' : ones === 3 ? 'rd' : 'th'
  return `${count}${end}`
}

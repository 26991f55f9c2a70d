import type { CalendarDay } from '#contract/backups.ts'
import { counted, type Tone } from '#ui/words.ts'

/** What a day is shown as: the worst that happened on it. */
export type Outcome = 'none' | 'good' | 'open' | 'gaps' | 'missed' | 'failed'

export const outcomeWords: Readonly<Record<Outcome, { readonly words: string; readonly tone: Tone; readonly sign: string }>> = {
  failed: { words: 'A backup failed', tone: 'bad', sign: '×' },
  missed: { words: 'A scheduled time was missed', tone: 'bad', sign: '!' },
  gaps: { words: 'Completed with gaps', tone: 'warning', sign: '~' },
  open: { words: 'Still running', tone: 'busy', sign: '…' },
  good: { words: 'All completed', tone: 'good', sign: '✓' },
  none: { words: 'No backup', tone: 'neutral', sign: '' },
}

export function outcomeOf(day: Omit<CalendarDay, 'date'> | undefined): Outcome {
  if (day === undefined) return 'none'
  if (day.failed > 0) return 'failed'
  if (day.missed > 0) return 'missed'
  if (day.completedWithGaps > 0) return 'gaps'
  if (day.completed > 0) return 'good'
  return day.open > 0 ? 'open' : 'none'
}

/** `3 completed, 1 failed`. */
export function wordsOf(day: Omit<CalendarDay, 'date'> | undefined): string {
  if (day === undefined) return 'no backup'
  const parts = [
    ...(day.completed > 0 ? [`${day.completed} completed`] : []),
    ...(day.completedWithGaps > 0 ? [`${day.completedWithGaps} completed with gaps`] : []),
    ...(day.failed > 0 ? [`${day.failed} failed`] : []),
    ...(day.missed > 0 ? [counted(day.missed, 'scheduled time missed', 'scheduled times missed')] : []),
    ...(day.open > 0 ? [`${day.open} running`] : []),
    ...(day.cancelled > 0 ? [`${day.cancelled} cancelled`] : []),
  ]
  return parts.length === 0 ? 'no backup' : parts.join(', ')
}

export interface Month {
  readonly year: number
  /** From 0. */
  readonly month: number
  readonly days: number
}

/** A year of months, that of `today` the last. */
export function monthsUntil(today: Date, count = 12): Month[] {
  return Array.from({ length: count }, (_none, index) => {
    const first = new Date(today.getFullYear(), today.getMonth() - count + 1 + index, 1)
    const [year, month] = [first.getFullYear(), first.getMonth()]
    return { year, month, days: new Date(year, month + 1, 0).getDate() }
  })
}

export function dateOf({ year, month }: Pick<Month, 'year' | 'month'>, day: number): string {
  return `${year}-${String(month + 1).padStart(2, '0')}-${String(day).padStart(2, '0')}`
}

export interface Place {
  readonly row: number
  readonly day: number
}

/** Where a key leads from a day; the same place when there is none there. */
export function moved({ row, day }: Place, key: string, months: readonly Month[]): Place {
  const within = (place: Place): Place => ({ row: place.row, day: Math.min(place.day, months[place.row]!.days) })
  switch (key) {
    case 'ArrowLeft':
      if (day > 1) return { row, day: day - 1 }
      return row > 0 ? { row: row - 1, day: months[row - 1]!.days } : { row, day }
    case 'ArrowRight':
      if (day < months[row]!.days) return { row, day: day + 1 }
      return row < months.length - 1 ? { row: row + 1, day: 1 } : { row, day }
    case 'ArrowUp':
      return row > 0 ? within({ row: row - 1, day }) : { row, day }
    case 'ArrowDown':
      return row < months.length - 1 ? within({ row: row + 1, day }) : { row, day }
    case 'Home':
      return { row, day: 1 }
    case 'End':
      return { row, day: months[row]!.days }
    default:
      return { row, day }
  }
}

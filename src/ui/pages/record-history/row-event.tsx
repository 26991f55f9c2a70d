import type { Wording } from '#ui/words.ts'
import { counted } from '#ui/words.ts'
import { FieldTable } from './field-table.tsx'
import type { FieldPair, RowEvent } from './history-points.ts'

/** What happened to a row, in a word or two. */
export function wordingOfEvent({ kind, since, fields }: RowEvent): Wording {
  if (kind === 'changed') return { words: `Changed: ${counted(fields.length, 'field')}`, tone: 'warning' }
  if (kind === 'vanished') return { words: 'Gone', tone: 'bad' }
  if (kind === 'returned') return { words: 'Back again', tone: 'good' }
  return since === null ? { words: 'There already', tone: 'neutral' } : { words: 'New', tone: 'good' }
}

const sides = {
  appeared: ['As it is here'],
  returned: ['As it is here'],
  changed: ['Was', 'Is'],
  vanished: ['As it was before'],
} as const

/** The fields that an event is about: of a change those that differ, otherwise the whole row. */
export function EventFields({ event, label }: { readonly event: RowEvent; readonly label: string }) {
  const { kind, fields } = event
  const pairs = fields.map(({ column, from, to }): FieldPair => {
    if (kind === 'vanished') return { column, before: undefined, after: from, isChanged: false }
    return { column, before: from, after: to, isChanged: kind === 'changed' }
  })
  return <FieldTable label={label} pairs={pairs} sides={sides[kind]} />
}

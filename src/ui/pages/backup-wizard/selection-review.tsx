import { Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { printInstant, printZone } from '#ui/instants.ts'
import { Note } from '#ui/parts/tone.tsx'
import { counted } from '#ui/words.ts'
import type { BackupDraft } from './backup-draft.ts'
import { chosenRecords, instantOf } from './selection-draft.ts'

/** What was selected, line by line; whose records they are is shown to whoever typed it. */
export function selectionFacts({ selection, type }: BackupDraft): readonly (readonly [string, ReactNode])[] {
  const { tables, dataTypes, since, until } = selection
  const records = chosenRecords(selection)
  return [
    ['Holds', 'some of it: what is named here, what belongs to it, and what has to exist for that'],
    ...(records.length === 0 ? [] : [listed('Records', records, ({ kind, key }) => `${kind} ${key}`)]),
    ...(tables.length === 0 ? [] : [listed('Tables', tables, ({ schema, table }) => `${schema}.${table}`)]),
    ...(dataTypes.length === 0 ? [] : [listed('Data types', dataTypes, (name) => name)]),
    ...(since === null ? [] : [['Since', printLocal(since)] as const]),
    ...(until === null ? [] : [['Until', `before ${printLocal(until)}`] as const]),
    ['Files', type === 'full' ? 'those that its rows name' : 'none: rows alone'],
  ]
}

const linesMax = 20

function listed<Item>(title: string, items: readonly Item[], print: (item: Item) => string): readonly [string, ReactNode] {
  return [
    title,
    <Stack gap={0} key={title}>
      {items.slice(0, linesMax).map((item) => (
        <span key={print(item)}>{print(item)}</span>
      ))}
      {items.length > linesMax && <span>and {counted(items.length - linesMax, 'more', 'more')}</span>}
    </Stack>,
  ]
}

function printLocal(local: string): string {
  const at = instantOf(local)
  return `${printInstant(at)} ${printZone(at)}`
}

/** What whoever starts it has to know. */
export function SelectionNotes() {
  return (
    <>
      <Note tone="warning" title="It is partial: the system cannot come back from it">
        <Text size="sm">
          It is listed as a selection, no schedule, health or retention counts it as a backup of the system, and a restore of it is refused
          where something is in its place. Another backup has to protect the system.
        </Text>
      </Note>
      <Text size="sm">
        How large it is, nobody knows before it is read. A record that is not there, or a selection without a single row, ends it with that
        fact, and nothing is stored.
      </Text>
    </>
  )
}

import { Group, Select, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { printInstant, printZone } from '#ui/instants.ts'
import { DataTable, type Column } from '#ui/parts/data-table.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Badge } from '#ui/parts/tone.tsx'
import { counted, printWhole } from '#ui/words.ts'
import { FieldTable } from './field-table.tsx'
import { comparedRows, nameOf, printKey, readBackups, type ComparedRow, type History } from './history-points.ts'

/** The record in one backup beside the same record in another: only what is told row by row can be told here. */
export function ComparePoints({ history }: { readonly history: History }) {
  const read = readBackups(history)
  const [then, setThen] = useState(read[0]!.id)
  const [now, setNow] = useState(read.at(-1)!.id)
  const data = read.map(({ id, at }) => ({ value: id, label: `${printInstant(at)} ${printZone(at)}` }))
  const sides = [labelOf(data, then), labelOf(data, now)] as const
  const rows = comparedRows(history, then, now)
  return (
    <Section title="Then and now" lead="Two backups side by side: the record itself, and the rows of the table that is open above.">
      <Stack gap="md">
        <Group className="no-print">
          <Select label="Then" w={280} allowDeselect={false} data={data} value={then} onChange={(id) => setThen(id ?? then)} />
          <Select label="Now" w={280} allowDeselect={false} data={data} value={now} onChange={(id) => setNow(id ?? now)} />
        </Group>
        <RowCounts history={history} then={then} now={now} sides={sides} />
        {rows.length === 0 && <Text size="sm">Every row that is told here is the same in both.</Text>}
        {rows.slice(0, rowsShown).map((row, at) => (
          // oxlint-disable-next-line react/no-array-index-key -- rows of one history never move, and some have no key
          <Compared key={at} compared={row} sides={sides} />
        ))}
        {rows.length > rowsShown && (
          <Text size="sm">
            The first {rowsShown} of {counted(rows.length, 'row')} that differ; the rows of the open table stand above, page by page.
          </Text>
        )}
      </Stack>
    </Section>
  )
}

const rowsShown = 50

function labelOf(data: readonly { readonly value: string; readonly label: string }[], id: string): string {
  return data.find(({ value }) => value === id)?.label ?? 'not known'
}

interface CountsProps {
  readonly history: History
  readonly then: string
  readonly now: string
  readonly sides: readonly [then: string, now: string]
}

interface Counts {
  readonly name: string
  readonly before: number | null
  readonly after: number | null
}

/** Each backup by its time: on paper nothing else says which two they are. */
function countColumns([then, now]: CountsProps['sides']): readonly Column<Counts>[] {
  const print = (rows: number | null) => (rows === null ? 'not known' : printWhole(rows))
  return [
    { id: 'name', title: 'Rows of', cell: ({ name }) => name },
    { id: 'then', title: then, isNumber: true, cell: ({ before }) => print(before) },
    { id: 'now', title: now, isNumber: true, cell: ({ after }) => print(after) },
  ]
}

function RowCounts({ history: { tables }, then, now, sides }: CountsProps) {
  const rowsIn = (table: History['tables'][number], backup: string) =>
    table.moments.find((moment) => moment.backup === backup)?.rows ?? null
  const counts = tables.map((table): Counts => ({ name: nameOf(table), before: rowsIn(table, then), after: rowsIn(table, now) }))
  const different = counts.filter((one) => one.before === null || one.before !== one.after)
  if (different.length === 0) return <Text size="sm">Each table has as many rows of the record in both.</Text>
  return <DataTable label="Rows then and now" noun="table" columns={countColumns(sides)} rows={different} keyOf={({ name }) => name} />
}

const states = {
  changed: { words: 'Differs', tone: 'warning' },
  new: { words: 'Only now', tone: 'good' },
  gone: { words: 'Only then', tone: 'bad' },
} as const

function Compared({ compared, sides }: { readonly compared: ComparedRow; readonly sides: readonly [string, string] }) {
  const { name, row, kind, pairs } = compared
  const title = `${name}: ${printKey(row)}`
  return (
    <Stack gap={4} component="section" aria-label={`${states[kind].words}: ${title}`}>
      <Group gap="xs">
        <Badge tone={states[kind].tone}>{states[kind].words}</Badge>
        <Text size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
          {title}
        </Text>
      </Group>
      <FieldTable
        label={`Then and now: ${title}`}
        pairs={kind === 'gone' ? pairs.map((pair) => ({ ...pair, after: pair.before })) : pairs}
        sides={kind === 'changed' ? sides : [kind === 'gone' ? sides[0] : sides[1]]}
      />
    </Stack>
  )
}

import { Button, Checkbox, Group, Stack, Text, Title } from '@mantine/core'
import { useState } from 'react'
import { DataTable, TableSkeleton, type Column } from '#ui/parts/data-table.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { Badge, Note } from '#ui/parts/tone.tsx'
import { counted, printWhole } from '#ui/words.ts'
import { isEventful, nameOf, printKey, sumsOf, type History, type HistoryRow, type TableSums } from './history-points.ts'
import { EventFields, wordingOfEvent } from './row-event.tsx'

interface HistoryTablesProps {
  readonly history: History
  /** Whose rows are told, and whose are being read. */
  readonly opened: string | undefined
  readonly opening: string | undefined
  readonly onOpen: (table: string) => void
}

/** Table by table, in numbers; one at a time row by row. */
export function HistoryTables({ history, opened, opening, onOpen }: HistoryTablesProps) {
  const shown = opening ?? opened
  return (
    <Section
      title="Table by table"
      lead="What belongs to the record. The numbers count what happened after the first backup that tells of a table."
    >
      <Stack gap="md">
        <DataTable
          label="Tables of the record"
          noun="table"
          columns={columnsFor(shown, onOpen)}
          rows={sumsOf(history)}
          keyOf={({ name }) => name}
        />
        {opening !== undefined ? (
          <>
            <Title order={3}>{opening}</Title>
            <TableSkeleton rows={4} />
          </>
        ) : (
          opened !== undefined && <TableRows key={opened} table={opened} history={history} />
        )}
      </Stack>
    </Section>
  )
}

function columnsFor(shown: string | undefined, onOpen: (table: string) => void): readonly Column<TableSums>[] {
  const number = (id: 'appeared' | 'changed' | 'vanished' | 'returned', title: string): Column<TableSums> => ({
    id,
    title,
    isNumber: true,
    cell: (sums) => printWhole(sums[id]),
  })
  return [
    { id: 'name', title: 'Table', cell: ({ name, isRoot }) => (isRoot ? `${name} (the record itself)` : name) },
    { id: 'rows', title: 'Rows in the newest', isNumber: true, cell: ({ rows }) => (rows === null ? 'not known' : printWhole(rows)) },
    number('appeared', 'New'),
    number('changed', 'Changes'),
    number('vanished', 'Gone'),
    number('returned', 'Back again'),
    {
      id: 'open',
      title: 'Rows',
      cell: ({ name, isRoot }) =>
        isRoot ? (
          <Text size="sm">above</Text>
        ) : (
          <Button variant="default" size="compact-sm" disabled={name === shown} onClick={() => onOpen(name)}>
            {name === shown ? 'Shown below' : 'Show its rows'}
          </Button>
        ),
    },
  ]
}

const rowsAtOnce = 10

function TableRows({ table, history }: { readonly table: string; readonly history: History }) {
  const [hasAll, setHasAll] = useState(false)
  const [page, setPage] = useState(0)
  const all = history.rows.filter((row) => !row.isRoot && nameOf(row) === table)
  const rows = hasAll ? all : all.filter(isEventful)
  const shown = rows.slice(page * rowsAtOnce, (page + 1) * rowsAtOnce)
  return (
    <Stack gap="sm" component="section" aria-label={`Rows of ${table}`}>
      <Title order={3}>{table}</Title>
      {history.rowsLeftOut > 0 && (
        <Note tone="warning" title={`${counted(history.rowsLeftOut, 'row')} more than a page can show`}>
          <Text size="sm">Read the backups of a shorter time, or use the command line: integrum history --table {table}.</Text>
        </Note>
      )}
      <Checkbox
        className="no-print"
        label={`Also rows to which nothing happened (${printWhole(all.length - all.filter(isEventful).length)})`}
        checked={hasAll}
        onChange={(event) => {
          setHasAll(event.currentTarget.checked)
          setPage(0)
        }}
      />
      {rows.length === 0 && <Text size="sm">Nothing happened to any of its rows.</Text>}
      {shown.map((row, at) => (
        // oxlint-disable-next-line react/no-array-index-key -- rows of one history never move, and some have no key
        <OneRow key={page * rowsAtOnce + at} row={row} history={history} />
      ))}
      {rows.length > rowsAtOnce && (
        <Group>
          <Button variant="default" size="xs" disabled={page === 0} onClick={() => setPage(page - 1)}>
            Rows before
          </Button>
          <Text size="sm">
            {page * rowsAtOnce + 1} to {page * rowsAtOnce + shown.length} of {counted(rows.length, 'row')}
          </Text>
          <Button variant="default" size="xs" disabled={(page + 1) * rowsAtOnce >= rows.length} onClick={() => setPage(page + 1)}>
            Next rows
          </Button>
        </Group>
      )}
    </Stack>
  )
}

function OneRow({ row, history }: { readonly row: HistoryRow; readonly history: History }) {
  const instants = new Map(history.backups.map(({ id, at }) => [id, at]))
  return (
    <Stack gap={4} component="section" aria-label={printKey(row)}>
      <Text size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
        {printKey(row)}
      </Text>
      {row.events.map((event) => (
        <div key={`${event.backup} ${event.kind}`}>
          <Group gap="xs">
            <Badge tone={wordingOfEvent(event).tone}>{wordingOfEvent(event).words}</Badge>
            <Text size="sm">
              <Instant at={instants.get(event.backup)} />
            </Text>
          </Group>
          {/* What went is what stands above it. */}
          {event.kind !== 'vanished' && <EventFields event={event} label={`${wordingOfEvent(event).words}: ${printKey(row)}`} />}
        </div>
      ))}
    </Stack>
  )
}

import { Button, Checkbox, Group, Pill, Stack, Text, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconSearch } from '@tabler/icons-react'
import { useState } from 'react'
import type { ReplyOf } from '#contract/endpoint.ts'
import { records } from '#contract/records.ts'
import { useReply } from '#ui/call.ts'
import { DataTable, TableSkeleton, type Column } from '#ui/parts/data-table.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { counted, printWhole } from '#ui/words.ts'
import { isSameTable, type SelectionDraft, type TableName } from './selection-draft.ts'

type Row = ReplyOf<typeof records.tables>['rows'][number]

interface TablesPartProps {
  readonly systemId: string
  readonly tables: readonly TableName[]
  readonly change: (part: Partial<SelectionDraft>) => void
}

/** Which tables, of thousands: the service finds and pages them, as they are in the live databases now. */
export function TablesPart({ systemId, tables, change }: TablesPartProps) {
  const [page, setPage] = useState({ page: 1, pageSize: 10 })
  const [search, setSearch] = useState('')
  // Each question asks the database.
  const [wanted] = useDebouncedValue(search.trim(), 300)
  const reply = useReply(records.tables, { params: { id: systemId }, query: { ...page, ...(wanted !== '' && { search: wanted }) } })
  const isChosen = (table: TableName) => tables.some((one) => isSameTable(one, table))
  const toggle = ({ schema, table }: TableName) =>
    change({
      tables: isChosen({ schema, table }) ? tables.filter((one) => !isSameTable(one, { schema, table })) : [...tables, { schema, table }],
    })
  return (
    <Stack gap="sm">
      <Text size="sm">
        All their rows, and of other tables those that have to exist for them. Of a partitioned table, the root stands for all of it.
      </Text>
      <TextInput
        label="Find a table"
        leftSection={<IconSearch size={16} aria-hidden />}
        maw={320}
        maxLength={120}
        value={search}
        onChange={(event) => {
          setSearch(event.currentTarget.value)
          setPage((before) => ({ ...before, page: 1 }))
        }}
      />
      <Loaded
        reply={reply}
        skeleton={<TableSkeleton rows={4} />}
        isEmpty={({ total }) => total === 0}
        empty={<Text size="sm">{wanted === '' ? 'The live databases have no table.' : 'No table is named so.'}</Text>}
      >
        {({ rows, total }) => (
          <DataTable
            label="Tables of the system"
            noun="table"
            columns={columnsFor(isChosen, toggle, new Set(rows.map(({ database }) => database)).size > 1)}
            rows={rows}
            keyOf={({ database, schema, table }) => JSON.stringify([database, schema, table])}
            onOpen={toggle}
            isOld={reply.isPlaceholderData}
            paging={{ ...page, total, onChange: (next) => setPage((before) => ({ ...before, ...next })) }}
          />
        )}
      </Loaded>
      <Chosen tables={tables} onRemove={toggle} onClear={() => change({ tables: [] })} />
    </Stack>
  )
}

function columnsFor(
  isChosen: (table: TableName) => boolean,
  toggle: (table: TableName) => void,
  isOfSeveral: boolean,
): readonly Column<Row>[] {
  return [
    {
      id: 'table',
      title: 'Table',
      cell: (row) => <Checkbox label={printTable(row)} checked={isChosen(row)} onChange={() => toggle(row)} />,
    },
    ...(isOfSeveral ? [{ id: 'database', title: 'Database', cell: ({ database }: Row) => database }] : []),
    {
      id: 'rows',
      title: 'Rows, about',
      isNumber: true,
      cell: ({ rowsEstimate }) => (rowsEstimate === null ? 'not known' : printWhole(rowsEstimate)),
    },
  ]
}

function printTable({ schema, table }: TableName): string {
  return `${schema}.${table}`
}

interface ChosenProps {
  readonly tables: readonly TableName[]
  readonly onRemove: (table: TableName) => void
  readonly onClear: () => void
}

function Chosen({ tables, onRemove, onClear }: ChosenProps) {
  return (
    <Group gap="xs" aria-live="polite">
      <Text size="sm" fw={600}>
        {tables.length === 0 ? 'None chosen yet' : `${counted(tables.length, 'table')} chosen:`}
      </Text>
      {tables.map((one) => (
        <Pill
          key={JSON.stringify([one.schema, one.table])}
          withRemoveButton
          onRemove={() => onRemove(one)}
          removeButtonProps={{ 'aria-label': `Leave out ${printTable(one)}`, 'aria-hidden': false }}
        >
          {printTable(one)}
        </Pill>
      ))}
      {tables.length > 1 && (
        <Button variant="subtle" size="compact-sm" onClick={onClear}>
          None
        </Button>
      )}
    </Group>
  )
}

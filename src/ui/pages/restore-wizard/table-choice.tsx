import { Button, Checkbox, Group, Pill, Select, Stack, Text, TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useState } from 'react'
import { backupContent } from '#contract/backup-content.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import { printBytes } from '#base/units.ts'
import { useReply } from '#ui/call.ts'
import { DataTable, TableSkeleton, type Column } from '#ui/parts/data-table.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { capitalized, counted, printWhole } from '#ui/words.ts'
import { chosenDatabases } from './scope-order.ts'
import type { ScopeStepProps } from './scope-props.ts'

type Row = ReplyOf<typeof backupContent.tables>['rows'][number]

/** Which tables come back, of thousands: the service finds and pages them. */
export function TableChoice({ backupId, parts, choice, change, fault }: ScopeStepProps & { readonly fault: string | undefined }) {
  const [page, setPage] = useState({ page: 1, pageSize: 10 })
  const [search, setSearch] = useState('')
  const [database = ''] = chosenDatabases(choice, parts)
  const wanted = search.trim()
  const reply = useReply(backupContent.tables, {
    params: { id: backupId },
    query: { ...page, database, ...(wanted !== '' && { search: wanted }) },
  })
  const chosen = new Set(choice.tables)
  const toggle = (name: string) =>
    change({ tables: chosen.has(name) ? choice.tables.filter((one) => one !== name) : [...choice.tables, name] })
  return (
    <Section title="Which tables?" lead="Their rows come back. Definitions of the others come as well, empty.">
      <Stack gap="sm">
        <Find
          {...{ parts, choice, change, search }}
          onSearch={(text) => {
            setSearch(text)
            setPage((before) => ({ ...before, page: 1 }))
          }}
        />
        <Loaded
          reply={reply}
          skeleton={<TableSkeleton />}
          isEmpty={({ total }) => total === 0}
          empty={<Text size="sm">No table of this backup is named so.</Text>}
        >
          {({ rows, total }) => (
            <DataTable
              label="Tables of the backup"
              noun="table"
              columns={columnsFor(chosen, toggle)}
              rows={rows}
              keyOf={nameOf}
              onOpen={(row) => toggle(nameOf(row))}
              isOld={reply.isPlaceholderData}
              paging={{ ...page, total, onChange: (next) => setPage((before) => ({ ...before, ...next })) }}
            />
          )}
        </Loaded>
        <Chosen tables={choice.tables} onRemove={toggle} onClear={() => change({ tables: [] })} />
        {fault !== undefined && (
          <Text size="sm" c="var(--mantine-color-error)">
            {capitalized(fault)}
          </Text>
        )}
      </Stack>
    </Section>
  )
}

type FindProps = Pick<ScopeStepProps, 'parts' | 'choice' | 'change'> & {
  readonly search: string
  readonly onSearch: (text: string) => void
}

function Find({ parts, choice, change, search, onSearch }: FindProps) {
  return (
    <Group align="flex-end">
      {parts.databases.length > 1 && (
        <Select
          label="Database"
          allowDeselect={false}
          data={parts.databases.map(({ name }) => name)}
          value={chosenDatabases(choice, parts)[0] ?? null}
          onChange={(name) => name !== null && change({ databases: [name], tables: [] })}
        />
      )}
      <TextInput
        label="Find a table"
        leftSection={<IconSearch size={16} aria-hidden />}
        value={search}
        onChange={(event) => {
          onSearch(event.currentTarget.value)
        }}
      />
    </Group>
  )
}

function nameOf({ schema, table }: Row): string {
  return `${schema}.${table}`
}

function columnsFor(chosen: ReadonlySet<string>, toggle: (name: string) => void): readonly Column<Row>[] {
  return [
    {
      id: 'table',
      title: 'Table',
      cell: (row) => <Checkbox label={nameOf(row)} checked={chosen.has(nameOf(row))} onChange={() => toggle(nameOf(row))} />,
    },
    { id: 'rows', title: 'Rows', isNumber: true, cell: ({ rows }) => printWhole(rows) },
    { id: 'bytes', title: 'Size', isNumber: true, cell: ({ bytes }) => printBytes(bytes) },
  ]
}

interface ChosenProps {
  readonly tables: readonly string[]
  readonly onRemove: (name: string) => void
  readonly onClear: () => void
}

function Chosen({ tables, onRemove, onClear }: ChosenProps) {
  return (
    <Group gap="xs" aria-live="polite">
      <Text size="sm" fw={600}>
        {tables.length === 0 ? 'None chosen yet' : `${counted(tables.length, 'table')} chosen:`}
      </Text>
      {tables.map((name) => (
        <Pill
          key={name}
          withRemoveButton
          onRemove={() => onRemove(name)}
          removeButtonProps={{ 'aria-label': `Leave out ${name}`, 'aria-hidden': false }}
        >
          {name}
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

import { Group, Select, Text, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconSearch } from '@tabler/icons-react'
import { useState } from 'react'
import { printBytes } from '#base/units.ts'
import { backupContent } from '#contract/backup-content.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import { useReply } from '#ui/call.ts'
import { DataTable, TableSkeleton, type Column } from '#ui/parts/data-table.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { printWhole } from '#ui/words.ts'

type TableRow = ReplyOf<typeof backupContent.tables>['rows'][number]

const columns: readonly Column<TableRow>[] = [
  { id: 'database', title: 'Database', cell: ({ database }) => database },
  { id: 'table', title: 'Table', cell: ({ schema, table }) => `${schema}.${table}` },
  { id: 'rows', title: 'Rows', isNumber: true, cell: ({ rows }) => printWhole(rows) },
  { id: 'bytes', title: 'Content', isNumber: true, cell: ({ bytes }) => printBytes(bytes) },
]

/** The tables with their rows; the service pages and searches, since there may be thousands. */
export function BackupTables({ id, databases }: { readonly id: string; readonly databases: readonly string[] }) {
  const [typed, setTyped] = useState('')
  const [search] = useDebouncedValue(typed.trim(), 250)
  const [database, setDatabase] = useState<string | null>(null)
  const [{ page, pageSize }, setPaging] = useState({ page: 1, pageSize: 25 })
  const query = { page, pageSize, ...(search !== '' && { search }), ...(database !== null && { database }) }
  const reply = useReply(backupContent.tables, { params: { id }, query })
  if (databases.length === 0) return <Text size="sm">It holds no database.</Text>
  return (
    <>
      <Group mb="sm" align="flex-end" className="no-print">
        <TextInput
          label="Table"
          placeholder="Part of a name"
          leftSection={<IconSearch size={16} aria-hidden />}
          maxLength={120}
          value={typed}
          onChange={({ currentTarget }) => {
            setTyped(currentTarget.value)
            setPaging({ page: 1, pageSize })
          }}
        />
        {databases.length > 1 && (
          <Select
            label="Database"
            placeholder="All"
            clearable
            data={[...databases]}
            value={database}
            onChange={(chosen) => {
              setDatabase(chosen)
              setPaging({ page: 1, pageSize })
            }}
          />
        )}
      </Group>
      <Loaded
        reply={reply}
        skeleton={<TableSkeleton />}
        isEmpty={({ total }) => total === 0}
        empty={<Text size="sm">{search === '' ? 'It holds no tables.' : 'No table has that in its name.'}</Text>}
      >
        {({ rows, total }) => (
          <DataTable
            label="Tables of the backup"
            noun="table"
            columns={columns}
            rows={rows}
            keyOf={(row) => `${row.database} ${row.schema} ${row.table}`}
            paging={{ page, pageSize, total, onChange: (change) => setPaging({ page, pageSize, ...change }) }}
            isOld={reply.isPlaceholderData}
          />
        )}
      </Loaded>
    </>
  )
}

import { Group, SegmentedControl, SimpleGrid, Text } from '@mantine/core'
import { printBytes } from '#base/units.ts'
import { backupContent, tableChanges } from '#contract/backup-content.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import { useReply } from '#ui/call.ts'
import { DataTable, TableSkeleton, type Column } from '#ui/parts/data-table.tsx'
import { Figure } from '#ui/parts/facts.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Badge } from '#ui/parts/tone.tsx'
import { printWhole, type Wording } from '#ui/words.ts'
import type { CompareState } from './compare-search.ts'
import { printDifference } from './compared.ts'

type Comparison = ReplyOf<typeof backupContent.compare>
type ComparedTable = Comparison['rows'][number]
type TableChange = (typeof tableChanges)[number]

const changeWords: Readonly<Record<TableChange, Wording>> = {
  added: { words: 'Added', tone: 'busy' },
  removed: { words: 'Removed', tone: 'warning' },
  changed: { words: 'Changed', tone: 'warning' },
  same: { words: 'Same size', tone: 'neutral' },
}

const columns: readonly Column<ComparedTable>[] = [
  { id: 'table', title: 'Table', cell: ({ database, schema, table }) => `${database}: ${schema}.${table}` },
  {
    id: 'change',
    title: 'Change',
    cell: ({ change }) => <Badge tone={changeWords[change].tone}>{changeWords[change].words}</Badge>,
  },
  { id: 'before', title: 'Rows before', isNumber: true, cell: ({ before }) => rowsOf(before) },
  { id: 'after', title: 'Rows after', isNumber: true, cell: ({ after }) => rowsOf(after) },
  {
    id: 'difference',
    title: 'Rows',
    isNumber: true,
    cell: ({ before, after }) => printDifference(before?.rows ?? 0, after?.rows ?? 0),
  },
  {
    id: 'bytes',
    title: 'Bytes',
    isNumber: true,
    cell: ({ before, after }) => printDifference(before?.bytes ?? 0, after?.bytes ?? 0, printBytes),
  },
]

function rowsOf(size: ComparedTable['before']): string {
  return size === null ? 'no such table' : printWhole(size.rows)
}

interface CompareTablesProps extends CompareState {
  readonly older: string
  readonly newer: string
}

export function CompareTables({ older, newer, search, onChange }: CompareTablesProps) {
  const { page, pageSize, change } = search
  const reply = useReply(backupContent.compare, { params: { id: older, other: newer }, query: { page, pageSize, change } })
  return (
    <Section
      title="Tables"
      lead="By what the manifests say of rows and bytes. Rows that were changed without a change of size are not seen here."
    >
      <Loaded reply={reply} skeleton={<TableSkeleton />}>
        {({ rows, total, counts, rowCounts }) => (
          <>
            <SimpleGrid cols={{ base: 2, sm: 5 }} mb="md">
              {tableChanges.map((one) => (
                <Figure key={one} label={changeWords[one].words} value={printWhole(counts[one])} />
              ))}
              <Figure label="Rows in all" value={printDifference(rowCounts.before, rowCounts.after)} />
            </SimpleGrid>
            <Group mb="sm" className="no-print">
              <SegmentedControl
                aria-label="Which tables"
                size="xs"
                style={{ flexWrap: 'wrap' }}
                data={[
                  { value: 'different', label: 'Different' },
                  ...tableChanges.map((one) => ({ value: one, label: changeWords[one].words })),
                  { value: 'any', label: 'All' },
                ]}
                value={change}
                onChange={(chosen) => onChange({ change: chosen, page: 1 })}
              />
            </Group>
            {total === 0 ? (
              <Text size="sm">{change === 'different' ? 'No table differs in rows or bytes.' : 'There is no such table.'}</Text>
            ) : (
              <DataTable
                label="Tables of both backups"
                noun="table"
                columns={columns}
                rows={rows}
                keyOf={({ database, schema, table }) => `${database} ${schema} ${table}`}
                paging={{ page, pageSize, total, onChange }}
                isOld={reply.isPlaceholderData}
              />
            )}
          </>
        )}
      </Loaded>
    </Section>
  )
}

import { Button, Group, Select, Stack, Table, Text, VisuallyHidden } from '@mantine/core'
import { useState } from 'react'
import { records as endpoints, type ChangedRow, type RecordPlan } from '#contract/records.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import type { PlanView } from '#contract/restores.ts'
import { useReply } from '#ui/call.ts'
import { TableSkeleton } from '#ui/parts/data-table.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Badge } from '#ui/parts/tone.tsx'
import { counted } from '#ui/words.ts'
import { isGone } from './records-names.tsx'
import { actionWords, printValue } from './words-of-records.ts'

interface RowsProps {
  readonly plan: PlanView
  readonly records: RecordPlan
}

/** Then and now, field by field, a table at a time. */
export function RecordRows({ plan, records }: RowsProps) {
  const written = records.tables.filter(({ inserts, updates, deletes }) => inserts + updates + deletes > 0)
  const names = written.map(({ schema, table }) => `${schema}.${table}`)
  const [name, setName] = useState(names[0])
  const kept = useReply(endpoints.change, { params: { id: plan.id } })
  const chosen = written.find(({ schema, table }) => `${schema}.${table}` === name)
  if (!chosen || isGone(kept.error)) return null
  return (
    <Section title="Row by row" lead="As it is now, and as it would be. That you looked stands in the audit trail.">
      <Stack gap="md">
        <Select
          label="Table"
          w={320}
          allowDeselect={false}
          data={written.map(({ schema, table, inserts, updates, deletes }) => ({
            value: `${schema}.${table}`,
            label: `${schema}.${table} (${counted(inserts + updates + deletes, 'row')})`,
          }))}
          value={name ?? null}
          onChange={(value) => setName(value ?? names[0])}
        />
        <TableRows key={name} planId={plan.id} schema={chosen.schema} table={chosen.table} />
      </Stack>
    </Section>
  )
}

interface TableRowsProps {
  readonly planId: string
  readonly schema: string
  readonly table: string
}

/** Pages are numbered by where each begins; the way back is the list of those that were seen. */
function TableRows({ planId, schema, table }: TableRowsProps) {
  const [seen, setSeen] = useState<readonly string[]>([])
  const after = seen.at(-1)
  const query = { schema, table, limit: 10, ...(after !== undefined && { after }) }
  const reply = useReply(endpoints.rows, { params: { id: planId }, query })
  return (
    <Loaded reply={reply} skeleton={<TableSkeleton />}>
      {(page) => (
        <Stack gap="md">
          {page.rows.map((row, at) => (
            // oxlint-disable-next-line react/no-array-index-key -- rows of one page never move
            <OneRow key={`${after ?? ''} ${at}`} row={row} page={page} />
          ))}
          {(seen.length > 0 || page.next !== null) && (
            <Group className="no-print">
              <Button variant="default" size="xs" disabled={seen.length === 0} onClick={() => setSeen(seen.slice(0, -1))}>
                Rows before
              </Button>
              <Button variant="default" size="xs" disabled={page.next === null} onClick={() => setSeen([...seen, page.next!])}>
                Next rows
              </Button>
            </Group>
          )}
        </Stack>
      )}
    </Loaded>
  )
}

const actionTones = { insert: 'good', update: 'warning', delete: 'bad' } as const

function OneRow({ row, page }: { readonly row: ChangedRow; readonly page: ReplyOf<typeof endpoints.rows> }) {
  const key = page.key.map((name, at) => `${name} ${printValue(row.key[at] ?? null)}`).join(', ')
  const [isWhole, setIsWhole] = useState(row.action !== 'update')
  const fields = page.columns.map((column, at) => ({ column, field: row.fields[at]! }))
  const shown = isWhole ? fields : fields.filter(({ field }) => field.isChanged)
  const sides = row.action === 'update' ? ['Now', 'Would be'] : [row.action === 'insert' ? 'Would be' : 'Now']
  return (
    <section aria-label={`${actionWords[row.action]}: ${key}`}>
      <Group gap="xs" mb={4}>
        <Badge tone={actionTones[row.action]}>{actionWords[row.action]}</Badge>
        <Text size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
          {key}
        </Text>
      </Group>
      <Table.ScrollContainer minWidth={280}>
        <Table layout="fixed">
          <Table.Thead>
            <Table.Tr>
              <Table.Th w="30%">Field</Table.Th>
              {sides.map((side) => (
                <Table.Th key={side}>{side}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {shown.map(({ column, field }) => (
              <Table.Tr key={column.name}>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>
                  {column.name}
                  {row.action === 'update' && field.isChanged && <VisuallyHidden> (changed)</VisuallyHidden>}
                </Table.Td>
                {row.action !== 'insert' && <Value text={printValue(field.before)} isStruck={row.action === 'update' && field.isChanged} />}
                {row.action !== 'delete' && <Value text={printValue(field.after)} isStrong={row.action === 'update' && field.isChanged} />}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {row.action === 'update' && (
        <Button variant="subtle" size="compact-sm" className="no-print" aria-expanded={isWhole} onClick={() => setIsWhole(!isWhole)}>
          {isWhole ? 'Show changed fields alone' : `Show all ${fields.length} fields`}
        </Button>
      )}
    </section>
  )
}

interface ValueProps {
  readonly text: string
  readonly isStruck?: boolean
  readonly isStrong?: boolean
}

/** What goes is struck through, what comes is bold: neither by colour alone. */
function Value({ text, isStruck = false, isStrong = false }: ValueProps) {
  return (
    <Table.Td style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
      {isStruck ? <del>{text}</del> : isStrong ? <ins style={{ textDecoration: 'none', fontWeight: 650 }}>{text}</ins> : text}
    </Table.Td>
  )
}

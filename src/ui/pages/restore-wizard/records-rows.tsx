import { Button, Group, SegmentedControl, Select, Stack, Table, Text, VisuallyHidden } from '@mantine/core'
import { useState } from 'react'
import { records as endpoints, type ChangedRow, type RecordPlan } from '#contract/records.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import type { PlanView } from '#contract/restores.ts'
import { useReply } from '#ui/call.ts'
import { TableSkeleton } from '#ui/parts/data-table.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Badge } from '#ui/parts/tone.tsx'
import { counted, printWhole } from '#ui/words.ts'
import { printName, type PlannedTable, type TableName } from './record-choices.ts'
import { isGone } from './records-names.tsx'
import { RowChoice, type Choosing } from './records-row-choice.tsx'
import { actionWords, printValue, sidesOf } from './words-of-records.ts'

type Part = 'written' | 'left'

interface RowsProps {
  readonly plan: PlanView
  readonly records: RecordPlan
  /** Undefined: it is only read. */
  readonly choosing: Choosing | undefined
}

const writtenOf = ({ inserts, updates, deletes }: PlannedTable) => inserts + updates + deletes

/** Then and now, field by field, a table at a time. */
export function RecordRows({ plan, records, choosing }: RowsProps) {
  const shown = records.tables.filter((table) => writtenOf(table) + table.left > 0)
  const [name, setName] = useState(shown[0] && printName(shown[0]))
  const [wanted, setWanted] = useState<Part>('written')
  const kept = useReply(endpoints.change, { params: { id: plan.id } })
  const chosen = shown.find((table) => printName(table) === name)
  if (!chosen || isGone(kept.error)) return null
  const parts = [
    { value: 'written', label: `Would be written (${printWhole(writtenOf(chosen))})`, rows: writtenOf(chosen) },
    { value: 'left', label: `Differ and are left (${printWhole(chosen.left)})`, rows: chosen.left },
  ].filter(({ rows }) => rows > 0)
  const part = (parts.find(({ value }) => value === wanted) ?? parts[0]!).value as Part
  return (
    <Section title="Row by row" lead="As it is now, and as it would be. That you looked stands in the audit trail.">
      <Stack gap="md">
        <Group align="flex-end" gap="md">
          <Select
            label="Table"
            w={320}
            allowDeselect={false}
            data={shown.map((table) => ({
              value: printName(table),
              label: `${printName(table)} (${counted(writtenOf(table) + table.left, 'row')})`,
            }))}
            value={name ?? null}
            onChange={(value) => value !== null && setName(value)}
          />
          {parts.length > 1 && (
            <SegmentedControl
              aria-label="Which rows"
              data={parts.map(({ value, label }) => ({ value, label }))}
              value={part}
              onChange={(value) => setWanted(value as Part)}
            />
          )}
        </Group>
        <TableRows key={`${name} ${part}`} planId={plan.id} name={chosen} part={part} choosing={choosing} />
      </Stack>
    </Section>
  )
}

interface TableRowsProps {
  readonly planId: string
  readonly name: TableName
  readonly part: Part
  readonly choosing: Choosing | undefined
}

/** Pages are numbered by where each begins; the way back is the list of those that were seen. */
export function TableRows({ planId, name, part, choosing }: TableRowsProps) {
  const [seen, setSeen] = useState<readonly string[]>([])
  const after = seen.at(-1)
  const { schema, table } = name
  const query = { schema, table, part, limit: 10, ...(after !== undefined && { after }) }
  const reply = useReply(endpoints.rows, { params: { id: planId }, query })
  return (
    <Loaded reply={reply} skeleton={<TableSkeleton />}>
      {(page) => (
        <Stack gap="md">
          {page.rows.map((row, at) => (
            // oxlint-disable-next-line react/no-array-index-key -- rows of one page never move
            <OneRow key={`${after ?? ''} ${at}`} row={row} page={page} name={{ schema, table }} choosing={choosing} />
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

const actionTones = { insert: 'good', copy: 'good', update: 'warning', delete: 'bad', open: 'warning', keep: 'neutral' } as const

interface OneRowProps extends Pick<TableRowsProps, 'name' | 'choosing'> {
  readonly row: ChangedRow
  readonly page: ReplyOf<typeof endpoints.rows>
}

function OneRow({ row, page, name, choosing }: OneRowProps) {
  const named = page.key.map((column, at) => `${column} ${printValue(row.key[at] ?? null)}`).join(', ')
  const key = named === '' ? 'a row without a key' : named
  const { hasLive, hasBackup } = sidesOf(row)
  const hasBoth = hasLive && hasBackup
  const [isWhole, setIsWhole] = useState(!hasBoth)
  const fields = page.columns.map((column, at) => ({ column, field: row.fields[at]! }))
  const shown = isWhole ? fields : fields.filter(({ field }) => field.isChanged)
  const sides = [...(hasLive ? ['Now'] : []), ...(hasBackup ? [row.class === null ? 'Would be' : 'In the backup'] : [])]
  // What is not written is neither gone nor new.
  const isMarked = hasBoth && row.class === null
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
                  {hasBoth && field.isChanged && <VisuallyHidden> (changed)</VisuallyHidden>}
                </Table.Td>
                {hasLive && <Value text={printValue(field.before)} isStruck={isMarked && field.isChanged} />}
                {hasBackup && <Value text={printValue(field.after)} isStrong={isMarked && field.isChanged} />}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {hasBoth && (
        <Button variant="subtle" size="compact-sm" className="no-print" aria-expanded={isWhole} onClick={() => setIsWhole(!isWhole)}>
          {isWhole ? 'Show changed fields alone' : `Show all ${fields.length} fields`}
        </Button>
      )}
      {choosing && page.key.length > 0 && (
        <RowChoice row={row} name={name} chosenBy={keyInBackup(row, page)} label={key} choosing={choosing} />
      )}
    </section>
  )
}

/** A copy has a key of its own; chosen it is by the one in the backup, which stands before it. */
function keyInBackup({ action, key, fields }: ChangedRow, { key: names, columns }: OneRowProps['page']): ChangedRow['key'] {
  if (action !== 'copy') return key
  return names.map((name) => fields[columns.findIndex((column) => column.name === name)]!.before)
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

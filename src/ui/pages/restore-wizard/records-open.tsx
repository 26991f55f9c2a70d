import { Radio, Stack, Text, Title } from '@mantine/core'
import { records as endpoints, type RecordPlan } from '#contract/records.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import type { PlanView } from '#contract/restores.ts'
import { useReply } from '#ui/call.ts'
import { TableSkeleton } from '#ui/parts/data-table.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { counted } from '#ui/words.ts'
import { printName, rowChoice, tableChoice, withRow, withTable, type PlannedTable, type Take } from './record-choices.ts'
import { CopySuffix } from './records-as-copy.tsx'
import { TableRows } from './records-rows.tsx'
import type { Choosing } from './records-row-choice.tsx'
import { undecidedOf } from './words-of-records.ts'

interface OpenProps {
  readonly plan: PlanView
  readonly records: RecordPlan
  readonly choosing: Choosing
}

/** What nobody may decide but a person: each fact, what either choice would do, and the choice. Nothing is signed before. */
export function OpenChoices({ plan, records, choosing }: OpenProps) {
  const { conflicts, parents, clashes } = undecidedOf(records)
  const count = conflicts + parents + clashes
  if (count === 0) return null
  const waiting = records.tables.filter(({ open }) => open.length > 0)
  return (
    <Section title="Choose before it can be signed">
      <Stack gap="lg">
        <Note tone="warning" title={`${counted(count, 'row')} ${count === 1 ? 'waits' : 'wait'} for a choice`}>
          <Text size="sm">Choose for each of them, or for all of a table, then compare anew. Until then nothing can be carried out.</Text>
        </Note>
        {waiting.map((table) => (
          <Stack gap="sm" key={printName(table)}>
            <Title order={3}>
              {printName(table)}: {counted(openOf(table), 'row')}
            </Title>
            <AllOfTable table={table} choosing={choosing} />
            <TableRows planId={plan.id} name={table} part="left" choosing={choosing} />
          </Stack>
        ))}
        {clashes > 0 && <Clashes plan={plan} records={records} choosing={choosing} />}
      </Stack>
    </Section>
  )
}

function openOf({ open }: PlannedTable): number {
  return open.reduce((sum, { count }) => sum + count, 0)
}

/** One choice for every row of a table that waits; a row may still be chosen otherwise. */
function AllOfTable({ table, choosing: { choices, change } }: { readonly table: PlannedTable; readonly choosing: Choosing }) {
  const { conflicts, parents } = tableChoice(choices, table)
  const waits = (...classes: readonly string[]) => table.open.some((one) => classes.includes(one.class))
  const name = printName(table)
  return (
    <>
      {waits('elsewhere', 'moved-here') && openOf(table) > 1 && (
        <Radio.Group
          label={`All rows of ${name} that belong, or belonged, to somebody else`}
          value={conflicts ?? choices.conflicts ?? ''}
          onChange={(taken) => change(withTable(choices, table, { conflicts: taken as Take }))}
        >
          <Stack gap="xs" mt={4}>
            <Radio value="backup" label="As in the backup" description="they go back to whom they belonged to then" />
            <Radio value="live" label="Left where they are" description="the record comes back without what others have by now" />
            {waits('elsewhere') && (
              <Radio
                value="copy"
                label="Copies beside them"
                description="they stay with others, and those of the backup come under new keys"
              />
            )}
          </Stack>
        </Radio.Group>
      )}
      {waits('parent-missing') && (openOf(table) > 1 || choices.asCopy) && (
        <Radio.Group
          label={`All rows of ${name} that have to exist and are gone`}
          value={parents ?? choices.parents ?? ''}
          // Of a copy of everything nothing is said by table.
          onChange={() => change(choices.asCopy ? { ...choices, parents: 'backup' } : withTable(choices, table, { parents: 'backup' }))}
        >
          <Radio mt={4} value="backup" label="Bring them back as well" description="without them the record cannot stand" />
        </Radio.Group>
      )}
    </>
  )
}

type Clash = ReplyOf<typeof endpoints.change>['clashes'][number]

/** A value that an index lets in once, and that a live row of somebody else has by now. */
function Clashes({ plan, records, choosing }: OpenProps) {
  const kept = useReply(endpoints.change, { params: { id: plan.id } })
  return (
    <Loaded reply={kept} skeleton={<TableSkeleton />}>
      {({ clashes }) => (
        <>
          {clashes.map((clash) => (
            <OneClash key={`${printName(clash)} ${clash.index}`} clash={clash} records={records} choosing={choosing} />
          ))}
        </>
      )}
    </Loaded>
  )
}

function OneClash({ clash, records, choosing }: Pick<OpenProps, 'records' | 'choosing'> & { readonly clash: Clash }) {
  const { count, first } = clash
  const name = printName(clash)
  const columns = clash.columns.length > 0 ? clash.columns.join(', ') : clash.index
  const table = records.tables.find((one) => printName(one) === name)
  const hasCopies = table !== undefined && table.copies > 0
  return (
    <Stack gap="sm">
      <Title order={3}>
        {name}: {counted(count, 'row')} with a value that somebody else has by now
      </Title>
      <Text size="sm">
        No two rows of {name} may have the same {columns} (index {clash.index}).{' '}
        {hasCopies
          ? 'Say what stands behind it in the copies, or leave the copy out under “Row by row”, and compare anew.'
          : 'Either the row of the backup is left out, or the live row gets another value in the application, and it is compared anew.'}
      </Text>
      {hasCopies &&
        clash.columns.map((column) => (
          <CopySuffix key={column} of={{ schema: clash.schema, table: clash.table, column }} choosing={choosing} />
        ))}
      {/* Copies have keys that nothing is chosen by. */}
      {(hasCopies ? [] : first).map(({ row, live }) => (
        <ClashingRow key={row.join(' ')} clash={clash} row={row} live={live} choosing={choosing} />
      ))}
      {count > first.length && <Text size="sm">And {counted(count - first.length, 'more row')}, shown when these are decided.</Text>}
      {table && !hasCopies && table.differ.changed > 0 && <WithoutValue clash={clash} table={table} choosing={choosing} />}
    </Stack>
  )
}

interface ClashingProps {
  readonly clash: Clash
  readonly row: readonly string[]
  readonly live: readonly string[]
  readonly choosing: Choosing
}

function ClashingRow({ clash: { schema, table }, row, live, choosing: { choices, change } }: ClashingProps) {
  const choice = { schema, table, key: [...row] }
  return (
    <Radio.Group
      label={`Row ${row.join(', ')} of the record; the live row ${live.join(', ')} has its value`}
      value={rowChoice(choices, { schema, table }, row) ?? ''}
      onChange={(take) => change(withRow(choices, choice, take === 'live' ? 'live' : undefined))}
    >
      <Stack gap="xs" mt={4}>
        <Radio value="live" label="Leave this row of the backup out" description="it stays as it is live, or gone where it is gone" />
        <Radio value="" label="Not decided" description="it waits until the live row has another value" />
      </Stack>
    </Radio.Group>
  )
}

/** Rows that are there keep the value that they have now, and the rest of them is as in the backup. */
function WithoutValue({
  clash,
  table,
  choosing: { choices, change },
}: {
  readonly clash: Clash
  readonly table: PlannedTable
  readonly choosing: Choosing
}) {
  const others = table.columns.filter((column) => !clash.columns.includes(column))
  if (others.length === table.columns.length || others.length === 0) return null
  const own = tableChoice(choices, table).changed
  const isChosen = typeof own === 'object' && !own.columns.some((column) => clash.columns.includes(column))
  return (
    <Radio.Group
      label={`Rows of ${printName(table)} that exist and were changed since`}
      value={isChosen ? 'others' : 'all'}
      onChange={(taken) => change(withTable(choices, table, { changed: taken === 'others' ? { columns: others } : undefined }))}
    >
      <Stack gap="xs" mt={4}>
        <Radio value="all" label="As chosen for all of it" />
        <Radio value="others" label={`All of it but ${clash.columns.join(', ')}, which stays as it is`} />
      </Stack>
    </Radio.Group>
  )
}

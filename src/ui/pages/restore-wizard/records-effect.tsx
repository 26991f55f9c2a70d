import { Group, List, Stack, Table, Text } from '@mantine/core'
import type { RecordPlan } from '#contract/records.ts'
import type { PlanView } from '#contract/restores.ts'
import { Section } from '#ui/parts/page.tsx'
import { Badge, Note } from '#ui/parts/tone.tsx'
import { useMay } from '#ui/session.ts'
import { counted, printWhole } from '#ui/words.ts'
import { choiceLines } from './record-choices.ts'
import { AsCopy } from './records-as-copy.tsx'
import { GeneralChoices } from './records-choices.tsx'
import { RecordFiles } from './records-files.tsx'
import { OpenChoices } from './records-open.tsx'
import { RecordNames } from './records-names.tsx'
import type { Choosing } from './records-row-choice.tsx'
import { RecordRows } from './records-rows.tsx'
import { TableChoices } from './records-table-choice.tsx'
import { byEffect, driftLines, sumsOf } from './words-of-records.ts'

interface RecordsEffectProps {
  readonly plan: PlanView
  readonly records: RecordPlan
  /** `done`: it was carried out, and is read as a record. */
  readonly was?: 'planned' | 'done'
  /** What somebody is choosing; undefined where it is only read. */
  readonly choosing?: Choosing | undefined
}

/** What bringing records back would do: what goes, what is written table by table, row by row for whoever may look. */
export function RecordsEffect({ plan, records, was = 'planned', choosing }: RecordsEffectProps) {
  const may = useMay()
  const mayLook = may('records.read', plan.tenantId)
  return (
    <Stack gap="lg">
      <RecordsLoss records={records} was={was} />
      <Section title="The records" lead={`From database ${records.database} of the backup, to the same database of ${plan.systemName}.`}>
        {mayLook ? <RecordNames plan={plan} /> : <Text size="sm">{records.kinds.join(', ')}. Your role does not show whose they are.</Text>}
      </Section>
      {choosing && <OpenChoices plan={plan} records={records} choosing={choosing} />}
      <Tables records={records} />
      {records.files.length > 0 && <RecordFiles plan={plan} records={records} mayLook={mayLook && plan.status === 'ready'} />}
      {mayLook && plan.status === 'ready' && <RecordRows plan={plan} records={records} choosing={choosing} />}
      {choosing ? (
        <>
          <AsCopy records={records} choosing={choosing} />
          <GeneralChoices records={records} choosing={choosing} />
          <TableChoices records={records} choosing={choosing} />
        </>
      ) : (
        <Chosen records={records} />
      )}
      <Untouched records={records} />
      <WhatBelongs records={records} />
    </Stack>
  )
}

/** What exists now and would be gone: the first thing that anybody reads (SAFETY rules 11 and 25). */
export function RecordsLoss({ records: { loss }, was }: { readonly records: RecordPlan; readonly was: 'planned' | 'done' }) {
  const isDone = was === 'done'
  if (loss.length === 0)
    return <Note tone="good" title={isDone ? 'Nothing that existed was taken away' : 'Nothing that exists now would be gone'} />
  return (
    <section aria-label="What would be gone">
      <Note tone="bad" title={isDone ? 'What existed before and was taken away' : 'What exists now and would be gone'}>
        <List size="sm" spacing={2} mt={4}>
          {loss.map((line) => (
            <List.Item key={line}>{line}</List.Item>
          ))}
        </List>
        {!isDone && (
          <Text size="sm" mt={6}>
            Should anybody write to one of these rows before it is carried out, nothing is written and the plan is refused.
          </Text>
        )}
      </Note>
    </section>
  )
}

function Tables({ records }: { readonly records: RecordPlan }) {
  const { rows, tables } = sumsOf(records)
  const { written, same } = byEffect(records)
  return (
    <Section
      title="Table by table"
      lead={
        rows === 0
          ? 'No row would be written: the records are as in the backup.'
          : `${counted(rows, 'row')} of ${counted(tables, 'table')} would be written.`
      }
    >
      <Stack gap="sm">
        {written.length > 0 && <WrittenTables tables={written} />}
        {same.length > 0 && (
          <Text size="sm">
            As in the backup already:{' '}
            {same.map(({ schema, table, unchanged, present }) => `${schema}.${table} (${counted(unchanged + present, 'row')})`).join(', ')}.
          </Text>
        )}
      </Stack>
    </Section>
  )
}

const effects = ['Come back', 'Changed back', 'Taken away', 'Differ and stay', 'Same already'] as const

function WrittenTables({ tables }: { readonly tables: RecordPlan['tables'] }) {
  return (
    <Table.ScrollContainer minWidth={620}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Table</Table.Th>
            {effects.map((title) => (
              <Table.Th key={title} ta="end">
                {title}
              </Table.Th>
            ))}
            <Table.Th>Not decided</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {tables.map((table) => (
            <Table.Tr key={`${table.schema}.${table.table}`}>
              <Table.Td>
                {table.schema}.{table.table}
              </Table.Td>
              {[table.inserts, table.updates, table.deletes, table.kept, table.unchanged + table.present].map((number, at) => (
                <Table.Td key={effects[at]} ta="end" fw={at < 4 && number > 0 ? 650 : undefined}>
                  {printWhole(number)}
                </Table.Td>
              ))}
              <Table.Td>
                <Undecided table={table} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

function Undecided({ table: { open, clashes } }: { readonly table: RecordPlan['tables'][number] }) {
  const count = [...open, ...clashes].reduce((sum, one) => sum + one.count, 0)
  if (count === 0) return <Text size="sm">none</Text>
  return <Badge tone="warning">{counted(count, 'row')}</Badge>
}

/** What whoever ordered it chose, for whoever approves or reads it. */
function Chosen({ records }: { readonly records: RecordPlan }) {
  return (
    <Section
      title="What was chosen"
      lead="For rows that are not as in the backup. A choice for one table goes before, one for a row before both."
    >
      <Lines lines={choiceLines(records)} />
    </Section>
  )
}

/** What is not touched, what is not covered, and how that is known. */
function Untouched({ records }: { readonly records: RecordPlan }) {
  const { warnings, triggers, policy } = records
  const drift = driftLines(records)
  return (
    <Section title="What is proven, and what to know">
      <Stack gap="sm">
        <Note tone="neutral" title="Every other row is hashed before and after">
          <Text size="sm">
            All is written in one transaction. In it, each row that is written is read back and compared, and every other row of the
            database is hashed before and after: a difference ends it, and nothing was changed. Numbers that the database gives out are
            moved on where needed.
          </Text>
        </Note>
        {triggers.length > 0 && (
          <Note
            tone="neutral"
            title={policy.triggers === 'quiet' ? 'Triggers stay quiet while it is written' : 'Triggers fire while it is written'}
          >
            <Text size="sm">
              {triggers.join(', ')}.{' '}
              {policy.triggers === 'quiet'
                ? 'The rows come out exactly as in the backup; what these triggers would have noted is not noted.'
                : 'What they add is counted and shown; rows that they change are refused.'}
            </Text>
          </Note>
        )}
        {drift.length > 0 && (
          <Note tone="warning" title="The schema changed since the backup">
            <Lines lines={drift} />
          </Note>
        )}
        {warnings.length > 0 && (
          <Note tone="warning" title={`Warnings (${warnings.length})`}>
            <Lines lines={warnings} />
          </Note>
        )}
      </Stack>
    </Section>
  )
}

function Lines({ lines }: { readonly lines: readonly string[] }) {
  return (
    <List size="sm" spacing={2}>
      {lines.map((line) => (
        <List.Item key={line}>{line}</List.Item>
      ))}
    </List>
  )
}

const ownershipWords = { own: 'belongs to it', reference: 'has to exist', ignore: 'left aside' } as const

/** Why a row was taken along, reference by reference. */
function WhatBelongs({ records: { ownership } }: { readonly records: RecordPlan }) {
  if (ownership.length === 0) return null
  return (
    <Section title="What belongs to what" lead="By the foreign keys of the database and the settings of the system.">
      <Stack gap={6}>
        {ownership.map(({ child, columns, parent, ownership: meaning, because }) => (
          <Group key={`${child} ${columns.join()} ${parent}`} gap="xs" align="baseline" wrap="nowrap">
            <Text size="sm" fw={meaning === 'own' ? 650 : undefined} w={100} style={{ flexShrink: 0 }}>
              {ownershipWords[meaning]}
            </Text>
            <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
              {child} ({columns.join(', ')}) → {parent}: {because}
            </Text>
          </Group>
        ))}
      </Stack>
    </Section>
  )
}

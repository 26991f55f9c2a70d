import { MultiSelect, Select, SimpleGrid, Stack, Text } from '@mantine/core'
import { Section } from '#ui/parts/page.tsx'
import type { RecordPlan } from '#contract/records.ts'
import { counted } from '#ui/words.ts'
import { asksOf, hasAsk, printName, tableChoice, withTable, type PlannedTable, type TableFields, type Take } from './record-choices.ts'
import type { Choosing } from './records-row-choice.tsx'

/** What holds for one table alone. What is not said there is as for all. */
export function TableChoices({ records, choosing }: { readonly records: RecordPlan; readonly choosing: Choosing }) {
  const asked = records.tables.filter(hasAsk)
  if (asked.length === 0 || choosing.choices.asCopy) return null
  return (
    <Section
      title="Otherwise for one table"
      lead="What is chosen here goes before what holds for all; what is chosen for a row goes before both."
    >
      <Stack gap="lg">
        {asked.map((table) => (
          <OneTable key={printName(table)} table={table} choosing={choosing} />
        ))}
      </Stack>
    </Section>
  )
}

interface OneTableProps {
  readonly table: PlannedTable
  readonly choosing: Choosing
}

const asForAll = 'as for all'
const all = { value: asForAll, label: 'As for all tables' }

function OneTable({ table, choosing: { choices, change } }: OneTableProps) {
  const asks = asksOf(table)
  const own = tableChoice(choices, table)
  const set = (part: Partial<TableFields>) => change(withTable(choices, table, part))
  const name = printName(table)
  const { differ } = table
  return (
    <Stack gap={6} component="section" aria-label={`Choices for ${name}`}>
      <Text fw={650}>{name}</Text>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="sm">
        {asks.changed && <ChangedChoice table={table} own={own.changed} set={set} />}
        {asks.added && (
          <Side
            label={`Written since (${counted(differ.added, 'row')})`}
            words={{ backup: 'Taken away', live: 'Kept' }}
            own={own.added}
            onChange={(added) => set({ added: added === 'copy' ? undefined : added })}
          />
        )}
        {asks.conflicts && (
          <Side
            label={`Of somebody else, now or then (${counted(differ.elsewhere + differ.movedHere, 'row')})`}
            words={{
              backup: 'As in the backup',
              live: 'Left where they are',
              ...(differ.elsewhere > 0 && { copy: 'Copies beside them, under new keys' }),
            }}
            own={own.conflicts}
            onChange={(conflicts) => set({ conflicts })}
          />
        )}
        {asks.parents && (
          <Side
            label={`Have to exist and are gone (${counted(differ.parentMissing, 'row')})`}
            words={{ backup: 'Come back as well' }}
            own={own.parents}
            onChange={(parents) => set({ parents: parents === 'backup' ? 'backup' : undefined })}
          />
        )}
      </SimpleGrid>
    </Stack>
  )
}

interface SideProps {
  readonly label: string
  readonly words: { readonly backup: string; readonly live?: string; readonly copy?: string }
  readonly own: Take | undefined
  readonly onChange: (take: Take | undefined) => void
}

function Side({ label, words, own, onChange }: SideProps) {
  return (
    <Select
      label={label}
      allowDeselect={false}
      data={[all, ...Object.entries(words).map(([value, text]) => ({ value, label: text }))]}
      value={own ?? asForAll}
      onChange={(value) => onChange(isTake(value) ? value : undefined)}
    />
  )
}

const isTake = (value: string | null): value is Take => value === 'backup' || value === 'live' || value === 'copy'

interface ChangedProps {
  readonly table: PlannedTable
  readonly own: TableFields['changed']
  readonly set: (part: Partial<TableFields>) => void
}

/** As in the backup, as they are, or some columns of the one and the rest of the other. */
function ChangedChoice({ table, own, set }: ChangedProps) {
  const { columns, differ } = table
  const isMerged = typeof own === 'object'
  return (
    <Stack gap={6}>
      <Select
        label={`Changed since (${counted(differ.changed, 'row')})`}
        allowDeselect={false}
        data={[
          all,
          { value: 'backup', label: 'As in the backup' },
          { value: 'live', label: 'As they are' },
          { value: 'copy', label: 'Both: copies of the backup’s come beside them' },
          ...(columns.length > 1 ? [{ value: 'columns', label: 'Only some fields as in the backup' }] : []),
        ]}
        value={isMerged ? 'columns' : (own ?? asForAll)}
        onChange={(value) => set({ changed: value === 'columns' ? { columns: [...columns] } : isTake(value) ? value : undefined })}
      />
      {isMerged && (
        <MultiSelect
          label={`Fields of ${printName(table)} that become as in the backup`}
          description="The others stay as they are."
          searchable
          data={[...columns]}
          value={[...own.columns]}
          error={own.columns.length === 0 ? 'choose at least one' : undefined}
          onChange={(chosen) => set({ changed: { columns: chosen } })}
        />
      )}
    </Stack>
  )
}

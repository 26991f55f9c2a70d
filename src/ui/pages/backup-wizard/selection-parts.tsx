import { Accordion, Checkbox, Group, Stack, Text } from '@mantine/core'
import { DateTimePicker } from '@mantine/dates'
import { useState, type ReactNode } from 'react'
import { RecordWishes } from '#ui/parts/record-wishes.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { counted } from '#ui/words.ts'
import type { ExtentProps } from './extent-props.ts'
import { chosenRecords, timedTables, type SelectionDraft } from './selection-draft.ts'
import { TablesPart } from './tables-part.tsx'

interface PartProps {
  readonly system: ExtentProps['system']
  readonly selection: SelectionDraft
  readonly change: (part: Partial<SelectionDraft>) => void
}

/** Some of a system: what is named here, everything that belongs to it, and what has to exist for that. */
export function SelectionParts({ system, draft, onChange }: ExtentProps) {
  const { selection, type } = draft
  // What is closed asks nothing of the databases.
  const [open, setOpen] = useState<readonly string[]>(['records'])
  const props = { system, selection, change: (part: Partial<SelectionDraft>) => onChange({ selection: { ...selection, ...part } }) }
  return (
    <>
      <Note tone="neutral" title="Such a backup never stands for its system">
        <Text size="sm">
          It does not count as the newest one, protects nothing from being lost, and comes back only where nothing is in its place. Several
          of the parts below are taken together.
        </Text>
      </Note>
      <Accordion multiple value={[...open]} onChange={setOpen} variant="separated" chevronPosition="left" order={3}>
        <Part value="records" title="Records" said={saidOf(chosenRecords(selection), 'record')}>
          <Records {...props} />
        </Part>
        <Part value="tables" title="Tables" said={saidOf(selection.tables, 'table')}>
          {open.includes('tables') && <TablesPart systemId={system.id} tables={selection.tables} change={props.change} />}
        </Part>
        <Part value="types" title="Data types" said={saidOf(selection.dataTypes, 'data type')}>
          <DataTypes {...props} />
        </Part>
        <Part value="time" title="Time" said={selection.since === null && selection.until === null ? 'any' : 'a range'}>
          <Times {...props} />
        </Part>
      </Accordion>
      {system.roots.length > 0 && (
        <Checkbox
          label="With the files that its rows name"
          description="Without them it holds rows alone."
          checked={type === 'full'}
          onChange={(event) => onChange({ type: event.currentTarget.checked ? 'full' : 'database' })}
        />
      )}
    </>
  )
}

function saidOf(chosen: readonly unknown[], noun: string): string {
  return chosen.length === 0 ? 'none chosen' : counted(chosen.length, noun)
}

interface AccordionPartProps {
  readonly value: string
  readonly title: string
  /** What is chosen of it, so that it is known while it is closed. */
  readonly said: string
  readonly children: ReactNode
}

function Part({ value, title, said, children }: AccordionPartProps) {
  return (
    <Accordion.Item value={value}>
      <Accordion.Control>
        <Group gap="sm">
          <Text fw={600}>{title}</Text>
          <Text size="sm" c="dimmed">
            {said}
          </Text>
        </Group>
      </Accordion.Control>
      <Accordion.Panel>{children}</Accordion.Panel>
    </Accordion.Item>
  )
}

function Records({ system, selection, change }: PartProps) {
  return (
    <Stack gap="sm">
      <Text size="sm">
        Each with its rows in other tables and its files, and with what has to exist for them. The key stands in the sealed backup alone: in
        no name, log or address.
      </Text>
      <RecordWishes
        systemId={system.id}
        wishes={selection.records}
        onChange={(records) => change({ records })}
        isLacking={selection.records.length > 1 && chosenRecords(selection).length < selection.records.length}
      />
    </Stack>
  )
}

function DataTypes({ system: { settings }, selection, change }: PartProps) {
  const known = Object.entries(settings.dataTypes ?? {})
  if (known.length === 0)
    return (
      <Text size="sm">
        This system has none. They are groups of tables with a name, such as “laboratory”, in the settings of the system under “dataTypes”.
      </Text>
    )
  return (
    <Checkbox.Group label="All rows of these tables" value={[...selection.dataTypes]} onChange={(dataTypes) => change({ dataTypes })}>
      <Stack gap="xs" mt={4}>
        {known.map(([name, tables]) => (
          <Checkbox key={name} value={name} label={name} description={tables.map(({ schema, table }) => `${schema}.${table}`).join(', ')} />
        ))}
      </Stack>
    </Checkbox.Group>
  )
}

function Times({ system, selection, change }: PartProps) {
  const { since, until } = selection
  const timed = timedTables(system)
  if (timed.length === 0)
    return <Text size="sm">It is not known of when a row is in this system: its settings name no time columns, under “timeColumns”.</Text>
  const picker = { valueFormat: 'D MMM YYYY, HH:mm', clearable: true, w: 240 } as const
  return (
    <Stack gap="sm">
      <Text size="sm">
        Of {timed.join(', ')}. A row without a time is out of the range; what hangs on a row that is out of it goes with it. A record that
        is named above always stays. With nothing else chosen it is the range of all tables.
      </Text>
      <Group align="flex-end">
        <DateTimePicker
          label="Since"
          description="Your own time; itself part of it."
          placeholder="Any time"
          clearButtonProps={{ 'aria-label': 'Since any time' }}
          value={since}
          onChange={(value) => change({ since: value })}
          {...picker}
        />
        <DateTimePicker
          label="Until"
          description="Before this moment."
          placeholder="Any time"
          clearButtonProps={{ 'aria-label': 'Until any time' }}
          value={until}
          onChange={(value) => change({ until: value })}
          {...picker}
        />
      </Group>
    </Stack>
  )
}

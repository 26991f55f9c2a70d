import { ActionIcon, Button, Group, Radio, Select, Stack, Text, TextInput } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { useState } from 'react'
import type { RecordChoices, RecordPlan } from '#contract/records.ts'
import { Section } from '#ui/parts/page.tsx'
import { copySuffix, printName, withCopySuffix, type CopyColumn } from './record-choices.ts'
import type { Choosing } from './records-row-choice.tsx'

interface AsCopyProps {
  readonly records: RecordPlan
  readonly choosing: Choosing
}

/** In the place of what is live, or beside it under new keys (ADR 0065). */
export function AsCopy({ records, choosing: { choices, change } }: AsCopyProps) {
  // Of a copy of everything nothing is said by table or by row, and nothing else is to be told apart.
  const taken = (way: string): RecordChoices =>
    way === 'copy' ? { ...choices, asCopy: true, tables: [], rows: [] } : { ...choices, asCopy: false, copyValues: [] }
  return (
    <Section title="In its place, or beside it">
      <Stack gap="md">
        <Radio.Group label="How the record comes back" value={choices.asCopy ? 'copy' : 'place'} onChange={(way) => change(taken(way))}>
          <Stack gap="xs" mt={4}>
            <Radio value="place" label="In its place" description="its rows become as in the backup, as chosen below" />
            <Radio
              value="copy"
              label="As a copy beside what is live"
              description="every row of it once more, under new keys; nothing that exists is changed, and nothing is taken away"
            />
          </Stack>
        </Radio.Group>
        {choices.asCopy && <CopyValues records={records} choosing={{ choices, change }} />}
      </Stack>
    </Section>
  )
}

/** A number of the application, a code, an address: of what may stand once, and is no key that can be drawn, people say how copies have it. */
function CopyValues({ records, choosing: { choices, change } }: AsCopyProps) {
  const [name, setName] = useState<string | null>(null)
  const [column, setColumn] = useState('')
  const [suffix, setSuffix] = useState('')
  const table = records.tables.find((one) => printName(one) === name)
  const add = () => {
    if (!table) return
    change(withCopySuffix(choices, { schema: table.schema, table: table.table, column: column.trim() }, suffix))
    setColumn('')
    setSuffix('')
  }
  return (
    <Stack gap="xs">
      <Text size="sm">
        Words of which each may stand once, such as the number that people know a patient by, need something behind them in the copies. What
        is missing is named when it is compared.
      </Text>
      {choices.copyValues.map((value) => (
        <Group key={`${printName(value)}.${value.column}`} gap="xs">
          <Text size="sm">
            {printName(value)}: “{value.suffix}” behind {value.column}
          </Text>
          <ActionIcon
            variant="subtle"
            aria-label={`Nothing behind ${value.column} of ${printName(value)}`}
            onClick={() => change(withCopySuffix(choices, value, ''))}
          >
            <IconTrash size={16} aria-hidden />
          </ActionIcon>
        </Group>
      ))}
      <Group align="flex-end" gap="sm">
        <Select label="Table of the words" searchable data={records.tables.map(printName)} value={name} onChange={setName} />
        <TextInput label="Column of the words" value={column} onChange={(event) => setColumn(event.currentTarget.value)} />
        <TextInput
          label="Behind it in the copies"
          placeholder="-copy"
          value={suffix}
          onChange={(event) => setSuffix(event.currentTarget.value)}
        />
        <Button
          variant="default"
          leftSection={<IconPlus size={16} aria-hidden />}
          disabled={!table || column.trim() === '' || suffix === ''}
          onClick={add}
        >
          Add
        </Button>
      </Group>
    </Stack>
  )
}

interface SuffixProps {
  readonly of: CopyColumn
  readonly choosing: Choosing
}

/** Where the comparison found that the copies would have a value that a live row has. */
export function CopySuffix({ of, choosing: { choices, change } }: SuffixProps) {
  return (
    <TextInput
      label={`Behind ${of.column} in the copies`}
      description="Then no two rows have the same. Such as -copy."
      maxLength={63}
      value={copySuffix(choices, of)}
      onChange={(event) => change(withCopySuffix(choices, of, event.currentTarget.value))}
    />
  )
}

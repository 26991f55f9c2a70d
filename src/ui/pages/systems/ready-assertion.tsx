import { NumberInput, Select, SimpleGrid, TextInput } from '@mantine/core'
import type { ReadyAssertion } from '#base/settings.ts'
import { DatabaseChoice } from './database-choice.tsx'
import type { DraftErrors } from './system-draft.ts'

interface ReadyAssertionProps {
  readonly row: ReadyAssertion
  readonly names: readonly string[]
  readonly at: string
  readonly errors: DraftErrors
  readonly onChange: (row: ReadyAssertion) => void
}

type Kind = ReadyAssertion['kind']

const kinds: readonly { readonly value: Kind; readonly label: string }[] = [
  { value: 'count', label: 'A table has at least so many rows' },
  { value: 'no-orphans', label: 'Every value of a column stands in another table' },
  { value: 'newest', label: 'The newest time in a column is recent enough' },
  { value: 'sequences', label: 'No number is given out twice (all sequences)' },
]

/** Of another kind with what both have. */
function asKind(row: ReadyAssertion, kind: Kind): ReadyAssertion {
  const database = row.database === undefined ? {} : { database: row.database }
  const table = row.kind === 'sequences' ? { schema: 'public', table: '' } : { schema: row.schema, table: row.table }
  if (kind === 'count') return { kind, ...database, ...table, atLeast: 1 }
  if (kind === 'newest') return { kind, ...database, ...table, column: '' }
  if (kind === 'sequences') return { kind, ...database }
  return { kind, ...database, ...table, column: '', ofSchema: table.schema, ofTable: '', ofColumn: 'id' }
}

export function ReadyAssertionFields({ row, names, at, errors, onChange }: ReadyAssertionProps) {
  const { database: _none, ...withoutDatabase } = row
  return (
    <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="sm" verticalSpacing="sm">
      <Select
        label="What must hold"
        data={kinds}
        value={row.kind}
        allowDeselect={false}
        onChange={(kind) => kind !== null && onChange(asKind(row, kind))}
      />
      <DatabaseChoice
        names={names}
        value={row.database}
        error={errors[`${at}.database`]}
        onChange={(database) => onChange(database === undefined ? withoutDatabase : { ...row, database })}
      />
      {fieldsOf(row).map(({ field, label, isOptional, value }) => (
        <TextInput
          key={field}
          label={label}
          autoComplete="off"
          spellCheck={false}
          required={isOptional !== true}
          value={value}
          error={errors[`${at}.${field}`]}
          onChange={(event) => onChange(withField(row, field, event.currentTarget.value))}
        />
      ))}
      {row.kind === 'count' && (
        <NumberInput
          label="Rows at least"
          min={0}
          allowDecimal={false}
          required
          value={row.atLeast}
          error={errors[`${at}.atLeast`]}
          onChange={(atLeast) => onChange({ ...row, atLeast: typeof atLeast === 'number' ? atLeast : 0 })}
        />
      )}
    </SimpleGrid>
  )
}

interface Field {
  readonly field: string
  readonly label: string
  readonly value: string
  readonly isOptional?: boolean
}

function fieldsOf(row: ReadyAssertion): readonly Field[] {
  if (row.kind === 'sequences') return []
  const table: readonly Field[] = [
    { field: 'schema', label: 'Schema', value: row.schema },
    { field: 'table', label: 'Table', value: row.table },
  ]
  if (row.kind === 'count') return table
  const column = { field: 'column', label: 'Column', value: row.column }
  if (row.kind === 'newest')
    return [...table, column, { field: 'within', label: 'Within, such as 24h (empty: the RPO)', value: row.within ?? '', isOptional: true }]
  return [
    ...table,
    column,
    { field: 'ofSchema', label: 'Schema of the other table', value: row.ofSchema },
    { field: 'ofTable', label: 'Other table', value: row.ofTable },
    { field: 'ofColumn', label: 'Its column', value: row.ofColumn },
  ]
}

/** `within` is absent when it is empty: the objective stands in for it. */
function withField(row: ReadyAssertion, field: string, value: string): ReadyAssertion {
  if (field !== 'within' || row.kind !== 'newest') return { ...row, [field]: value }
  const { within: _before, ...others } = row
  return value === '' ? others : { ...others, within: value }
}

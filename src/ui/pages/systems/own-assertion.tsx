import { Group, NumberInput, Select, Stack, TextInput, Textarea } from '@mantine/core'
import type { Assertion, Expectation } from '#base/settings.ts'
import { DatabaseChoice } from './database-choice.tsx'
import type { DraftErrors } from './system-draft.ts'

interface OwnAssertionProps {
  readonly row: Assertion
  readonly names: readonly string[]
  readonly at: string
  readonly errors: DraftErrors
  readonly onChange: (row: Assertion) => void
}

const expectations = [
  { value: 'true', label: 'true', of: true },
  { value: 'false', label: 'false', of: false },
  { value: 'number', label: 'exactly this number', of: 0 },
  { value: 'text', label: 'exactly this text', of: '' },
  { value: 'between', label: 'a number from … to …', of: { atLeast: 0 } },
  { value: 'within', label: 'a time, not older than …', of: { within: '24h' } },
] as const

function kindOf(expect: Expectation): (typeof expectations)[number]['value'] {
  if (typeof expect === 'boolean') return expect ? 'true' : 'false'
  if (typeof expect === 'number') return 'number'
  if (typeof expect === 'string') return 'text'
  return 'within' in expect ? 'within' : 'between'
}

/** A query that returns one value, and what that value must be. */
export function OwnAssertion({ row, names, at, errors, onChange }: OwnAssertionProps) {
  const { database: _none, ...withoutDatabase } = row
  return (
    <Stack gap="sm">
      <TextInput
        label="What must hold"
        placeholder="every study has a site"
        autoComplete="off"
        required
        value={row.name}
        error={errors[`${at}.name`]}
        onChange={(event) => onChange({ ...row, name: event.currentTarget.value })}
      />
      <Textarea
        label="Query"
        description="Returns one row with one value. Nothing that names a patient: it stands in reports."
        autosize
        minRows={2}
        spellCheck={false}
        required
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        value={row.sql}
        error={errors[`${at}.sql`]}
        onChange={(event) => onChange({ ...row, sql: event.currentTarget.value })}
      />
      <Group align="flex-start" gap="sm">
        <DatabaseChoice
          names={names}
          value={row.database}
          error={errors[`${at}.database`]}
          onChange={(database) => onChange(database === undefined ? withoutDatabase : { ...row, database })}
        />
        <Select
          label="Its value must be"
          data={expectations.map(({ value, label }) => ({ value, label }))}
          value={kindOf(row.expect)}
          allowDeselect={false}
          onChange={(kind) => onChange({ ...row, expect: expectations.find(({ value }) => value === kind)?.of ?? true })}
        />
        <ExpectedValue expect={row.expect} error={errors[`${at}.expect`]} onChange={(expect) => onChange({ ...row, expect })} />
      </Group>
    </Stack>
  )
}

interface ExpectedValueProps {
  readonly expect: Expectation
  readonly error: string | undefined
  readonly onChange: (expect: Expectation) => void
}

function ExpectedValue({ expect, error, onChange }: ExpectedValueProps) {
  if (typeof expect === 'boolean') return null
  if (typeof expect === 'number')
    return <NumberInput label="Number" error={error} value={expect} onChange={(value) => onChange(typeof value === 'number' ? value : 0)} />
  if (typeof expect === 'string')
    return <TextInput label="Text" error={error} value={expect} onChange={(event) => onChange(event.currentTarget.value)} />
  if ('within' in expect)
    return (
      <TextInput
        label="Not older than"
        placeholder="24h"
        error={error}
        value={expect.within}
        onChange={(event) => onChange({ within: event.currentTarget.value })}
      />
    )
  const bound = (field: 'atLeast' | 'atMost', label: string) => (
    <NumberInput
      label={label}
      placeholder="no bound"
      error={error}
      value={expect[field] ?? ''}
      onChange={(value) => {
        const { [field]: _before, ...other } = expect
        onChange(typeof value === 'number' ? { ...other, [field]: value } : other)
      }}
    />
  )
  return (
    <>
      {bound('atLeast', 'At least')}
      {bound('atMost', 'At most')}
    </>
  )
}

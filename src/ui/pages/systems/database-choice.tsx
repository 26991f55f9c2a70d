import { Select } from '@mantine/core'

interface DatabaseChoiceProps {
  readonly names: readonly string[]
  readonly value: string | undefined
  readonly error: string | undefined
  readonly onChange: (name: string | undefined) => void
}

/** Of which database something is; not asked where there is one alone. */
export function DatabaseChoice({ names, value, error, onChange }: DatabaseChoiceProps) {
  if (names.length < 2 && value === undefined) return null
  return (
    <Select
      label="Database"
      data={[...new Set([...names, ...(value === undefined ? [] : [value])].filter((name) => name !== ''))]}
      value={value ?? null}
      clearable
      error={error}
      onChange={(name) => onChange(name ?? undefined)}
    />
  )
}

import { Group, NumberInput, Select } from '@mantine/core'
import { useState } from 'react'

const units = [
  { value: '1', label: 'minutes' },
  { value: '60', label: 'hours' },
  { value: '1440', label: 'days' },
] as const

interface MinutesInputProps {
  readonly label: string
  readonly description?: string
  readonly value: number | undefined
  readonly error?: string | undefined
  readonly onChange: (minutes: number | undefined) => void
}

/** A length of time in the unit that people think in. Empty: not stated. */
export function MinutesInput({ label, description, value, error, onChange }: MinutesInputProps) {
  const [unit, setUnit] = useState(() => (value === undefined ? 60 : value % 1440 === 0 ? 1440 : value % 60 === 0 ? 60 : 1))
  return (
    <Group align="flex-end" gap={6} wrap="nowrap">
      <NumberInput
        label={label}
        description={description}
        placeholder="not stated"
        min={1}
        error={error}
        style={{ flex: 1 }}
        value={value === undefined ? '' : value / unit}
        onChange={(next) => onChange(typeof next === 'number' ? next * unit : undefined)}
      />
      <Select
        aria-label={`Unit of: ${label}`}
        data={units}
        value={String(unit)}
        allowDeselect={false}
        w={110}
        onChange={(next) => {
          const chosen = Number(next)
          if (value !== undefined) onChange((value / unit) * chosen)
          setUnit(chosen)
        }}
      />
    </Group>
  )
}

import { Select } from '@mantine/core'
import type { CSSProperties } from 'react'
import { systems } from '#contract/systems.ts'
import { useReply } from '#ui/call.ts'

interface SystemSelectProps {
  readonly value: string | undefined
  readonly onChange: (id: string | undefined) => void
  readonly isRequired?: boolean
  readonly style?: CSSProperties
}

/** One of the systems that are protected; of a filter also none, which is all of them. */
export function SystemSelect({ value, onChange, isRequired = false, style }: SystemSelectProps) {
  const { data } = useReply(systems.list, { query: { pageSize: 200 } })
  return (
    <Select
      label="System"
      placeholder={isRequired ? 'Choose one' : 'All'}
      clearable={!isRequired}
      required={isRequired}
      searchable
      {...(style && { style })}
      nothingFoundMessage="No system has that name"
      data={(data?.rows ?? []).map(({ id, name, title }) => ({ value: id, label: `${title} (${name})` }))}
      value={value ?? null}
      onChange={(chosen) => onChange(chosen ?? undefined)}
    />
  )
}

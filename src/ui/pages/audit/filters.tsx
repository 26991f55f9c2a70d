import { Anchor, Autocomplete, Button, Group, Select, Text, TextInput } from '@mantine/core'
import { DateTimePicker } from '@mantine/dates'
import { useDebouncedCallback } from '@mantine/hooks'
import { useState } from 'react'
import { z } from 'zod'
import { people } from '#contract/people.ts'
import { useReply } from '#ui/call.ts'
import { useMe } from '#ui/session.ts'
import { actionChoices } from './action-words.ts'
import { searchSchema, type Change, type Search } from './search.ts'

interface FiltersProps {
  readonly search: Search
  readonly onChange: Change
  readonly text: string
  readonly onText: (text: string) => void
}

const kinds = [
  { value: 'user', label: 'A person' },
  { value: 'key', label: 'A program with a key' },
  { value: 'system', label: 'The service itself' },
  { value: 'nobody', label: 'Somebody not signed in' },
]
const outcomes = [
  { value: 'done', label: 'Done' },
  { value: 'refused', label: 'Refused' },
]
const filterNames = ['actorId', 'actorKind', 'action', 'outcome', 'subjectId', 'tenantId', 'from', 'to'] as const
const none = Object.fromEntries(filterNames.map((name) => [name, undefined])) as Parameters<Change>[0]

/** Who, what, with which outcome, when. */
export function Filters({ search, onChange, text, onText }: FiltersProps) {
  const ask = useDebouncedCallback(onText, 300)
  const [typed, setTyped] = useState(text)
  const isFiltered = typed !== '' || filterNames.some((name) => search[name] !== undefined)
  return (
    <div className="no-print">
      <Group align="flex-end" gap="sm" mb="sm">
        <TextInput
          label="Search"
          placeholder="Name, action or reason"
          type="search"
          value={typed}
          maxLength={100}
          onChange={(event) => {
            setTyped(event.currentTarget.value)
            ask(event.currentTarget.value)
          }}
        />
        <Choices search={search} onChange={onChange} />
        {isFiltered && (
          <Button
            variant="subtle"
            onClick={() => {
              setTyped('')
              onText('')
              onChange({ ...none, page: 1 })
            }}
          >
            Clear all
          </Button>
        )}
      </Group>
      {search.subjectId !== undefined && (
        <Text size="sm" mb="sm">
          What was done to {search.subjectId} alone.{' '}
          <Anchor component="button" type="button" size="sm" onClick={() => onChange({ subjectId: undefined, page: 1 })}>
            To everything
          </Anchor>
        </Text>
      )}
    </div>
  )
}

type OneProps = Pick<FiltersProps, 'search' | 'onChange'>

function Choices({ search, onChange }: OneProps) {
  const { data: person } = useMe()
  const tenants = person?.tenants ?? []
  return (
    <>
      <Who search={search} onChange={onChange} />
      <Action key={search.action ?? ''} search={search} onChange={onChange} />
      <Select
        label="Outcome"
        placeholder="Both"
        clearable
        w={130}
        data={outcomes}
        value={search.outcome ?? null}
        onChange={(value) => onChange({ outcome: searchSchema.shape.outcome.parse(value ?? undefined), page: 1 })}
      />
      {tenants.length > 1 && (
        <Select
          label="Organization"
          placeholder="All"
          clearable
          data={tenants.map(({ id, title }) => ({ value: id, label: title }))}
          value={search.tenantId ?? null}
          onChange={(value) => onChange({ tenantId: value ?? undefined, page: 1 })}
        />
      )}
      <Moment label="From" value={search.from} onChange={(from) => onChange({ from, page: 1 })} />
      <Moment label="Until" value={search.to} onChange={(to) => onChange({ to, page: 1 })} />
    </>
  )
}

const kindPrefix = 'kind:'

function Who({ search, onChange }: OneProps) {
  const { data } = useReply(people.list, { query: { pageSize: 200, retired: 'true' } })
  const known = data?.rows.map(({ id, title, name }) => ({ value: id, label: `${title} (${name})` })) ?? []
  return (
    <Select
      label="Who"
      placeholder="Anybody"
      clearable
      searchable
      data={[
        { group: 'Kind', items: kinds.map(({ value, label }) => ({ value: `${kindPrefix}${value}`, label })) },
        { group: 'People', items: known },
      ]}
      value={search.actorId ?? (search.actorKind ? `${kindPrefix}${search.actorKind}` : null)}
      onChange={(value) =>
        onChange({
          actorId: value?.startsWith(kindPrefix) ? undefined : (value ?? undefined),
          actorKind: value?.startsWith(kindPrefix) ? searchSchema.shape.actorKind.parse(value.slice(kindPrefix.length)) : undefined,
          page: 1,
        })
      }
    />
  )
}

function Action({ search, onChange }: OneProps) {
  const [typed, setTyped] = useState(search.action ?? '')
  const take = (action: string) => onChange({ action: action.trim() || undefined, page: 1 })
  return (
    <Autocomplete
      label="Action"
      placeholder="people. or people.grant"
      data={actionChoices}
      limit={40}
      maxLength={100}
      value={typed}
      onChange={setTyped}
      onOptionSubmit={take}
      onBlur={() => take(typed)}
      onKeyDown={(event) => event.key === 'Enter' && take(typed)}
    />
  )
}

interface MomentProps {
  readonly label: string
  readonly value: string | undefined
  readonly onChange: (instant: string | undefined) => void
}

/** On the reader's own clock; in the address it stands in UTC. */
function Moment({ label, value, onChange }: MomentProps) {
  return (
    <DateTimePicker
      label={label}
      placeholder="Any time"
      clearable
      w={190}
      valueFormat="D MMM YYYY, HH:mm"
      value={value === undefined ? null : new Date(value)}
      onChange={(picked) => onChange(picked === null ? undefined : z.coerce.date().parse(picked).toISOString())}
      timePickerProps={{ 'aria-label': `${label}, time of day` }}
    />
  )
}

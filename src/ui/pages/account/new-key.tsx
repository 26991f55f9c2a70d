import { Checkbox, Fieldset, ScrollArea, Select, SimpleGrid, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { systemClock } from '#base/clock.ts'
import { durations } from '#base/units.ts'
import { keys } from '#contract/keys.ts'
import type { Permission } from '#contract/permissions.ts'
import { useAct } from '#ui/call.ts'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { permissionGroups } from '#ui/roles.ts'
import type { Person } from '#ui/session.ts'

interface NewKeyProps {
  readonly person: Person
  readonly onMade: (made: { readonly name: string; readonly token: string }) => void
  readonly onCancel: () => void
}

const terms = [
  { value: '7', label: '7 days' },
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'a year, the longest' },
]

export function NewKey({ person, onMade, onCancel }: NewKeyProps) {
  const act = useAct(keys.create, ['keys'])
  const [name, setName] = useState('')
  const [days, setDays] = useState('90')
  const [chosen, setChosen] = useState<string[]>([])
  const submit = () => {
    const expiresAt = new Date(systemClock.now().getTime() + Number(days) * durations.day).toISOString()
    act.mutate(
      { body: { name: name.trim(), permissions: chosen as Permission[], expiresAt } },
      { onSuccess: ({ token, key }) => onMade({ name: key.name, token }) },
    )
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <Stack gap="sm">
        <TextInput
          label="Name"
          description="What uses it: it stands in the audit trail beside your name."
          required
          maxLength={100}
          data-autofocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Select label="Good for" data={terms} value={days} allowDeselect={false} onChange={(value) => setDays(value ?? '90')} />
        <ChosenPermissions person={person} chosen={chosen} onChange={setChosen} />
        <Refusal error={act.error} />
        <FormButtons
          submit="Make the key"
          isBusy={act.isPending}
          isDisabled={name.trim() === '' || chosen.length === 0}
          onCancel={onCancel}
        />
      </Stack>
    </form>
  )
}

interface ChosenProps {
  readonly person: Person
  readonly chosen: string[]
  readonly onChange: (chosen: string[]) => void
}

/** Of what its owner may do, where they may do it. */
function ChosenPermissions({ person, chosen, onChange }: ChosenProps) {
  const held = new Set<string>(person.permissions.map(({ permission }) => permission))
  return (
    <Fieldset legend="What it may do">
      <Text size="sm" c="dimmed" mb="xs">
        As little as it needs. Where you may do something in one organization alone, so may the key.
      </Text>
      <ScrollArea.Autosize mah={260} type="auto" viewportProps={{ tabIndex: 0 }}>
        <Checkbox.Group value={chosen} onChange={onChange} aria-label="What it may do">
          <Stack gap="sm">
            {permissionGroups.map(({ title, permissions }) => {
              const own = Object.entries(permissions).filter(([permission]) => held.has(permission))
              return (
                own.length > 0 && (
                  <div key={title}>
                    <Text size="sm" fw={650} mb={4}>
                      {title}
                    </Text>
                    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xs" verticalSpacing={6}>
                      {own.map(([permission, words]) => (
                        <Checkbox key={permission} value={permission} label={words} />
                      ))}
                    </SimpleGrid>
                  </div>
                )
              )
            })}
          </Stack>
        </Checkbox.Group>
      </ScrollArea.Autosize>
    </Fieldset>
  )
}

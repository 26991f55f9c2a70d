import { Group, Select, Stack, Text, TextInput, Title } from '@mantine/core'
import { capitalized } from '#ui/words.ts'
import type { ScopePartProps } from './scope-props.ts'
import type { RoleWish } from './scope-order.ts'

const wishes = [
  { value: 'exists', label: 'The one of that name' },
  { value: 'create', label: 'Create it, without login' },
  { value: 'map', label: 'Another one stands for it' },
]

/** What stands for each role that the backup names: owners and grants hang on them. */
export function RoleChoices({ choice, change, parts, faults }: ScopePartProps) {
  const roles = [...new Set(parts.databases.flatMap((one) => one.roles))]
  if (roles.length === 0) return null
  const set = (role: string, wish: RoleWish | undefined) => {
    const { [role]: _, ...others } = choice.roles
    change({ roles: wish ? { ...others, [role]: wish } : others })
  }
  const indexOf = (role: string) => Object.keys(choice.roles).indexOf(role)
  return (
    <div>
      <Title order={3}>Roles that the backup names</Title>
      <Text size="sm" c="dimmed" mb="xs">
        Choose for those that the server lacks.
      </Text>
      <Stack gap="xs">
        {roles.map((role) => {
          const wish = choice.roles[role]
          return (
            <Group key={role} gap="sm" align="flex-start">
              <Select
                label={`Role ${role}`}
                w={260}
                allowDeselect={false}
                data={wishes}
                value={wish?.kind ?? 'exists'}
                onChange={(kind) => set(role, kind === 'create' ? { kind } : kind === 'map' ? { kind, to: '' } : undefined)}
              />
              {wish?.kind === 'map' && (
                <TextInput
                  label={`Stands for ${role}`}
                  required
                  spellCheck={false}
                  value={wish.to}
                  error={said(faults[`roles.${indexOf(role)}.to`])}
                  onChange={(event) => set(role, { kind: 'map', to: event.currentTarget.value.trim() })}
                />
              )}
            </Group>
          )
        })}
      </Stack>
    </div>
  )
}

function said(fault: string | undefined): string | undefined {
  return fault === undefined ? undefined : capitalized(fault)
}

import { Select, SimpleGrid } from '@mantine/core'
import { roles, type Role } from '#contract/permissions.ts'
import { roleWords } from '#ui/roles.ts'
import { everywhere, usePlaceChoices } from './places.ts'

export interface RoleOrder {
  readonly role: Role
  readonly tenantId: string | null
}

interface RoleFieldsProps {
  readonly value: RoleOrder
  readonly onChange: (value: RoleOrder) => void
}

const choices = roles.map((role) => ({ value: role, label: roleWords[role].title }))

/** One role, and where it is held. */
export function RoleFields({ value, onChange }: RoleFieldsProps) {
  const places = usePlaceChoices()
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }}>
      <Select
        label="Role"
        description={roleWords[value.role].may}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        data={choices}
        value={value.role}
        allowDeselect={false}
        onChange={(role) => role !== null && onChange({ ...value, role })}
      />
      <Select
        label="Where"
        description={value.tenantId === null ? 'In all organizations, those to come too.' : 'Nothing of other organizations is seen.'}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        data={places}
        value={value.tenantId ?? everywhere}
        allowDeselect={false}
        onChange={(place) => onChange({ ...value, tenantId: place === everywhere ? null : place })}
      />
    </SimpleGrid>
  )
}

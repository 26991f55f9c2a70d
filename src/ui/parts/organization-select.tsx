import { Select } from '@mantine/core'
import type { Permission } from '#contract/permissions.ts'
import { useMe } from '#ui/session.ts'

interface OrganizationSelectProps {
  readonly permission: Permission
  readonly value: string | undefined
  readonly onChange: (tenantId: string | undefined) => void
}

/** The organizations in which the reader may do that. */
export function useOrganizations(permission: Permission): readonly { readonly id: string; readonly title: string }[] {
  const { data } = useMe()
  const held = data?.permissions.find((one) => one.permission === permission)
  if (!data || !held) return []
  return data.tenants.filter(({ id }) => held.tenantIds === null || held.tenantIds.includes(id))
}

/** For whom something is made; not asked of those who have one organization alone. */
export function OrganizationSelect({ permission, value, onChange }: OrganizationSelectProps) {
  const organizations = useOrganizations(permission)
  if (organizations.length < 2) return null
  return (
    <Select
      label="Organization"
      description="Organizations see nothing of each other."
      required
      data={organizations.map(({ id, title }) => ({ value: id, label: title }))}
      value={value ?? null}
      onChange={(id) => onChange(id ?? undefined)}
    />
  )
}

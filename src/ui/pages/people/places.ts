import { useMay, useMe } from '#ui/session.ts'

/** Of a role in the whole installation, where a select wants text. */
export const everywhere = 'everywhere'

/** Where a role is held, in words. */
export function usePlaces(): (tenantId: string | null) => string {
  const { data: person } = useMe()
  return (tenantId) => {
    if (tenantId === null) return 'the whole installation'
    return person?.tenants.find(({ id }) => id === tenantId)?.title ?? 'another organization'
  }
}

/** Where the reader may give roles. */
export function usePlaceChoices(): readonly { readonly value: string; readonly label: string }[] {
  const { data: person } = useMe()
  const may = useMay()
  if (!person) return []
  const held = person.permissions.find(({ permission }) => permission === 'people.write')
  const own = person.tenants.filter(({ id }) => may('people.write', id)).map(({ id, title }) => ({ value: id, label: title }))
  return held?.tenantIds === null ? [...own, { value: everywhere, label: 'The whole installation' }] : own
}

import { Anchor, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { maskedWords } from '#ui/parts/mask-words.ts'
import { Note } from '#ui/parts/tone.tsx'
import type { ExtentProps } from './extent-props.ts'

/** What a masked copy is of, before anybody orders one. */
export function MaskedParts({ system: { id, settings, roots } }: Pick<ExtentProps, 'system'>) {
  const { masks } = settings
  const page = (
    <Anchor size="sm" underline="always" renderRoot={(props) => <Link to="/systems/$id" params={{ id }} {...props} />}>
      the page of the system
    </Anchor>
  )
  if (!masks)
    return (
      <Note tone="warning" title="No masks are set for this system">
        <Text size="sm">Look for identifiers on {page} first, and set what becomes of them.</Text>
      </Note>
    )
  const left = roots.filter(({ name }) => !masks.keptRoots.includes(name)).map(({ name }) => name)
  return (
    <>
      <Note tone="neutral" title="Such a backup is never put in the place of its system">
        <Text size="sm">
          It does not count as the newest one and protects nothing from being lost. It is restored elsewhere, with made-up values where the
          settings say so.
        </Text>
      </Note>
      <Text size="sm">
        {maskedWords(masks)} What is not masked stands on {page}.
      </Text>
      <Text size="sm" c="dimmed">
        {left.length > 0 && `Files left out, because nothing masks them: ${left.join(', ')}. `}
        {masks.keepsLargeObjects ? 'Large objects are taken as they are.' : 'Large objects are left out.'}
      </Text>
    </>
  )
}

export function maskedFacts({ system: { settings, roots } }: Pick<ExtentProps, 'system'>): readonly (readonly [string, ReactNode])[] {
  const kept = roots.filter(({ name }) => settings.masks?.keptRoots.includes(name)).map(({ name }) => name)
  return [
    ['Holds', 'a masked copy of the databases, for another place'],
    ['Masked', maskedWords(settings.masks)],
    ['Files', kept.length === 0 ? 'none' : `${kept.join(', ')}, as they are`],
  ]
}

/** What whoever starts it has to know. */
export function MaskedNotes() {
  return (
    <Note tone="warning" title="The copy is pseudonymous, not anonymous">
      <Text size="sm">
        Equal values are still equal, rare diagnoses still rare, and what the settings do not name is not masked. The masks are tried on
        rows first: one that breaks a constraint ends it with that fact, and nothing is stored.
      </Text>
    </Note>
  )
}

import { Anchor, Group, Progress, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { printBytes } from '#base/units.ts'
import type { RepositoryView } from '#contract/repositories.ts'
import type { SpaceView } from '#contract/space.ts'
import { Facts } from '#ui/parts/facts.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Ago } from '#ui/parts/time.tsx'
import { Badge, Note } from '#ui/parts/tone.tsx'
import { counted, printPercent } from '#ui/words.ts'
import { checkWords, printFilling, printGrowth, spaceWords } from './space-words.ts'

interface RepositoryCardProps {
  readonly repository: RepositoryView
  /** Undefined: not answered yet, or it is retired. */
  readonly space: SpaceView | undefined
}

export function RepositoryCard({ repository, space }: RepositoryCardProps) {
  const { id, name, place, backups, systems, state, retiredAt } = repository
  const check = checkWords(state.lastCheck)
  return (
    <Section
      title={
        <Anchor fw={650} fz="inherit" renderRoot={(props) => <Link to="/storage/$id" params={{ id }} {...props} />}>
          {name}
        </Anchor>
      }
      lead={place}
      actions={
        <>
          {retiredAt !== null && <Badge tone="neutral">Retired</Badge>}
          {space && <Badge tone={spaceWords[space.state].tone}>{spaceWords[space.state].words}</Badge>}
          <Badge tone={check.tone}>{check.words}</Badge>
        </>
      }
    >
      {space?.fact && <Note tone="warning" title={space.fact} />}
      {space && <FreeBar space={space} />}
      <Facts
        rows={[
          ...(space ? spaceFacts(space) : []),
          [
            'Last check',
            state.lastCheck ? (
              <>
                <Ago at={state.lastCheck.at} />
                {state.lastCheck.isIntact ? ', found it whole' : `, found ${counted(state.lastCheck.findingCount, 'thing')} wrong`}
              </>
            ) : (
              'never'
            ),
          ],
          ['Backups in it', counted(backups, 'backup')],
          ['Systems', systems.length === 0 ? 'none' : <SystemLinks key="systems" systems={systems} />],
        ]}
      />
    </Section>
  )
}

export function spaceFacts(space: SpaceView): readonly (readonly [string, React.ReactNode])[] {
  const { storedBytes, savedByDedupBytes, savedByCompressionBytes, freeBytes, freeBy, at } = space
  const known = (bytes: number | null) => (bytes === null ? 'not known yet' : printBytes(bytes))
  return [
    ['Stored', known(storedBytes)],
    ['Saved by deduplication', known(savedByDedupBytes)],
    ['Saved by compression', known(savedByCompressionBytes)],
    [
      'Free',
      freeBytes === null ? 'not known' : `${printBytes(freeBytes)} (${freeBy === 'quota' ? 'of its quota' : 'as the storage says'})`,
    ],
    ['Grows by', printGrowth(space.growthBytesPerDay)],
    ['Full', printFilling(space)],
    ['Looked at', <Ago key="at" at={at} absent="not yet" />],
  ]
}

/** What is taken of what there is; nothing is drawn where nobody knows what is free. */
export function FreeBar({ space: { storedBytes, freeBytes } }: { readonly space: SpaceView }) {
  if (storedBytes === null || freeBytes === null) return null
  const share = storedBytes / Math.max(1, storedBytes + freeBytes)
  return (
    <div style={{ marginBlock: '0.5rem 0.75rem' }}>
      <Group justify="space-between" gap="xs" mb={2}>
        <Text size="sm">{printBytes(storedBytes)} stored</Text>
        <Text size="sm">{printBytes(freeBytes)} free</Text>
      </Group>
      <Progress value={share * 100} size="md" aria-label={`${printPercent(share, share < 0.1 ? 1 : 0)} of the room for backups is taken`} />
    </div>
  )
}

export function SystemLinks({ systems }: Pick<RepositoryView, 'systems'>) {
  return systems.map(({ id, name }, index) => (
    <span key={id}>
      {index > 0 && ', '}
      <Anchor size="sm" renderRoot={(props) => <Link to="/systems/$id" params={{ id }} {...props} />}>
        {name}
      </Anchor>
    </span>
  ))
}

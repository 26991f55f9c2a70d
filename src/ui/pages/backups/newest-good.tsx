import { Anchor, Box, Group, SimpleGrid, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { health, type SystemHealth } from '#contract/health.ts'
import { useReply } from '#ui/call.ts'
import { Ago, Instant } from '#ui/parts/time.tsx'
import { ToneIcon } from '#ui/parts/tone.tsx'

type SourceHealth = SystemHealth['sources'][number]

/** The newest backup of each source that can be relied on, as the service judges it. */
export function useNewestGood() {
  const { data } = useReply(health.systems, { query: { pageSize: 200 } })
  const ids = new Set((data?.rows ?? []).flatMap(({ sources }) => sources.flatMap(({ backupId }) => (backupId === null ? [] : [backupId]))))
  return { systems: data?.rows, ids }
}

const shownMax = 6

/** The first question of anybody who comes here at night: what would be restored? */
export function NewestGood({ systems, systemId }: { readonly systems: readonly SystemHealth[]; readonly systemId: string | undefined }) {
  const shown = systems.filter(({ id }) => systemId === undefined || id === systemId)
  if (shown.length === 0) return null
  return (
    <Box component="section" aria-label="The newest good backup of each system">
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="sm">
        {shown.slice(0, shownMax).map((system) => (
          <NewestOfSystem key={system.id} system={system} />
        ))}
      </SimpleGrid>
      {shown.length > shownMax && (
        <Text size="sm" c="dimmed" mt={4}>
          {shownMax} of {shown.length} systems. Choose one below to see its own.
        </Text>
      )}
    </Box>
  )
}

function NewestOfSystem({ system: { name, title, sources } }: { readonly system: SystemHealth }) {
  const byBackup = [...Map.groupBy(sources, ({ backupId }) => backupId)]
  return (
    <Box className="surface" p="sm">
      <Text fw={650} size="sm">
        {title}{' '}
        <Text span c="dimmed" size="sm">
          ({name})
        </Text>
      </Text>
      {byBackup.map(([backupId, covered]) => (
        <NewestOfSources key={backupId ?? 'none'} backupId={backupId} sources={covered} isWhole={byBackup.length === 1} />
      ))}
    </Box>
  )
}

interface NewestOfSourcesProps {
  readonly backupId: string | null
  readonly sources: readonly SourceHealth[]
  readonly isWhole: boolean
}

function NewestOfSources({ backupId, sources, isWhole }: NewestOfSourcesProps) {
  const what = isWhole ? 'everything' : sources.map(({ kind, name }) => `${kind === 'files' ? 'files' : 'database'} ${name}`).join(', ')
  const [first] = sources
  return (
    <Group gap={8} wrap="nowrap" align="flex-start" mt={4}>
      <ToneIcon tone={backupId === null ? 'bad' : 'good'} size={18} />
      <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
        {backupId === null ? (
          isWhole ? (
            'No good backup at all: nothing of it could be restored'
          ) : (
            `No good backup of ${what}`
          )
        ) : (
          <>
            <Anchor size="sm" renderRoot={(props) => <Link to="/backups/$id" params={{ id: backupId }} {...props} />}>
              Newest good backup of {what}
            </Anchor>
            : <Ago at={first?.recoveryPoint} absent="time not known" />
            <Text span size="xs" c="dimmed" display="block">
              state of <Instant at={first?.recoveryPoint} absent="a time that is not known" />
            </Text>
          </>
        )}
      </Text>
    </Group>
  )
}

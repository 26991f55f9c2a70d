import { Anchor, Box, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { AlertView } from '#contract/alerts.ts'
import type { SystemHealth } from '#contract/health.ts'
import { printMinutes } from '#ui/instants.ts'
import { Ago, Instant, useNow } from '#ui/parts/time.tsx'
import { Badge, ToneIcon, toneClass } from '#ui/parts/tone.tsx'
import { capitalized, protectionWords } from '#ui/words.ts'
import { Remedies } from './remedies.tsx'
import { remediesOf } from './verdict.ts'

interface SystemVerdictProps {
  readonly system: SystemHealth
  readonly alerts: readonly AlertView[]
  /** Null: no schedule makes one. Undefined: not known yet. */
  readonly nextRunAt: string | null | undefined
}

/** Whether one system could be brought back now; if not simply, why, and what to do. */
export function SystemVerdict({ system, alerts, nextRunAt }: SystemVerdictProps) {
  const { id, title, name, state, reasons } = system
  const now = useNow(60_000)
  const { words, tone } = protectionWords[state]
  return (
    <Box component="article" aria-label={title} className={`surface tone-edge ${toneClass(tone)}`} p="md">
      <Group justify="space-between" gap="xs" align="flex-start">
        <Title order={3}>
          <Anchor inherit renderRoot={(props) => <Link to="/systems/$id" params={{ id }} {...props} />}>
            {title}
          </Anchor>{' '}
          <Text span size="sm" c="dimmed">
            {name}
          </Text>
        </Title>
        <Badge tone={tone}>{words}</Badge>
      </Group>
      {state === 'protected' && <Text size="sm">{wellWords(system)}</Text>}
      {reasons.length > 0 && (
        <Stack component="ul" gap={6} my="sm" pl={0} style={{ listStyle: 'none' }}>
          {reasons.map((reason) => (
            <Group component="li" key={reason.fact} gap={8} wrap="nowrap" align="flex-start">
              <ToneIcon tone={protectionWords[reason.state].tone} size={18} />
              <Text size="sm" style={{ minWidth: 0, overflowWrap: 'anywhere' }}>
                <strong>{capitalized(reason.fact)}.</strong> {reason.hint}
              </Text>
            </Group>
          ))}
        </Stack>
      )}
      <Remedies system={system} remedies={remediesOf(system, alerts, now)} />
      <SimpleGrid component="dl" cols={{ base: 2, md: 5 }} spacing="md" verticalSpacing="xs" mt="sm" mb={0}>
        <Measure name="Data at risk of loss (RPO)" {...point(system)} />
        <Measure name="Time to restore (RTO)" {...time(system)} />
        <Measure
          name="Last proven restore"
          value={system.lastProvenAt === null ? 'never' : <Ago at={system.lastProvenAt} />}
          note={provenNote(system)}
        />
        <Measure
          name="Last backup"
          value={system.lastBackup === null ? 'none yet' : <Ago at={system.lastBackup.at} />}
          note={lastNote(system)}
        />
        <Measure
          name="Next scheduled backup"
          value={nextRunAt === undefined ? 'not known yet' : nextRunAt === null ? 'none' : <Ago at={nextRunAt} />}
          note={nextRunAt === null ? 'no schedule is switched on' : nextRunAt && <Instant at={nextRunAt} />}
        />
      </SimpleGrid>
    </Box>
  )
}

function wellWords({ sources, rpo: { achievedMinutes } }: SystemHealth): string {
  const age = achievedMinutes === null ? '' : `, as of ${printMinutes(achievedMinutes)} ago`
  return sources.length === 1 ? `Its one source can be brought back${age}.` : `All ${sources.length} sources can be brought back${age}.`
}

function Measure({ name, value, note }: { readonly name: string; readonly value: ReactNode; readonly note?: ReactNode }) {
  return (
    <div>
      <Text component="dt" size="xs" c="dimmed">
        {name}
      </Text>
      <Text component="dd" m={0} fw={600}>
        {value}
      </Text>
      {note !== undefined && (
        <Text component="dd" m={0} size="xs" c="dimmed">
          {note}
        </Text>
      )}
    </div>
  )
}

function point({ rpo: { achievedMinutes, objectiveMinutes } }: SystemHealth) {
  return {
    value: achievedMinutes === null ? 'all of it' : printMinutes(achievedMinutes),
    note: objectiveMinutes === null ? 'no objective set' : `objective ${printMinutes(objectiveMinutes)}`,
  }
}

function time({ rto: { achievedMinutes, projectedMinutes, objectiveMinutes, measuredBy } }: SystemHealth) {
  const longest = achievedMinutes === null ? null : Math.max(achievedMinutes, projectedMinutes ?? 0)
  const objective = objectiveMinutes === null ? 'no objective set' : `objective ${printMinutes(objectiveMinutes)}`
  return {
    value: longest === null ? 'not measured yet' : printMinutes(longest),
    note: measuredBy === null ? objective : `${objective}, by a ${measuredBy}`,
  }
}

function provenNote({ chain: { proven, intact, unverified } }: SystemHealth): string {
  return `${proven} proven, ${intact} verified, ${unverified} not verified`
}

function lastNote({ lastBackup }: SystemHealth): ReactNode {
  if (lastBackup === null) return undefined
  return (
    <Anchor size="xs" renderRoot={(props) => <Link to="/backups/$id" params={{ id: lastBackup.id }} {...props} />}>
      {capitalized(lastBackup.status.replaceAll('_', ' '))}
    </Anchor>
  )
}

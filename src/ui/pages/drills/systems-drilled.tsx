import { Text, UnstyledButton } from '@mantine/core'
import { health, type SystemHealth } from '#contract/health.ts'
import { drills } from '#contract/drills.ts'
import { durations, printDuration } from '#base/units.ts'
import { useReply } from '#ui/call.ts'
import { DataTable, TableSkeleton, type Column } from '#ui/parts/data-table.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Ago, useNow } from '#ui/parts/time.tsx'
import { Badge } from '#ui/parts/tone.tsx'
import { overdueOf } from './drill-words.ts'

/** Of each system: when it was last proven, and whether the next drill is overdue. */
export function SystemsDrilled({ onChoose }: { readonly onChoose: (systemId: string) => void }) {
  const reply = useReply(health.systems, { query: { pageSize: 100 } })
  return (
    <Loaded reply={reply} skeleton={<TableSkeleton rows={3} />} isEmpty={({ total }) => total === 0} empty={null}>
      {({ rows }) => (
        <Section title="By system" lead="Open one for its trend, and for when it is drilled by itself.">
          <DataTable
            label="Drills by system"
            noun="system"
            columns={columnsFor(onChoose)}
            rows={rows}
            keyOf={({ id }) => id}
            onOpen={({ id }) => onChoose(id)}
          />
        </Section>
      )}
    </Loaded>
  )
}

function columnsFor(onChoose: (systemId: string) => void): readonly Column<SystemHealth>[] {
  return [
    {
      id: 'system',
      title: 'System',
      cell: ({ id, title }) => (
        <UnstyledButton fz="sm" c="var(--mantine-color-anchor)" onClick={() => onChoose(id)}>
          {title}
        </UnstyledButton>
      ),
    },
    { id: 'due', title: 'Next drill', cell: ({ id }) => <Due systemId={id} /> },
    { id: 'passed', title: 'Last drill that passed', cell: ({ id }) => <LastPassed systemId={id} /> },
    {
      id: 'took',
      title: 'Last restore took',
      isNumber: true,
      cell: ({ rto }) => (rto.achievedMinutes === null ? 'not measured' : printDuration(rto.achievedMinutes * durations.minute)),
    },
    {
      id: 'objective',
      title: 'Objective',
      isNumber: true,
      cell: ({ rto }) => (rto.objectiveMinutes === null ? 'none is set' : printDuration(rto.objectiveMinutes * durations.minute)),
    },
  ]
}

/** The newest that passed; null when none has, undefined while nobody knows. */
export function useLastPassed(systemId: string): string | null | undefined {
  const { data } = useReply(drills.list, { query: { systemId, outcome: 'proven', pageSize: 1 } })
  return data === undefined ? undefined : (data.rows[0]?.endedAt ?? null)
}

function LastPassed({ systemId }: { readonly systemId: string }) {
  const at = useLastPassed(systemId)
  return at === undefined ? <Text span>…</Text> : <Ago at={at} absent="none yet" />
}

export function Due({ systemId }: { readonly systemId: string }) {
  const policy = useReply(drills.policy, { params: { id: systemId } })
  const lastPassed = useLastPassed(systemId)
  const now = useNow(60_000)
  if (policy.data === undefined || lastPassed === undefined) return <Text span>…</Text>
  const { words, tone, since } = overdueOf(policy.data.policy, lastPassed, now)
  return (
    <>
      <Badge tone={tone}>{words}</Badge>
      {since !== null && (
        <Text size="sm" span>
          {' '}
          since <Ago at={since} />
        </Text>
      )}
    </>
  )
}

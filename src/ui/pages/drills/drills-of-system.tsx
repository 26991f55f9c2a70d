import { Anchor, Button, Group, Skeleton, Stack, Table, Text } from '@mantine/core'
import { IconPencil } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { Suspense, lazy, useState } from 'react'
import { printBytes, printDuration } from '#base/units.ts'
import { drills } from '#contract/drills.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import { useReply } from '#ui/call.ts'
import { Facts } from '#ui/parts/facts.tsx'
import { Loaded, TextSkeleton } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { useMay } from '#ui/session.ts'
import { choiceWords } from './drill-words.ts'
import { PolicyEditor } from './policy-editor.tsx'
import { Due } from './systems-drilled.tsx'

type Trend = ReplyOf<typeof drills.trend>

// The chart is large, and the table beside it says the same.
const TrendChart = lazy(async () => ({ default: (await import('./trend-chart.tsx')).TrendChart }))

/** Of one system: where its restore times are heading, and when it is drilled by itself. */
export function DrillsOfSystem({ systemId }: { readonly systemId: string }) {
  const trend = useReply(drills.trend, { params: { id: systemId } })
  return (
    <>
      <Section title="How long a restore takes" lead="Measured by drills: from a ready server to the last comparison.">
        <Loaded reply={trend} skeleton={<Skeleton height={220} />}>
          {(data) => <TrendView trend={data} />}
        </Loaded>
      </Section>
      <Policy systemId={systemId} />
    </>
  )
}

function TrendView({ trend }: { readonly trend: Trend }) {
  const { points, objectiveMs, inWords } = trend
  const isMissed = objectiveMs !== null && (points.at(-1)?.restoredInMs ?? 0) > objectiveMs
  return (
    <Stack gap="md">
      <Note tone={points.length === 0 ? 'unknown' : isMissed ? 'bad' : objectiveMs === null ? 'neutral' : 'good'}>
        <Text size="sm">{inWords}</Text>
      </Note>
      {points.length > 1 && (
        <Suspense fallback={<Skeleton height={220} />}>
          <TrendChart points={points} objectiveMs={objectiveMs} />
        </Suspense>
      )}
      {points.length > 0 && <TrendTable points={points} objectiveMs={objectiveMs} />}
    </Stack>
  )
}

function TrendTable({ points, objectiveMs }: Pick<Trend, 'points' | 'objectiveMs'>) {
  return (
    <Table aria-label="Restore times by drill" className="stacking-table">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Drill</Table.Th>
          <Table.Th className="number">Restored in</Table.Th>
          <Table.Th className="number">Objective</Table.Th>
          <Table.Th className="number">Size</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {points
          .toReversed()
          .slice(0, 12)
          .map(({ drillId, at, restoredInMs, logicalBytes }) => (
            <Table.Tr key={drillId}>
              <Table.Td data-title="Drill">
                <Anchor size="sm" renderRoot={(props) => <Link to="/drills/$id" params={{ id: drillId }} {...props} />}>
                  <Instant at={at} />
                </Anchor>
              </Table.Td>
              <Table.Td data-title="Restored in" className="number">
                {printDuration(restoredInMs)}
              </Table.Td>
              <Table.Td data-title="Objective" className="number">
                {objectiveMs === null ? 'none' : `${printDuration(objectiveMs)}${restoredInMs > objectiveMs ? ', missed' : ''}`}
              </Table.Td>
              <Table.Td data-title="Size" className="number">
                {logicalBytes === null ? 'not known' : printBytes(logicalBytes)}
              </Table.Td>
            </Table.Tr>
          ))}
      </Table.Tbody>
    </Table>
  )
}

function Policy({ systemId }: { readonly systemId: string }) {
  const may = useMay()
  const reply = useReply(drills.policy, { params: { id: systemId } })
  const [isOpen, setIsOpen] = useState(false)
  return (
    <Section
      title="Drilled by itself"
      actions={
        may('drills.write') &&
        reply.data && (
          <Button variant="default" leftSection={<IconPencil size={16} aria-hidden />} onClick={() => setIsOpen(true)}>
            {reply.data.policy === null ? 'Say when' : 'Change'}
          </Button>
        )
      }
    >
      <Loaded reply={reply} skeleton={<TextSkeleton />}>
        {({ policy }) => (
          <Stack gap="sm">
            <Group gap="xs">
              <Due systemId={systemId} />
            </Group>
            {policy === null ? (
              <Text size="sm">
                Nobody has said when. A drill needs room for the restored system on the worker, so none is begun by itself.
              </Text>
            ) : (
              <Facts
                rows={[
                  ['Active', policy.isActive ? 'yes' : 'no'],
                  ['At these times', policy.cronExpression === null ? 'none' : `${policy.cronExpression} (${policy.timeZone})`],
                  ['Next', <Instant key="next" at={policy.nextRunAt} absent="none" />],
                  ['Of which backup', choiceWords[policy.choice]],
                  ['After so many backups', policy.everyNthBackup === null ? 'no' : `each ${policy.everyNthBackup}`],
                  ['People are told', `when none has passed for ${policy.overdueAfterDays} days`],
                ]}
              />
            )}
            <PolicyEditor
              key={policy?.changedAt ?? 'none'}
              systemId={systemId}
              policy={policy}
              isOpen={isOpen}
              onClose={() => setIsOpen(false)}
            />
          </Stack>
        )}
      </Loaded>
    </Section>
  )
}

import { Anchor, Button, Group, List, Stack, Text } from '@mantine/core'
import { IconArrowBackUp } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import type { RecordWish } from '#contract/records.ts'
import type { SystemView } from '#contract/systems.ts'
import { handRecord } from '#ui/handed-record.ts'
import { Section } from '#ui/parts/page.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { Badge } from '#ui/parts/tone.tsx'
import { useMay } from '#ui/session.ts'
import { capitalized, counted } from '#ui/words.ts'
import { FieldTable } from './field-table.tsx'
import { pairsOf, pointsOf, printKey, printMoment, readBackups, stateIn, whyLeftOut } from './history-points.ts'
import type { ChangePoint, History, HistoryPoint, HistoryRow, LeftOutPoint, QuietPoint } from './history-points.ts'
import { EventFields, wordingOfEvent } from './row-event.tsx'

interface TimelineProps {
  readonly system: SystemView
  readonly wish: RecordWish
  readonly history: History
}

/** Shown at once; of a record that changes from backup to backup the newest are wanted first. */
const pointsShown = 40

export function HistoryTimeline({ system, wish, history }: TimelineProps) {
  const points = useMemo(() => pointsOf(history), [history])
  const [isAll, setIsAll] = useState(false)
  const hidden = isAll ? 0 : Math.max(0, points.length - pointsShown)
  return (
    <Section
      title="Backup by backup"
      lead="Oldest first. Each point is a backup; what happened, happened between it and the one before, perhaps in several steps."
    >
      {hidden > 0 && (
        <Button variant="default" size="xs" mb="sm" onClick={() => setIsAll(true)}>
          Show {counted(hidden, 'earlier point')} as well
        </Button>
      )}
      <ol className="history-line">
        {points.slice(hidden).map((point) => (
          <li key={keyOf(point)} data-kind={point.kind}>
            {point.kind === 'change' && <Change point={point} system={system} wish={wish} history={history} />}
            {point.kind === 'quiet' && <Quiet point={point} />}
            {point.kind === 'left-out' && <NotRead point={point} />}
          </li>
        ))}
      </ol>
    </Section>
  )
}

function keyOf(point: HistoryPoint): string {
  return point.kind === 'quiet' ? point.backups[0]!.id : point.backup.id
}

function Quiet({ point: { backups } }: { readonly point: QuietPoint }) {
  const [first, last] = [backups[0]!, backups.at(-1)!]
  return (
    <Text size="sm" c="dimmed">
      {backups.length === 1 ? (
        <>
          The same: <Instant at={first.at} />
        </>
      ) : (
        <>
          The same in {counted(backups.length, 'backup')}: <Instant at={first.at} /> to <Instant at={last.at} />
        </>
      )}
    </Text>
  )
}

function NotRead({ point: { backup } }: { readonly point: LeftOutPoint }) {
  return (
    <Text size="sm" c="dimmed">
      Left out: <Instant at={backup.at} />. {capitalized(whyLeftOut(backup))}.
    </Text>
  )
}

interface ChangeProps extends TimelineProps {
  readonly point: ChangePoint
}

function Change({ point, system, wish, history }: ChangeProps) {
  const { backup, isOldest, rows, tables } = point
  const others = tables.filter(({ isRoot, moment }) => !isRoot || moment.columnsAdded.length + moment.columnsRemoved.length > 0)
  return (
    <Stack gap="xs" component="section" aria-label={`Backup ${backup.name}`}>
      <Group gap="sm" justify="space-between">
        <Text component="div" fw={650}>
          <Anchor fw={650} renderRoot={(props) => <Link to="/backups/$id" params={{ id: backup.id }} {...props} />}>
            <Instant at={backup.at} />
          </Anchor>{' '}
          {isOldest && (
            <Text span size="sm" c="dimmed">
              the oldest that was read
            </Text>
          )}
        </Text>
        <BringBack point={point} system={system} wish={wish} />
      </Group>
      {rows.map(({ row, event }) => (
        <Stack key={printKey(row)} gap={4}>
          <Group gap="xs">
            <Badge tone={wordingOfEvent(event).tone}>{wordingOfEvent(event).words}</Badge>
            <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
              {row.schema}.{row.table}: {printKey(row)}
            </Text>
          </Group>
          <EventFields event={event} label={`${wordingOfEvent(event).words}: ${printKey(row)}`} />
          {event.kind === 'changed' && <WholeRow row={row} backup={backup.id} history={history} />}
        </Stack>
      ))}
      {rows.length === 0 && !isOldest && <Text size="sm">The record itself is the same; what belongs to it is not.</Text>}
      {others.length > 0 && (
        <List size="sm" spacing={2}>
          {others.map(({ name, moment, isFirst }) => (
            <List.Item key={name}>
              {name}: {printMoment(moment, isFirst)}
            </List.Item>
          ))}
        </List>
      )}
    </Stack>
  )
}

/** All fields of a row as they were in one backup. */
function WholeRow({ row, backup, history }: { readonly row: HistoryRow; readonly backup: string; readonly history: History }) {
  const [isOpen, setIsOpen] = useState(false)
  const order = readBackups(history).map(({ id }) => id)
  return (
    <div>
      <Button variant="subtle" size="compact-sm" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
        {isOpen ? 'Close the whole row' : 'The whole row as it was here'}
      </Button>
      {isOpen && (
        <FieldTable
          label={`The whole row: ${printKey(row)}`}
          pairs={pairsOf(undefined, stateIn(row, backup, order))}
          sides={['As it was here']}
        />
      )}
    </div>
  )
}

/** Leads to a comparison with what is live, and no further. The key goes by memory, not by the address. */
function BringBack({ point: { backup, isThere }, system, wish }: Pick<ChangeProps, 'point' | 'system' | 'wish'>) {
  const may = useMay()
  const { tenantId, retiredAt } = system
  if (!isThere || retiredAt !== null || !may('restores.preview', tenantId) || !may('records.read', tenantId)) return null
  return (
    <Button
      variant="default"
      size="xs"
      leftSection={<IconArrowBackUp size={14} aria-hidden />}
      onClick={() => handRecord({ page: 'restore', id: backup.id }, wish)}
      renderRoot={(props) => <Link to="/restore" search={{ backup: backup.id, step: 'scope' }} {...props} />}
    >
      Bring back as it was here
    </Button>
  )
}

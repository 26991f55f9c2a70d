import { ActionIcon, Anchor, Group, Text, Tooltip } from '@mantine/core'
import { IconPencil, IconTrash } from '@tabler/icons-react'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { ScheduleView } from '#contract/schedules.ts'
import { DataTable, type Column } from '#ui/parts/data-table.tsx'
import type { Paging } from '#ui/parts/table-pages.tsx'
import { Ago, Instant } from '#ui/parts/time.tsx'
import { Badge } from '#ui/parts/tone.tsx'
import { useMay } from '#ui/session.ts'
import { wordingOf } from '#ui/words.ts'
import { RemoveSchedule } from './remove-schedule.tsx'
import { ScheduleSwitch } from './schedule-switch.tsx'

interface ScheduleTableProps {
  readonly rows: readonly ScheduleView[]
  readonly isOld: boolean
  readonly onEdit: (id: string) => void
  readonly paging: Paging
}

export function ScheduleTable({ rows, isOld, onEdit, paging }: ScheduleTableProps) {
  const navigate = useNavigate()
  const [removed, setRemoved] = useState<ScheduleView>()
  return (
    <>
      <DataTable
        label="Schedules"
        noun="schedule"
        columns={columnsOf(onEdit, setRemoved)}
        rows={rows}
        keyOf={({ id }) => id}
        paging={paging}
        isOld={isOld}
        onOpen={({ id }) => void navigate({ to: '/schedules/$id', params: { id } })}
      />
      <RemoveSchedule schedule={removed} onClose={() => setRemoved(undefined)} />
    </>
  )
}

function columnsOf(onEdit: (id: string) => void, onRemove: (schedule: ScheduleView) => void): readonly Column<ScheduleView>[] {
  return [
    { id: 'system', title: 'System', cell: ({ systemName }) => systemName },
    {
      id: 'name',
      title: 'Name',
      cell: ({ id, name }) => (
        <Anchor size="sm" renderRoot={(props) => <Link to="/schedules/$id" params={{ id }} {...props} />}>
          {name}
        </Anchor>
      ),
    },
    {
      id: 'words',
      title: 'When',
      cell: ({ words }) => (
        <Text size="sm" maw={280}>
          {words}
        </Text>
      ),
    },
    { id: 'switch', title: 'State', cell: (schedule) => <ScheduleSwitch schedule={schedule} /> },
    { id: 'next', title: 'Next run', cell: (schedule) => <NextRun schedule={schedule} /> },
    { id: 'last', title: 'Last', cell: (schedule) => <LastStatus schedule={schedule} /> },
    { id: 'acts', title: 'Do', cell: (schedule) => <RowActs schedule={schedule} onEdit={onEdit} onRemove={onRemove} /> },
  ]
}

function NextRun({ schedule: { nextRunAt, nextRuns, timeZone } }: { readonly schedule: ScheduleView }) {
  if (nextRunAt === null) return <Text size="sm">none while it is off</Text>
  const next = nextRuns.find(({ at }) => at === nextRunAt)
  return (
    <>
      <Text size="sm" component="div">
        <Ago at={nextRunAt} />, <Instant at={nextRunAt} />
      </Text>
      {next && (
        <Text size="xs" c="dimmed">
          {next.local.slice(11)} in {timeZone}
        </Text>
      )}
    </>
  )
}

export function LastStatus({ schedule: { lastStatus, lastRunAt } }: { readonly schedule: ScheduleView }) {
  if (lastStatus === null) return <Text size="sm">has not run yet</Text>
  const { words, tone } = lastStatus === 'missed' ? { words: 'Missed', tone: 'bad' as const } : wordingOf(lastStatus)
  return (
    <>
      <Badge tone={tone}>{words}</Badge>{' '}
      {lastRunAt !== null && (
        <Text size="xs" c="dimmed" component="div">
          <Ago at={lastRunAt} />
        </Text>
      )}
    </>
  )
}

interface RowActsProps {
  readonly schedule: ScheduleView
  readonly onEdit: (id: string) => void
  readonly onRemove: (schedule: ScheduleView) => void
}

function RowActs({ schedule, onEdit, onRemove }: RowActsProps) {
  const may = useMay()
  if (!may('schedules.write', schedule.tenantId)) return null
  return (
    <Group gap={4} wrap="nowrap" className="no-print">
      <Tooltip label="Change">
        <ActionIcon variant="default" size="md" aria-label={`Change ${schedule.name}`} onClick={() => onEdit(schedule.id)}>
          <IconPencil size={16} aria-hidden />
        </ActionIcon>
      </Tooltip>
      <Tooltip label="Remove">
        <ActionIcon variant="default" size="md" aria-label={`Remove ${schedule.name}`} onClick={() => onRemove(schedule)}>
          <IconTrash size={16} aria-hidden />
        </ActionIcon>
      </Tooltip>
    </Group>
  )
}

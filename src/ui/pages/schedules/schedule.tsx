import { Anchor, Button, Select, Stack, Text } from '@mantine/core'
import { IconPencil, IconTrash } from '@tabler/icons-react'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { z } from 'zod'
import { schedules, type ScheduleView, type TickView } from '#contract/schedules.ts'
import { pageQuery } from '#contract/shapes.ts'
import { systems } from '#contract/systems.ts'
import { useReply } from '#ui/call.ts'
import { printMinutes } from '#ui/instants.ts'
import { DataTable, TableSkeleton, type Column } from '#ui/parts/data-table.tsx'
import { Facts } from '#ui/parts/facts.tsx'
import { CardSkeletons, Loaded } from '#ui/parts/loaded.tsx'
import { Page, Section } from '#ui/parts/page.tsx'
import { Ago, Instant } from '#ui/parts/time.tsx'
import { Badge } from '#ui/parts/tone.tsx'
import { useMay } from '#ui/session.ts'
import { useSearchState } from '#ui/search.ts'
import { capitalized, wordingOf } from '#ui/words.ts'
import { RunList } from './next-runs.tsx'
import { ProposalSection } from './proposal.tsx'
import { RemoveSchedule } from './remove-schedule.tsx'
import { typeWords } from './schedule-draft.ts'
import { ScheduleEditor } from './schedule-editor.tsx'
import { ScheduleSwitch } from './schedule-switch.tsx'
import { LastStatus } from './schedule-table.tsx'

const searchSchema = z.object({ ...pageQuery, missed: z.enum(['true', 'false']).optional().catch(undefined) })

export function SchedulePage() {
  const { id = '' } = useParams({ strict: false }) as { id?: string }
  const reply = useReply(schedules.details, { params: { id } })
  return (
    <Loaded reply={reply} skeleton={<CardSkeletons />}>
      {(schedule) => <OneSchedule schedule={schedule} />}
    </Loaded>
  )
}

function OneSchedule({ schedule }: { readonly schedule: ScheduleView }) {
  const may = useMay()
  const navigate = useNavigate()
  const [isEditing, setIsEditing] = useState(false)
  const [isRemoving, setIsRemoving] = useState(false)
  const all = useReply(systems.list, { query: { pageSize: 200 } }, { isAsked: isEditing })
  return (
    <Page
      title={schedule.name}
      lead={`${schedule.words}.`}
      trail={[{ title: 'Schedules', to: '/schedules' }]}
      actions={
        may('schedules.write', schedule.tenantId) && (
          <>
            <Button leftSection={<IconPencil size={16} aria-hidden />} onClick={() => setIsEditing(true)}>
              Change
            </Button>
            <Button variant="default" leftSection={<IconTrash size={16} aria-hidden />} onClick={() => setIsRemoving(true)}>
              Remove
            </Button>
          </>
        )
      }
    >
      <Section title="How it is set">
        <Settings schedule={schedule} />
      </Section>
      <Section title="The next five runs">
        <RunList runs={schedule.nextRuns} />
        {!schedule.isActive && <Text size="sm">It is off: these are the runs once it is switched on.</Text>}
      </Section>
      <ProposalSection schedule={schedule} />
      <Ticks scheduleId={schedule.id} />
      <ScheduleEditor
        isOpen={isEditing && all.data !== undefined}
        onClose={() => setIsEditing(false)}
        schedule={schedule}
        systems={all.data?.rows ?? []}
      />
      <RemoveSchedule
        schedule={isRemoving ? schedule : undefined}
        onClose={() => setIsRemoving(false)}
        onRemoved={() => navigate({ to: '/schedules' })}
      />
    </Page>
  )
}

function Settings({ schedule }: { readonly schedule: ScheduleView }) {
  const { systemId, systemName, backupType, cronExpression, timeZone, retentionDays, jitterMinutes, follows } = schedule
  return (
    <Facts
      rows={[
        ['State', <ScheduleSwitch key="switch" schedule={schedule} />],
        [
          'System',
          <Anchor key="system" size="sm" renderRoot={(props) => <Link to="/systems/$id" params={{ id: systemId }} {...props} />}>
            {systemName}
          </Anchor>,
        ],
        ['What', typeWords[backupType]],
        ['Cron expression', <code key="cron">{cronExpression}</code>],
        ['Time zone', timeZone],
        ['Last', <LastStatus key="last" schedule={schedule} />],
        ['Keeps its backups', retentionDays === null ? 'as the retention policy says' : `at least ${retentionDays} days`],
        ['Spread', jitterMinutes === 0 ? 'none' : `up to ${printMinutes(jitterMinutes)}`],
        ['Counts as missed after', printMinutes(schedule.toleranceMinutes)],
        ['Catches up', catchUpWords(schedule.catchUpMinutes)],
        [
          'Follows what is observed',
          follows === null ? 'no' : `yes, every ${printMinutes(follows.minutesMin)} to ${printMinutes(follows.minutesMax)}`,
        ],
        ...(schedule.adaptedAt === null ? [] : [['Changed by itself', <Ago key="adapted" at={schedule.adaptedAt} />] as const]),
        [
          'Made by',
          <span key="by">
            {schedule.createdBy}, <Instant at={schedule.createdAt} />
          </span>,
        ],
      ]}
    />
  )
}

function catchUpWords(minutes: number | null): string {
  if (minutes === null) return 'however late'
  return minutes === 0 ? 'not at all' : `when not older than ${printMinutes(minutes)}`
}

const columns: readonly Column<TickView>[] = [
  { id: 'tick', title: 'Due', cell: ({ tick }) => <Instant at={tick} /> },
  { id: 'planned', title: 'Planned, with the spread', cell: ({ plannedAt }) => <Instant at={plannedAt} /> },
  { id: 'outcome', title: 'What became of it', cell: (tick) => <TickOutcome tick={tick} /> },
]

function TickOutcome({ tick: { backup, missed } }: { readonly tick: TickView }) {
  return (
    <>
      {missed && (
        <Text size="sm" component="div">
          <Badge tone="bad">Missed</Badge> {capitalized(missed.words)}
        </Text>
      )}
      {backup && (
        <Anchor size="sm" renderRoot={(props) => <Link to="/backups/$id" params={{ id: backup.id }} {...props} />}>
          <Badge tone={wordingOf(backup.status).tone}>{wordingOf(backup.status).words}</Badge>{' '}
          {missed ? 'its backup, made later' : 'its backup'}
        </Anchor>
      )}
      {!missed && !backup && 'Not known yet'}
    </>
  )
}

function Ticks({ scheduleId }: { readonly scheduleId: string }) {
  const [{ page, pageSize, missed }, change] = useSearchState(searchSchema)
  const reply = useReply(schedules.ticks, { params: { id: scheduleId }, query: { page, pageSize, missed } })
  return (
    <Section title="What became of each time">
      <Stack gap="sm">
        <Select
          label="Show"
          placeholder="All"
          clearable
          maw={200}
          data={[
            { value: 'true', label: 'Missed alone' },
            { value: 'false', label: 'Without missed ones' },
          ]}
          value={missed ?? null}
          onChange={(is) => change({ missed: is === 'true' || is === 'false' ? is : undefined, page: 1 })}
        />
        <Loaded
          reply={reply}
          skeleton={<TableSkeleton />}
          isEmpty={({ total }) => total === 0}
          empty={<Text size="sm">{missed === 'true' ? 'None was missed.' : 'It has not been due yet.'}</Text>}
        >
          {({ rows, total }) => (
            <DataTable
              label="Times"
              noun="time"
              columns={columns}
              rows={rows}
              keyOf={({ tick }) => tick}
              paging={{ page, pageSize, total, onChange: change }}
              isOld={reply.isPlaceholderData}
            />
          )}
        </Loaded>
      </Stack>
    </Section>
  )
}

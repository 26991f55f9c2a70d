import { Button, Group, Select, Stack, Text, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconCalendarClock, IconPlus } from '@tabler/icons-react'
import { useState } from 'react'
import { z } from 'zod'
import { schedules } from '#contract/schedules.ts'
import { pageQuery, uuidSchema } from '#contract/shapes.ts'
import { systems as registered, type SystemView } from '#contract/systems.ts'
import { useReply } from '#ui/call.ts'
import { TableSkeleton } from '#ui/parts/data-table.tsx'
import { Loaded, Placeholder } from '#ui/parts/loaded.tsx'
import { Page, Section } from '#ui/parts/page.tsx'
import { useMay } from '#ui/session.ts'
import { useSearchState } from '#ui/search.ts'
import { ScheduleEditor } from './schedule-editor.tsx'
import { ScheduleTable } from './schedule-table.tsx'
import { WithoutSchedule } from './without-schedule.tsx'

const searchSchema = z.object({
  ...pageQuery,
  systemId: uuidSchema.optional().catch(undefined),
  isActive: z.enum(['true', 'false']).optional().catch(undefined),
  search: z.string().max(120).optional().catch(undefined),
  /** `new`, or the id of the one that is being changed. */
  edit: z
    .union([z.literal('new'), uuidSchema])
    .optional()
    .catch(undefined),
})

export function Schedules() {
  const may = useMay()
  const [search, change] = useSearchState(searchSchema)
  const all = useReply(registered.list, { query: { pageSize: 200 } })
  const { edit } = search
  const one = useReply(schedules.details, { params: { id: edit ?? '' } }, { isAsked: edit !== undefined && edit !== 'new' })
  const changed = edit !== undefined && edit !== 'new' && one.data?.id === edit ? one.data : undefined
  return (
    <Page
      title="Schedules"
      lead="Backups made by the clock. What is shown is what happens: the next runs are found by the same code that starts them."
      actions={
        may('schedules.write') && (
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => change({ edit: 'new' })}>
            New schedule
          </Button>
        )
      }
    >
      {may('schedules.write') && <WithoutSchedule />}
      <List search={search} change={change} systems={all.data?.rows ?? []} />
      <ScheduleEditor
        isOpen={edit === 'new' ? all.data !== undefined : changed !== undefined}
        onClose={() => change({ edit: undefined })}
        schedule={changed}
        systems={all.data?.rows ?? []}
        systemId={search.systemId}
      />
    </Page>
  )
}

interface ListProps {
  readonly search: z.output<typeof searchSchema>
  readonly change: (part: Partial<z.input<typeof searchSchema>>) => void
  readonly systems: readonly SystemView[]
}

function List({ search: { page, pageSize, systemId, isActive, search }, change, systems: all }: ListProps) {
  const [typed, setTyped] = useState(search ?? '')
  const [wanted] = useDebouncedValue(typed.trim(), 250)
  const reply = useReply(schedules.list, { query: { page, pageSize, systemId, isActive, ...(wanted !== '' && { search: wanted }) } })
  const isFiltered = systemId !== undefined || isActive !== undefined || wanted !== ''
  return (
    <Section>
      <Filters typed={typed} onTyped={setTyped} systemId={systemId} isActive={isActive} change={change} systems={all} />
      <Loaded
        reply={reply}
        skeleton={<TableSkeleton />}
        isEmpty={({ total }) => total === 0}
        empty={
          <Placeholder
            icon={<IconCalendarClock size={36} aria-hidden />}
            title={isFiltered ? 'No schedule of that kind' : 'No schedule yet'}
          >
            {isFiltered ? 'Other filters may show some.' : 'Without one, backups are made only when somebody asks for them.'}
          </Placeholder>
        }
      >
        {({ rows, total }) => (
          <Stack gap="xs">
            <ScheduleTable
              rows={rows}
              isOld={reply.isPlaceholderData}
              onEdit={(id) => change({ edit: id })}
              paging={{ page, pageSize, total, onChange: change }}
            />
            <Text size="xs" c="dimmed">
              Times are on your own clock; each schedule keeps the zone it was made for.
            </Text>
          </Stack>
        )}
      </Loaded>
    </Section>
  )
}

interface FiltersProps extends Pick<ListProps, 'change' | 'systems'>, Pick<ListProps['search'], 'systemId' | 'isActive'> {
  readonly typed: string
  readonly onTyped: (typed: string) => void
}

function Filters({ typed, onTyped, systemId, isActive, change, systems }: FiltersProps) {
  return (
    <Group mb="sm" gap="md" align="flex-end">
      <TextInput
        label="Name"
        placeholder="Part of it"
        value={typed}
        onChange={(event) => {
          onTyped(event.currentTarget.value)
          change({ search: event.currentTarget.value, page: 1 })
        }}
      />
      <Select
        label="System"
        placeholder="All"
        clearable
        searchable
        data={systems.map(({ id, title }) => ({ value: id, label: title }))}
        value={systemId ?? null}
        onChange={(id) => change({ systemId: id ?? undefined, page: 1 })}
      />
      <Select
        label="State"
        placeholder="All"
        clearable
        w={130}
        data={[
          { value: 'true', label: 'On' },
          { value: 'false', label: 'Off' },
        ]}
        value={isActive ?? null}
        onChange={(is) => change({ isActive: is === 'true' || is === 'false' ? is : undefined, page: 1 })}
      />
    </Group>
  )
}

import { Anchor, Button, Group, Switch, Text, TextInput } from '@mantine/core'
import { IconDeviceDesktop, IconPlus } from '@tabler/icons-react'
import { Link, useNavigate } from '@tanstack/react-router'
import { z } from 'zod'
import { health } from '#contract/health.ts'
import { pageQuery } from '#contract/shapes.ts'
import { schedules } from '#contract/schedules.ts'
import { systems } from '#contract/systems.ts'
import { useReply } from '#ui/call.ts'
import { DataTable, TableSkeleton, type Column } from '#ui/parts/data-table.tsx'
import { Loaded, Placeholder } from '#ui/parts/loaded.tsx'
import { Page, Section } from '#ui/parts/page.tsx'
import { Ago, Instant } from '#ui/parts/time.tsx'
import { Badge } from '#ui/parts/tone.tsx'
import { useSearchState } from '#ui/search.ts'
import { useMay } from '#ui/session.ts'
import { protectionWords } from '#ui/words.ts'
import { lineOf, printSources, type SystemLine } from './system-line.ts'

const searchSchema = z.object({
  ...pageQuery,
  search: z.string().trim().max(100).optional(),
  retired: z.enum(['true', 'false']).default('false'),
})

export function Systems() {
  const [{ page, pageSize, search, retired }, change] = useSearchState(searchSchema)
  const may = useMay()
  return (
    <Page
      title="Systems"
      lead="The applications that are protected, and whether each could be brought back."
      actions={
        may('systems.write') && (
          <Button leftSection={<IconPlus size={16} aria-hidden />} renderRoot={(props) => <Link to="/systems/new" {...props} />}>
            Connect a system
          </Button>
        )
      }
    >
      <Section>
        <Group mb="sm" align="flex-end">
          <TextInput
            label="Name or title"
            placeholder="Part of it"
            value={search ?? ''}
            onChange={(event) => change({ search: event.currentTarget.value, page: 1 })}
          />
          <Switch
            label="Show retired ones"
            mb={8}
            checked={retired === 'true'}
            onChange={(event) => change({ retired: event.currentTarget.checked ? 'true' : 'false', page: 1 })}
          />
        </Group>
        <List {...{ page, pageSize, search, retired, change }} />
      </Section>
    </Page>
  )
}

interface ListProps {
  readonly page: number
  readonly pageSize: number
  readonly search: string | undefined
  readonly retired: 'true' | 'false'
  readonly change: (change: { page?: number; pageSize?: number }) => void
}

function List({ page, pageSize, search, retired, change }: ListProps) {
  const reply = useReply(systems.list, { query: { page, pageSize, retired, ...(search && { search }) } })
  const states = useReply(health.systems, { query: { pageSize: 200 } })
  const planned = useReply(schedules.list, { query: { pageSize: 200, isActive: 'true' } })
  const navigate = useNavigate()
  return (
    <Loaded
      reply={reply}
      skeleton={<TableSkeleton />}
      isEmpty={({ total }) => total === 0}
      empty={<NothingHere isFiltered={search !== undefined || retired === 'true'} />}
    >
      {({ rows, total }) => (
        <DataTable
          label="Systems"
          noun="system"
          columns={columns}
          rows={rows.map((system) => lineOf(system, { states: states.data?.rows, planned: planned.data?.rows }))}
          keyOf={({ system }) => system.id}
          paging={{ page, pageSize, total, onChange: change }}
          onOpen={({ system }) => void navigate({ to: '/systems/$id', params: { id: system.id } })}
          isOld={reply.isPlaceholderData}
          hasColumnChoice
        />
      )}
    </Loaded>
  )
}

const columns: readonly Column<SystemLine>[] = [
  {
    id: 'title',
    title: 'System',
    cell: ({ system: { id, title, name } }) => (
      <div>
        <Anchor size="sm" fw={650} renderRoot={(props) => <Link to="/systems/$id" params={{ id }} {...props} />}>
          {title}
        </Anchor>
        <Text size="xs" c="dimmed">
          {name}
        </Text>
      </div>
    ),
  },
  {
    id: 'state',
    title: 'Protection',
    cell: ({ system, health: state }) =>
      system.retiredAt !== null ? (
        <Badge tone="neutral">Retired</Badge>
      ) : state ? (
        <div>
          <Badge tone={protectionWords[state.state].tone}>{protectionWords[state.state].words}</Badge>
          {state.reasons[0] && (
            <Text size="xs" c="dimmed" maw={320}>
              {state.reasons[0].fact}
            </Text>
          )}
        </div>
      ) : (
        <Badge tone="unknown">Not known yet</Badge>
      ),
  },
  { id: 'point', title: 'Could be brought back to', cell: ({ recoveryPoint }) => <Ago at={recoveryPoint} absent="nothing yet" /> },
  { id: 'last', title: 'Last backup', cell: ({ health: state }) => <Ago at={state?.lastBackup?.at} absent="none" />, isHidden: true },
  { id: 'next', title: 'Next run', cell: ({ nextRunAt }) => <Instant at={nextRunAt} absent="no schedule" /> },
  { id: 'sources', title: 'Sources', cell: ({ system }) => printSources(system) },
  {
    id: 'repository',
    title: 'Repository',
    cell: ({ system: { repository } }) => (
      <Anchor size="sm" renderRoot={(props) => <Link to="/storage/$id" params={{ id: repository.id }} {...props} />}>
        {repository.name}
      </Anchor>
    ),
  },
]

function NothingHere({ isFiltered }: { readonly isFiltered: boolean }) {
  const may = useMay()
  if (isFiltered) return <Placeholder icon={<IconDeviceDesktop size={36} aria-hidden />} title="No system is like that" />
  return (
    <Placeholder
      icon={<IconDeviceDesktop size={36} aria-hidden />}
      title="Nothing is protected yet"
      action={
        may('systems.write') && (
          <Button mt="sm" renderRoot={(props) => <Link to="/systems/new" {...props} />}>
            Connect the first system
          </Button>
        )
      }
    >
      A system is a clinical application: its databases, its files, and the repository that its backups go to.
    </Placeholder>
  )
}

import { Anchor, Group, Select, Text } from '@mantine/core'
import { Link, useNavigate } from '@tanstack/react-router'
import { IconListDetails } from '@tabler/icons-react'
import { z } from 'zod'
import { printDuration } from '#base/units.ts'
import { jobs, type Job } from '#contract/jobs.ts'
import { pageQuery, statusSchema, statuses, uuidSchema } from '#contract/shapes.ts'
import { useReply } from '#ui/call.ts'
import { DataTable, TableSkeleton, type Column } from '#ui/parts/data-table.tsx'
import { Loaded, Placeholder } from '#ui/parts/loaded.tsx'
import { Page, Section } from '#ui/parts/page.tsx'
import { SystemSelect } from '#ui/parts/system-select.tsx'
import { Ago } from '#ui/parts/time.tsx'
import { Badge } from '#ui/parts/tone.tsx'
import { useSearchState } from '#ui/search.ts'
import { kindWords, kindsOfJobs, stageWords } from '#ui/stages.ts'
import { statusWords, wordingOf } from '#ui/words.ts'

const searchSchema = z.object({
  ...pageQuery,
  status: statusSchema.optional(),
  kind: z.enum(kindsOfJobs).optional(),
  system: uuidSchema.optional(),
})

const columns: readonly Column<Job>[] = [
  {
    id: 'title',
    title: 'What',
    cell: ({ id, title }) => (
      <Anchor size="sm" renderRoot={(props) => <Link to="/jobs/$id" params={{ id }} {...props} />}>
        {title}
      </Anchor>
    ),
  },
  { id: 'kind', title: 'Kind', cell: ({ kind }) => kindWords(kind), isHidden: true },
  { id: 'status', title: 'Status', cell: ({ status }) => <Badge tone={wordingOf(status).tone}>{wordingOf(status).words}</Badge> },
  {
    id: 'stage',
    title: 'Now',
    cell: (job) =>
      job.status === 'in_progress'
        ? `${stageWords(job)}${job.percent === null ? '' : `, ${Math.floor(job.percent)} %`}`
        : (job.fault?.fact ?? ''),
  },
  { id: 'by', title: 'By', cell: ({ createdBy }) => createdBy },
  { id: 'at', title: 'Asked for', cell: ({ createdAt }) => <Ago at={createdAt} /> },
  {
    id: 'took',
    title: 'Took',
    isNumber: true,
    cell: ({ startedAt, endedAt }) =>
      startedAt === null || endedAt === null ? '—' : printDuration(new Date(endedAt).getTime() - new Date(startedAt).getTime()),
  },
  { id: 'worker', title: 'Worker', cell: ({ worker }) => worker ?? '—', isHidden: true },
]

export function Jobs() {
  const [search, change] = useSearchState(searchSchema)
  const { page, pageSize, status, kind, system } = search
  const reply = useReply(jobs.list, { query: { page, pageSize, status, kind, systemId: system } })
  const navigate = useNavigate()
  return (
    <Page title="Activity" lead="Everything that runs, waits or has run: backups, checks, restores, drills.">
      <Section>
        <Filters search={search} onChange={change} />
        <Loaded
          reply={reply}
          skeleton={<TableSkeleton />}
          isEmpty={({ total }) => total === 0}
          empty={
            <Placeholder
              icon={<IconListDetails size={36} aria-hidden />}
              title={(status ?? kind ?? system) ? 'Nothing is like that' : 'Nothing has run yet'}
            >
              <Text span>Jobs appear here as soon as a backup is made or a repository is checked.</Text>
            </Placeholder>
          }
        >
          {({ rows, total }) => (
            <DataTable
              label="Jobs"
              noun="job"
              columns={columns}
              rows={rows}
              keyOf={({ id }) => id}
              paging={{ page, pageSize, total, onChange: change }}
              onOpen={({ id }) => void navigate({ to: '/jobs/$id', params: { id } })}
              isOld={reply.isPlaceholderData}
              hasColumnChoice
            />
          )}
        </Loaded>
      </Section>
    </Page>
  )
}

interface FiltersProps {
  readonly search: z.output<typeof searchSchema>
  readonly onChange: (change: Partial<z.input<typeof searchSchema>>) => void
}

function Filters({ search: { status, kind, system }, onChange }: FiltersProps) {
  return (
    <Group mb="sm">
      <Select
        label="Status"
        clearable
        placeholder="All"
        data={statuses.map((value) => ({ value, label: statusWords[value].words }))}
        value={status ?? null}
        onChange={(value) => onChange({ status: statusSchema.optional().parse(value ?? undefined), page: 1 })}
      />
      <Select
        label="Kind"
        clearable
        searchable
        placeholder="All"
        data={kindsOfJobs.map((value) => ({ value, label: kindWords(value) }))}
        value={kind ?? null}
        onChange={(value) => onChange({ kind: value ?? undefined, page: 1 })}
      />
      <SystemSelect value={system} onChange={(id) => onChange({ system: id, page: 1 })} />
    </Group>
  )
}

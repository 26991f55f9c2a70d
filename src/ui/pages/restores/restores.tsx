import { Anchor, Button, Group, Select, Text } from '@mantine/core'
import { DatePickerInput } from '@mantine/dates'
import { IconArrowBackUp, IconHistory } from '@tabler/icons-react'
import { Link, useNavigate } from '@tanstack/react-router'
import { z } from 'zod'
import { restoreKinds, restores, type RestoreView } from '#contract/restores.ts'
import { pageQuery, statusSchema, statuses, uuidSchema } from '#contract/shapes.ts'
import { useReply } from '#ui/call.ts'
import { DataTable, TableSkeleton, type Column } from '#ui/parts/data-table.tsx'
import { Loaded, Placeholder } from '#ui/parts/loaded.tsx'
import { Page, Section } from '#ui/parts/page.tsx'
import { SystemSelect } from '#ui/parts/system-select.tsx'
import { Countdown, Instant } from '#ui/parts/time.tsx'
import { Badge } from '#ui/parts/tone.tsx'
import { useSearchState } from '#ui/search.ts'
import { useMay } from '#ui/session.ts'
import { statusWords } from '#ui/words.ts'
import { dayAfter, startOfDay } from './days.ts'
import { kindWords, stateOfRestore, whatWords } from './restore-state.ts'

const daySchema = z.iso.date().optional()
const searchSchema = z.object({
  ...pageQuery,
  system: uuidSchema.optional(),
  kind: z.enum(restoreKinds).optional(),
  status: statusSchema.optional(),
  from: daySchema,
  to: daySchema,
})
type Search = z.output<typeof searchSchema>

const columns: readonly Column<RestoreView>[] = [
  {
    id: 'at',
    title: 'Ordered',
    cell: ({ id, createdAt }) => (
      <Anchor size="sm" renderRoot={(props) => <Link to="/restores/$id" params={{ id }} {...props} />}>
        <Instant at={createdAt} />
      </Anchor>
    ),
  },
  { id: 'kind', title: 'What', cell: whatWords },
  { id: 'system', title: 'System', cell: ({ systemName }) => systemName },
  { id: 'state', title: 'State', cell: (restore) => <Badge tone={stateOfRestore(restore).tone}>{stateOfRestore(restore).words}</Badge> },
  {
    id: 'undo',
    title: 'Undo',
    cell: ({ mayUndo, undoUntil }) =>
      mayUndo ? undoUntil === null ? 'until released' : <Countdown until={undoUntil} over="until released" /> : 'no',
  },
  { id: 'by', title: 'Ordered by', cell: ({ restoredBy }) => restoredBy },
  { id: 'approved', title: 'Approved by', cell: ({ approvedBy }) => approvedBy ?? '—', isHidden: true },
  { id: 'reason', title: 'Reason', cell: ({ reason }) => reason },
]

export function Restores() {
  const may = useMay()
  const [search, change] = useSearchState(searchSchema)
  const { page, pageSize, system, kind, status, from, to } = search
  const query = { page, pageSize, systemId: system, kind, status, from: startOfDay(from), to: dayAfter(to) }
  const reply = useReply(restores.history, { query })
  const navigate = useNavigate()
  const isFiltered = [system, kind, status, from, to].some((filter) => filter !== undefined)
  return (
    <Page
      title="Restore history"
      lead="Every restore, undo and release: who ordered it, why, and what came of it."
      actions={
        may('restores.preview') && (
          <Button leftSection={<IconArrowBackUp size={16} aria-hidden />} renderRoot={(props) => <Link to="/restore" {...props} />}>
            Restore
          </Button>
        )
      }
    >
      <Section>
        <Filters search={search} change={change} />
        <Loaded
          reply={reply}
          skeleton={<TableSkeleton />}
          isEmpty={({ total }) => total === 0}
          empty={
            <Placeholder icon={<IconHistory size={36} aria-hidden />} title={isFiltered ? 'None like that' : 'Nothing was restored yet'}>
              <Text span>
                {isFiltered
                  ? 'Take a filter away to see more.'
                  : 'That is good news. To know that a restore would work, run a recovery drill.'}
              </Text>
            </Placeholder>
          }
        >
          {({ rows, total }) => (
            <DataTable
              label="Restores"
              noun="restore"
              columns={columns}
              rows={rows}
              keyOf={({ id }) => id}
              paging={{ page, pageSize, total, onChange: change }}
              onOpen={({ id }) => void navigate({ to: '/restores/$id', params: { id } })}
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
  readonly search: Search
  readonly change: (part: Partial<Search>) => void
}

function Filters({ search: { system, kind, status, from, to }, change }: FiltersProps) {
  return (
    <Group mb="sm" align="flex-end" className="no-print">
      <SystemSelect value={system} onChange={(id) => change({ system: id, page: 1 })} />
      <Select
        label="What"
        clearable
        placeholder="All"
        w={140}
        data={restoreKinds.map((value) => ({ value, label: kindWords[value] }))}
        value={kind ?? null}
        onChange={(value) => change({ kind: (value as Search['kind']) ?? undefined, page: 1 })}
      />
      <Select
        label="Outcome"
        clearable
        placeholder="All"
        data={statuses.map((value) => ({ value, label: statusWords[value].words }))}
        value={status ?? null}
        onChange={(value) => change({ status: (value as Search['status']) ?? undefined, page: 1 })}
      />
      <DatePickerInput
        label="From"
        placeholder="Any day"
        clearable
        w={150}
        valueFormat="D MMM YYYY"
        value={from ?? null}
        onChange={(value) => change({ from: value ?? undefined, page: 1 })}
      />
      <DatePickerInput
        label="To"
        placeholder="Any day"
        clearable
        w={150}
        valueFormat="D MMM YYYY"
        value={to ?? null}
        onChange={(value) => change({ to: value ?? undefined, page: 1 })}
      />
    </Group>
  )
}

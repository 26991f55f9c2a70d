import { Group, SegmentedControl, Select, Stack, Text } from '@mantine/core'
import { IconBellCheck } from '@tabler/icons-react'
import { z } from 'zod'
import { alerts, noticeKindSchema, severitySchema } from '#contract/alerts.ts'
import { noticeKinds, severities, type NoticeKind } from '#contract/notice-kinds.ts'
import { pageQuery, uuidSchema } from '#contract/shapes.ts'
import { systems } from '#contract/systems.ts'
import { useReply } from '#ui/call.ts'
import { TableSkeleton } from '#ui/parts/data-table.tsx'
import { Loaded, Placeholder } from '#ui/parts/loaded.tsx'
import { Page, Section } from '#ui/parts/page.tsx'
import { useMay } from '#ui/session.ts'
import { useSearchState } from '#ui/search.ts'
import { counted, severityWords } from '#ui/words.ts'
import { AlertDrawer } from './alert-drawer.tsx'
import { AlertTable } from './alert-table.tsx'

const searchSchema = z.object({
  ...pageQuery,
  state: z.enum(['open', 'settled', 'all']).catch('open').default('open'),
  severity: severitySchema.optional().catch(undefined),
  kind: noticeKindSchema.optional().catch(undefined),
  systemId: uuidSchema.optional().catch(undefined),
  /** Whose details are open. */
  id: uuidSchema.optional().catch(undefined),
})
type Search = z.output<typeof searchSchema>
type Change = (part: Partial<z.input<typeof searchSchema>>) => void

const states = [
  { value: 'open', label: 'Open' },
  { value: 'settled', label: 'Settled' },
  { value: 'all', label: 'All' },
]

export function Alerts() {
  const [search, change] = useSearchState(searchSchema)
  const isGrouped = search.state === 'open' && search.severity === undefined
  return (
    <Page title="Alerts" lead="What puts recovery in doubt. An alert stays open until it is no longer so, or somebody settles it.">
      <Section>
        <Filters search={search} change={change} />
      </Section>
      {isGrouped ? <BySeverity search={search} change={change} /> : <OneList search={search} change={change} />}
      <AlertDrawer id={search.id} onClose={() => change({ id: undefined })} />
    </Page>
  )
}

interface PartProps {
  readonly search: Search
  readonly change: Change
}

function Filters({ search, change }: PartProps) {
  const may = useMay()
  const all = useReply(systems.list, { query: { pageSize: 200 } }, { isAsked: may('systems.read') })
  return (
    <Group gap="md" align="flex-end">
      <SegmentedControl
        aria-label="State"
        data={states}
        value={search.state}
        onChange={(state) => change({ state: state as Search['state'], page: 1 })}
      />
      <Select
        label="Severity"
        placeholder="All"
        clearable
        w={150}
        data={severities.toReversed().map((severity) => ({ value: severity, label: severityWords[severity].words }))}
        value={search.severity ?? null}
        onChange={(severity) => change({ severity: severity ?? undefined, page: 1 })}
      />
      <Select
        label="Kind"
        placeholder="All"
        clearable
        searchable
        w={300}
        data={Object.entries(noticeKinds).map(([value, { title }]) => ({ value, label: title }))}
        value={search.kind ?? null}
        onChange={(kind) => change({ kind: (kind as NoticeKind | null) ?? undefined, page: 1 })}
      />
      <Select
        label="System"
        placeholder="All"
        clearable
        searchable
        w={220}
        data={(all.data?.rows ?? []).map(({ id, title }) => ({ value: id, label: title }))}
        value={search.systemId ?? null}
        onChange={(systemId) => change({ systemId: systemId ?? undefined, page: 1 })}
      />
    </Group>
  )
}

/** So many of each severity are shown at once; beyond, its own list has them all. */
const groupMax = 50

/** Open ones: what is critical stands first, however old. */
function BySeverity({ search, change }: PartProps) {
  const { kind, systemId } = search
  const query = { state: 'open', kind, systemId, pageSize: groupMax } as const
  const replies = {
    critical: useReply(alerts.list, { query: { ...query, severity: 'critical' } }),
    warning: useReply(alerts.list, { query: { ...query, severity: 'warning' } }),
    info: useReply(alerts.list, { query: { ...query, severity: 'info' } }),
  }
  const isNone = severities.every((severity) => replies[severity].data?.total === 0)
  if (isNone)
    return (
      <Section>
        <Nothing isFiltered={kind !== undefined || systemId !== undefined} />
      </Section>
    )
  return (
    <Stack gap="lg">
      {severities.toReversed().map((severity) => {
        const reply = replies[severity]
        return (
          reply.data?.total !== 0 && (
            <Section key={severity} title={severityWords[severity].words} lead={reply.data && counted(reply.data.total, 'open alert')}>
              <Loaded reply={reply} skeleton={<TableSkeleton rows={3} />}>
                {({ rows, total }) => (
                  <>
                    <AlertTable
                      label={`${severityWords[severity].words} alerts`}
                      rows={rows}
                      isOld={reply.isPlaceholderData}
                      onOpen={(id) => change({ id })}
                    />
                    {total > rows.length && <Text size="sm">The filter “Severity” shows the other {total - rows.length} as well.</Text>}
                  </>
                )}
              </Loaded>
            </Section>
          )
        )
      })}
    </Stack>
  )
}

function OneList({ search, change }: PartProps) {
  const { state, severity, kind, systemId, page, pageSize } = search
  const reply = useReply(alerts.list, { query: { state, severity, kind, systemId, page, pageSize } })
  return (
    <Section>
      <Loaded
        reply={reply}
        skeleton={<TableSkeleton />}
        isEmpty={({ total }) => total === 0}
        empty={<Nothing isFiltered={state === 'open' || kind !== undefined || severity !== undefined || systemId !== undefined} />}
      >
        {({ rows, total }) => (
          <AlertTable
            label="Alerts"
            rows={rows}
            isOld={reply.isPlaceholderData}
            onOpen={(id) => change({ id })}
            paging={{ page, pageSize, total, onChange: change }}
          />
        )}
      </Loaded>
    </Section>
  )
}

function Nothing({ isFiltered }: { readonly isFiltered: boolean }) {
  return (
    <Placeholder icon={<IconBellCheck size={36} aria-hidden />} title={isFiltered ? 'None of that kind' : 'Nothing is in doubt'}>
      {isFiltered
        ? 'Other filters may show some.'
        : 'When a backup fails, a schedule is missed or a backup looks wrong, it stands here and goes out on the channels under Notifications.'}
    </Placeholder>
  )
}

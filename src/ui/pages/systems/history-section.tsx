import { Anchor, Group, Select, SegmentedControl, Stack, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { z } from 'zod'
import { printBytes, printDuration } from '#base/units.ts'
import { health } from '#contract/health.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import { wholeNumberSchema } from '#contract/shapes.ts'
import { useReply } from '#ui/call.ts'
import { DataTable, TableSkeleton, type Column } from '#ui/parts/data-table.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { TimeChart } from '#ui/parts/time-chart.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { Badge } from '#ui/parts/tone.tsx'
import { useSearchState } from '#ui/search.ts'
import { kindWords } from '#ui/stages.ts'
import { wordingOf } from '#ui/words.ts'

const measures = ['duration', 'size', 'stored', 'speed'] as const
const searchSchema = z.object({
  kind: z.string().max(50).default('backup'),
  historyPage: wholeNumberSchema(1, 1_000_000).default(1),
  measure: z.enum(measures).default('duration'),
})

type Entry = ReplyOf<typeof health.history>['rows'][number]
type Measure = (typeof measures)[number]

const drawn: Readonly<
  Record<Measure, { readonly label: string; readonly of: (row: Entry) => number | null; readonly print: (value: number) => string }>
> = {
  duration: { label: 'Duration', of: ({ durationSeconds }) => durationSeconds, print: (seconds) => printDuration(seconds * 1000) },
  size: { label: 'Size', of: ({ logicalBytes }) => logicalBytes, print: printBytes },
  stored: { label: 'Stored', of: ({ storedBytes }) => storedBytes, print: printBytes },
  speed: { label: 'Speed', of: ({ bytesPerSecond }) => bytesPerSecond, print: (bytes) => `${printBytes(Math.round(bytes))}/s` },
}

/** What its jobs took, moved and stored, and which failed. */
export function HistorySection({ systemId }: { readonly systemId: string }) {
  const [{ kind, historyPage: page, measure }, change] = useSearchState(searchSchema)
  const reply = useReply(health.history, { params: { id: systemId }, query: { kind, page, pageSize: 25 } })
  const { label, of, print } = drawn[measure]
  return (
    <Section title="History" lead="Its jobs of the last 90 days.">
      <Group mb="sm" align="flex-end" className="no-print">
        <Select
          label="Kind"
          allowDeselect={false}
          data={['backup', 'verify', 'drill', 'restore'].map((value) => ({ value, label: kindWords(value) }))}
          value={kind}
          onChange={(next) => change({ kind: next ?? 'backup', historyPage: 1 })}
        />
        <SegmentedControl
          aria-label="What is drawn"
          data={measures.map((value) => ({ value, label: drawn[value].label }))}
          value={measure}
          onChange={(next) => change({ measure: next })}
        />
      </Group>
      <Loaded
        reply={reply}
        skeleton={<TableSkeleton />}
        isEmpty={({ total }) => total === 0}
        empty={<Text size="sm">Nothing of that kind yet.</Text>}
      >
        {({ rows, total, pageSize }) => (
          <Stack gap="md">
            {rows.filter((row) => of(row) !== null).length > 1 && (
              <TimeChart
                label={`${label} of each ${kindWords(kind).toLowerCase()} in the list below`}
                series={[{ name: 'value', label, color: '--busy-line' }]}
                rows={rows.toReversed().map((row) => ({ at: row.endedAt, values: { value: of(row) } }))}
                print={print}
                hasDots
              />
            )}
            <DataTable
              label="History"
              noun="job"
              columns={columns}
              rows={rows}
              keyOf={({ runId }) => runId}
              paging={{ page, pageSize, total, onChange: ({ page: next = 1 }) => change({ historyPage: next }) }}
              isOld={reply.isPlaceholderData}
            />
          </Stack>
        )}
      </Loaded>
    </Section>
  )
}

const columns: readonly Column<Entry>[] = [
  {
    id: 'at',
    title: 'Ended',
    cell: ({ runId, endedAt }) => (
      <Anchor size="sm" renderRoot={(props) => <Link to="/jobs/$id" params={{ id: runId }} {...props} />}>
        <Instant at={endedAt} />
      </Anchor>
    ),
  },
  {
    id: 'status',
    title: 'Status',
    cell: ({ status, fault }) => (
      <div>
        <Badge tone={wordingOf(status).tone}>{wordingOf(status).words}</Badge>
        {fault && (
          <Text size="xs" c="dimmed">
            {fault.fact}
          </Text>
        )}
      </div>
    ),
  },
  ...measures.map((measure): Column<Entry> => {
    const { label, of, print } = drawn[measure]
    const cell = (row: Entry) => {
      const value = of(row)
      return value === null ? 'not known' : print(value)
    }
    return { id: measure, title: label, isNumber: true, cell }
  }),
]

import { Group, Select, Text } from '@mantine/core'
import { channels as contract, type ChannelView, type DeliveryView } from '#contract/channels.ts'
import { useReply } from '#ui/call.ts'
import { DataTable, TableSkeleton, type Column } from '#ui/parts/data-table.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Ago, Instant } from '#ui/parts/time.tsx'
import { Badge } from '#ui/parts/tone.tsx'
import { capitalized, type Wording } from '#ui/words.ts'

interface DeliveriesProps {
  readonly search: {
    readonly page: number
    readonly pageSize: number
    readonly channelId?: string | undefined
    readonly status?: DeliveryView['status'] | undefined
  }
  readonly change: (part: {
    page?: number
    pageSize?: number
    channelId?: string | undefined
    status?: DeliveryView['status'] | undefined
  }) => void
  readonly channels: readonly ChannelView[]
}

const statusWords: Readonly<Record<DeliveryView['status'], Wording>> = {
  pending: { words: 'On the way', tone: 'busy' },
  delivered: { words: 'Delivered', tone: 'good' },
  given_up: { words: 'Given up', tone: 'bad' },
}

const columns: readonly Column<DeliveryView>[] = [
  { id: 'at', title: 'When', cell: ({ createdAt }) => <Ago at={createdAt} /> },
  { id: 'channel', title: 'Channel', cell: ({ channelName }) => channelName },
  { id: 'subject', title: 'Message', cell: ({ subject }) => subject },
  { id: 'status', title: 'What became of it', cell: (delivery) => <Outcome delivery={delivery} /> },
]

function Outcome({ delivery: { status, attempts, nextTryAt, lastFault, answer } }: { readonly delivery: DeliveryView }) {
  const { words, tone } = statusWords[status]
  return (
    <div>
      <Badge tone={tone}>{words}</Badge>
      {answer !== null && (
        <Text size="xs" c="dimmed">
          {answer}
        </Text>
      )}
      {status !== 'delivered' && lastFault !== null && (
        <Text size="xs" c="dimmed" component="div">
          {capitalized(lastFault.fact)}, after {attempts === 1 ? '1 try' : `${attempts} tries`}
          {nextTryAt !== null && (
            <>
              , again <Instant at={nextTryAt} />
            </>
          )}
        </Text>
      )}
    </div>
  )
}

/** No event tells of a message that came through. */
const againEveryMs = 10_000

/** What became of each message. */
export function Deliveries({ search: { page, pageSize, channelId, status }, change, channels }: DeliveriesProps) {
  const reply = useReply(contract.deliveries, { query: { page, pageSize, channelId, status } }, { everyMs: againEveryMs })
  return (
    <Section title="Messages" lead="What became of each. A test message is not listed: its answer stands beside its button.">
      <Group mb="sm" gap="md">
        <Select
          label="Channel"
          placeholder="All"
          clearable
          data={channels.map(({ id, name }) => ({ value: id, label: name }))}
          value={channelId ?? null}
          onChange={(id) => change({ channelId: id ?? undefined, page: 1 })}
        />
        <Select
          label="What became of it"
          placeholder="All"
          clearable
          data={Object.entries(statusWords).map(([value, { words }]) => ({ value: value as DeliveryView['status'], label: words }))}
          value={status ?? null}
          onChange={(chosen) => change({ status: chosen ?? undefined, page: 1 })}
        />
      </Group>
      <Loaded
        reply={reply}
        skeleton={<TableSkeleton />}
        isEmpty={({ total }) => total === 0}
        empty={<Text size="sm">No message {channelId === undefined && status === undefined ? 'went out yet' : 'of that kind'}.</Text>}
      >
        {({ rows, total }) => (
          <DataTable
            label="Messages"
            noun="message"
            columns={columns}
            rows={rows}
            keyOf={({ id }) => id}
            paging={{ page, pageSize, total, onChange: change }}
            isOld={reply.isPlaceholderData}
          />
        )}
      </Loaded>
    </Section>
  )
}

import { Button, Stack } from '@mantine/core'
import { IconMailCog, IconPlus } from '@tabler/icons-react'
import { z } from 'zod'
import { channels } from '#contract/channels.ts'
import { pageQuery, uuidSchema } from '#contract/shapes.ts'
import { useReply } from '#ui/call.ts'
import { CardSkeletons, Loaded, Placeholder } from '#ui/parts/loaded.tsx'
import { Page, Section } from '#ui/parts/page.tsx'
import { useMay } from '#ui/session.ts'
import { useSearchState } from '#ui/search.ts'
import { ChannelCard } from './channel-card.tsx'
import { ChannelEditor } from './channel-editor.tsx'
import { Deliveries } from './deliveries.tsx'

const searchSchema = z.object({
  ...pageQuery,
  /** Of the deliveries. */
  channelId: uuidSchema.optional().catch(undefined),
  status: z.enum(['pending', 'delivered', 'given_up']).optional().catch(undefined),
  /** `new`, or the id of the one that is being changed. */
  edit: z
    .union([z.literal('new'), uuidSchema])
    .optional()
    .catch(undefined),
})

/** No event tells of a message that came through, or did not. */
const againEveryMs = 10_000

export function NotificationsPage() {
  const may = useMay()
  const [{ edit, ...search }, change] = useSearchState(searchSchema)
  const list = useReply(channels.list, { query: { pageSize: 200 } }, { everyMs: againEveryMs })
  const kinds = useReply(channels.kinds, {})
  const changed = list.data?.rows.find(({ id }) => id === edit)
  return (
    <Page
      title="Notifications"
      lead="How people are told of what is in doubt. Messages hold neither patient data nor secrets."
      actions={
        may('notices.write') && (
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => change({ edit: 'new' })}>
            New channel
          </Button>
        )
      }
    >
      <Loaded reply={list} skeleton={<CardSkeletons count={2} />} isEmpty={({ total }) => total === 0} empty={<NoChannel />}>
        {({ rows }) => (
          <Stack component="section" aria-label="Channels" gap="md">
            {rows.map((channel) => (
              <ChannelCard
                key={channel.id}
                channel={channel}
                kind={kinds.data?.kinds.find(({ name }) => name === channel.kind)?.title ?? channel.kind}
                onEdit={() => change({ edit: channel.id })}
                onDeliveries={() => change({ channelId: channel.id, status: undefined, page: 1 })}
              />
            ))}
          </Stack>
        )}
      </Loaded>
      <Deliveries search={search} change={change} channels={list.data?.rows ?? []} />
      <ChannelEditor
        isOpen={kinds.data !== undefined && (edit === 'new' || changed !== undefined)}
        onClose={() => change({ edit: undefined })}
        channel={changed}
        kinds={kinds.data?.kinds ?? []}
      />
    </Page>
  )
}

function NoChannel() {
  return (
    <Section>
      <Placeholder icon={<IconMailCog size={36} aria-hidden />} title="Nobody is told of anything yet">
        What goes wrong stands under Alerts alone. Make a channel by mail, to a chat or to a webhook; better two, on different ways.
      </Placeholder>
    </Section>
  )
}

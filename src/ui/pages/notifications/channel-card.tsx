import { Box, Button, Group, Stack, Text, Title } from '@mantine/core'
import { hintOf } from '#ui/hints.ts'
import { IconListDetails, IconPencil, IconSend, IconTrash } from '@tabler/icons-react'
import { useState } from 'react'
import { channels, type ChannelView } from '#contract/channels.ts'
import { noticeKinds } from '#contract/notice-kinds.ts'
import { useAct } from '#ui/call.ts'
import { Confirm } from '#ui/parts/confirm.tsx'
import { Facts } from '#ui/parts/facts.tsx'
import { Refusal } from '#ui/parts/refusal.tsx'
import { Ago, Instant } from '#ui/parts/time.tsx'
import { Badge, Note } from '#ui/parts/tone.tsx'
import { useMay, useMe } from '#ui/session.ts'
import { counted, severityWords, type Wording } from '#ui/words.ts'

interface ChannelCardProps {
  readonly channel: ChannelView
  readonly kind: string
  readonly onEdit: () => void
  readonly onDeliveries: () => void
}

const stateWords: Readonly<Record<ChannelView['state'], Wording>> = {
  untried: { words: 'Not tried yet', tone: 'unknown' },
  well: { words: 'Well', tone: 'good' },
  failing: { words: 'Failing, tried again', tone: 'warning' },
  'given-up': { words: 'A message was given up', tone: 'bad' },
}

/** One way on which people are told: where it leads, what goes there, how it is. */
export function ChannelCard({ channel, kind, onEdit, onDeliveries }: ChannelCardProps) {
  const { name, tenantId, state, isActive, place, lastFault } = channel
  const may = useMay()
  const { data: person } = useMe()
  const { words, tone } = isActive ? stateWords[state] : { words: 'Switched off', tone: 'neutral' as const }
  const hears =
    tenantId === null ? 'the whole installation' : (person?.tenants.find(({ id }) => id === tenantId)?.title ?? 'one organization')
  return (
    <Box component="article" aria-label={name} className="surface" p="md">
      <Group justify="space-between" mb="xs">
        <Title order={2}>{name}</Title>
        <Badge tone={tone}>{words}</Badge>
      </Group>
      <Facts
        rows={[
          ['Kind', kind],
          ['Leads to', place],
          ['Hears of', hears],
          ['Told from', `${severityWords[channel.severityLeast].words} on, ${kindsWords(channel)}`],
          ['Digest', <DigestWords key="digest" channel={channel} />],
          ['Last delivered', <Ago key="delivered" at={channel.deliveredAt} absent="nothing yet" />],
          ['Waiting', counted(channel.waiting, 'message')],
        ]}
      />
      {lastFault !== null && (state === 'failing' || state === 'given-up') && (
        <Box mt="sm">
          <Note tone={tone} title={lastFault.fact}>
            <Text size="sm">{hintOf(lastFault)}</Text>
          </Note>
        </Box>
      )}
      <Group mt="md" gap="xs" align="flex-start" className="no-print">
        {may('notices.write', tenantId ?? undefined) && <TestButton channel={channel} />}
        {may('notices.write', tenantId ?? undefined) && (
          <>
            <Button variant="default" leftSection={<IconPencil size={16} aria-hidden />} aria-label={`Change ${name}`} onClick={onEdit}>
              Change
            </Button>
            <RemoveButton channel={channel} />
          </>
        )}
        <Button
          variant="default"
          leftSection={<IconListDetails size={16} aria-hidden />}
          aria-label={`Its messages: ${name}`}
          onClick={onDeliveries}
        >
          Its messages
        </Button>
      </Group>
    </Box>
  )
}

function kindsWords({ noticeKinds: kinds }: ChannelView): string {
  if (kinds === null) return 'all kinds'
  const titles: Readonly<Record<string, { readonly title: string }>> = noticeKinds
  return `only: ${kinds.map((kind) => titles[kind]?.title ?? kind).join('; ')}`
}

function DigestWords({ channel: { digest, digestNextAt } }: { readonly channel: ChannelView }) {
  if (digest === null) return 'none'
  return (
    <>
      every day at {digest.time} in {digest.timeZone}
      {digestNextAt !== null && (
        <>
          , next <Instant at={digestNextAt} />
        </>
      )}
    </>
  )
}

/** Sends one at once, and says what the server answered. */
function TestButton({ channel: { id, name } }: { readonly channel: ChannelView }) {
  const test = useAct(channels.test, ['channels'])
  return (
    <Stack gap="xs">
      <Button
        style={{ alignSelf: 'flex-start' }}
        leftSection={<IconSend size={16} aria-hidden />}
        loading={test.isPending}
        aria-label={`Send a test message: ${name}`}
        onClick={() => test.mutate({ params: { id } })}
      >
        Send a test message
      </Button>
      <div role="status">
        {test.data && (
          <Note tone={test.data.isDelivered ? 'good' : 'bad'} title={test.data.isDelivered ? 'Delivered' : 'Not delivered'}>
            <Text size="sm">The server answered: {test.data.answer === '' ? 'nothing' : test.data.answer}</Text>
          </Note>
        )}
      </div>
      <Refusal error={test.error} />
    </Stack>
  )
}

function RemoveButton({ channel: { id, name, waiting } }: { readonly channel: ChannelView }) {
  const remove = useAct(channels.remove, ['channels', 'alerts'])
  const [isAsking, setIsAsking] = useState(false)
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconTrash size={16} aria-hidden />}
        aria-label={`Remove ${name}`}
        onClick={() => setIsAsking(true)}
      >
        Remove
      </Button>
      <Confirm
        isOpen={isAsking}
        onClose={() => setIsAsking(false)}
        title={`Remove the channel “${name}”?`}
        submit="Remove it"
        isBusy={remove.isPending}
        error={remove.error}
        onConfirm={() => remove.mutate({ params: { id } }, { onSuccess: () => setIsAsking(false) })}
      >
        Nobody is told on this way any more.{' '}
        {waiting === 0 ? 'No message waits for it.' : `${counted(waiting, 'message')} that wait are given up.`}
      </Confirm>
    </>
  )
}

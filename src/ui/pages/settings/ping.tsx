import { Button, Group, Stack, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { ReplyOf } from '#contract/endpoint.ts'
import { noticeSettings } from '#contract/notice-settings.ts'
import { useAct, useReply } from '#ui/call.ts'
import { notify } from '#ui/notify.ts'
import { Confirm } from '#ui/parts/confirm.tsx'
import { Facts } from '#ui/parts/facts.tsx'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Ago } from '#ui/parts/time.tsx'
import { Badge, Note } from '#ui/parts/tone.tsx'
import { capitalized, counted } from '#ui/words.ts'
import { isWithin, NumberField } from './number-field.tsx'

type PingState = NonNullable<ReplyOf<typeof noticeSettings.ping>['ping']>

export function Ping() {
  const reply = useReply(noticeSettings.ping, {}, { everyMs: 60_000 })
  const [isChanging, setIsChanging] = useState(false)
  return (
    <Section
      title="Sign of life"
      lead="An address elsewhere that is fetched again and again while the service is well. Its watcher tells people when it falls silent: a machine that is gone cannot tell of itself."
    >
      <Loaded reply={reply}>
        {({ ping }) =>
          ping && !isChanging ? (
            <Present ping={ping} onChange={() => setIsChanging(true)} />
          ) : (
            <PingForm ping={ping} onDone={() => setIsChanging(false)} />
          )
        }
      </Loaded>
    </Section>
  )
}

function Present({ ping, onChange }: { readonly ping: PingState; readonly onChange: () => void }) {
  const act = useAct(noticeSettings.removePing, ['notice-settings'])
  const [isRemoving, setIsRemoving] = useState(false)
  const { place, everyMinutes, pingedAt, problem } = ping
  return (
    <Stack gap="sm">
      <Facts
        rows={[
          ['Goes to', place],
          ['Every', counted(everyMinutes, 'minute')],
          ['Fetched last', <Ago key="at" at={pingedAt} absent="not yet" />],
          ['State', <State key="state" ping={ping} />],
        ]}
      />
      {problem !== null && (
        <Note tone="bad" title={capitalized(problem)}>
          Check the address, and that this machine reaches it.
        </Note>
      )}
      <Group gap="xs">
        <Button variant="default" onClick={onChange}>
          Change the address
        </Button>
        <Button variant="default" onClick={() => setIsRemoving(true)}>
          Remove it
        </Button>
      </Group>
      <Confirm
        isOpen={isRemoving}
        onClose={() => setIsRemoving(false)}
        title="Remove the sign of life?"
        submit="Remove it"
        isBusy={act.isPending}
        error={act.error}
        onConfirm={() => act.mutate({}, { onSuccess: () => setIsRemoving(false) })}
      >
        Nobody is told any more when this whole machine is gone. Its watcher will tell of the silence once, unless it is stopped there too.
      </Confirm>
    </Stack>
  )
}

function State({ ping: { pingedAt, problem } }: { readonly ping: PingState }) {
  if (problem !== null) return <Badge tone="bad">Did not come through</Badge>
  return pingedAt === null ? <Badge tone="unknown">Not tried yet</Badge> : <Badge tone="good">Came through</Badge>
}

function PingForm({ ping, onDone }: { readonly ping: PingState | null; readonly onDone: () => void }) {
  const act = useAct(noticeSettings.setPing, ['notice-settings'])
  const [url, setUrl] = useState('')
  const [everyMinutes, setEvery] = useState<number | string>(ping?.everyMinutes ?? 5)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (!isWithin(everyMinutes, 1, 1_440)) return
        act.mutate(
          { body: { url: url.trim(), everyMinutes } },
          {
            onSuccess: () => {
              notify({ tone: 'good', title: 'The sign of life is saved' })
              onDone()
            },
          },
        )
      }}
    >
      <Stack gap="sm">
        <TextInput
          label="Address"
          description="From your watcher, as it gave it. Its path is kept sealed and not shown again."
          placeholder="https://watch.example.org/ping/…"
          type="url"
          required
          value={url}
          onChange={(event) => setUrl(event.currentTarget.value)}
        />
        <NumberField label="Every" suffix="minutes" min={1} max={1_440} value={everyMinutes} onChange={setEvery} />
        <Refusal error={act.error} />
        <FormButtons submit="Save the address" isBusy={act.isPending} isDisabled={url.trim() === ''} {...(ping && { onCancel: onDone })} />
      </Stack>
    </form>
  )
}

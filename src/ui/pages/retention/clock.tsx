import { Button, Group, Text } from '@mantine/core'
import { useState } from 'react'
import { retention } from '#contract/retention.ts'
import { useAct, useReply } from '#ui/call.ts'
import { notify } from '#ui/notify.ts'
import { Loaded, TextSkeleton } from '#ui/parts/loaded.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { useMay } from '#ui/session.ts'
import { capitalized } from '#ui/words.ts'
import { Confirm } from '#ui/parts/confirm.tsx'

/** Deleting by age trusts the clock; while it is in doubt nothing is deleted. */
export function ClockState() {
  const may = useMay()
  const reply = useReply(retention.clock, {}, { everyMs: 60_000 })
  const accept = useAct(retention.acceptClock, ['retention', 'alerts', 'audit'])
  const [isSigning, setIsSigning] = useState(false)
  return (
    <Loaded reply={reply} skeleton={<TextSkeleton lines={2} />}>
      {({ isSuspended, fact, now, mark }) =>
        isSuspended ? (
          <Note tone="bad" title="The clock is in doubt: nothing is deleted">
            <Text size="sm">{fact === null ? 'Why is not known.' : `${capitalized(fact)}.`}</Text>
            <Text size="sm">
              The service has <Instant at={now} />. Set the clock right: deletion then goes on by itself. If it is right as it is, an
              administrator of the installation signs that.
            </Text>
            {may('settings.write') && (
              <Group mt="xs">
                <Button size="xs" variant="default" onClick={() => setIsSigning(true)}>
                  The clock is right…
                </Button>
              </Group>
            )}
            <Confirm
              isOpen={isSigning}
              title="Is the clock right?"
              meaning="I have compared the clock of the service with another one: it is right"
              submit="Sign that it is right"
              asksReason
              isDangerous={false}
              isBusy={accept.isPending}
              error={accept.error}
              onClose={() => setIsSigning(false)}
              onConfirm={({ reason, signature }) =>
                accept.mutate(
                  { body: { reason, signature } },
                  {
                    onSuccess: () => {
                      notify({ tone: 'good', title: 'The time is trusted again', message: 'Deletion goes on.' })
                      setIsSigning(false)
                    },
                  },
                )
              }
            >
              The service has <Instant at={now} />. If that is wrong, backups may be deleted years too early.
            </Confirm>
          </Note>
        ) : (
          <Text size="sm" c="dimmed">
            The time is trusted to delete by: <Instant at={now} />
            {mark === null ? ', not compared with anything yet' : ''}.
          </Text>
        )
      }
    </Loaded>
  )
}

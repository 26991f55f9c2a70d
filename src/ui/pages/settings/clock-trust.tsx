import { Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core'
import { useState } from 'react'
import { retention } from '#contract/retention.ts'
import { useAct, useReply } from '#ui/call.ts'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { isSigned, Signature, unsigned } from '#ui/parts/signature.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { capitalized } from '#ui/words.ts'

const meaning = 'I have compared the clock of this machine, and it is right'

/** Deletion goes by the clock: one that jumped would delete too early, so it waits until somebody has looked (SAFETY rule 29). */
export function ClockTrust() {
  const reply = useReply(retention.clock, {}, { everyMs: 60_000 })
  const [isOpen, setIsOpen] = useState(false)
  return (
    <Section title="Clock" lead="Retention deletes by it, so a clock that jumps stops every deletion.">
      <Loaded reply={reply}>
        {({ now, isSuspended, fact, mark }) =>
          isSuspended ? (
            <Stack gap="sm">
              <Note tone="warning" title={capitalized(fact ?? 'the clock is not trusted')}>
                <Text size="sm">
                  Nothing is deleted meanwhile. This machine says <Instant at={now} />. Set the clock right; or, if it is right, sign that
                  it is.
                </Text>
              </Note>
              <Group>
                <Button onClick={() => setIsOpen(true)}>The clock is right</Button>
              </Group>
            </Stack>
          ) : (
            <Text size="sm">
              Trusted. This machine says <Instant at={now} />
              {mark !== null && (
                <>
                  ; looked at until <Instant at={mark} />
                </>
              )}
              .
            </Text>
          )
        }
      </Loaded>
      <Modal opened={isOpen} onClose={() => setIsOpen(false)} title={<Text fw={650}>The clock is right</Text>} size="lg">
        {isOpen && <AcceptClock onClose={() => setIsOpen(false)} />}
      </Modal>
    </Section>
  )
}

function AcceptClock({ onClose }: { readonly onClose: () => void }) {
  const act = useAct(retention.acceptClock, ['retention', 'alerts'])
  const [reason, setReason] = useState('')
  const [signing, setSigning] = useState(unsigned)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        act.mutate({ body: { reason: reason.trim(), signature: { ...signing, meaning } } }, { onSuccess: onClose })
      }}
    >
      <Stack gap="sm">
        <Text size="sm">Deletion goes on by this clock from now on: backups whose time is over by it are removed.</Text>
        <Textarea
          label="Reason"
          description="Why it jumped, and what you compared it with."
          required
          autosize
          minRows={2}
          maxLength={500}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <Signature meaning={meaning} value={signing} onChange={setSigning} />
        <Refusal error={act.error} />
        <FormButtons submit="Sign" isBusy={act.isPending} isDisabled={reason.trim() === '' || !isSigned(signing)} onCancel={onClose} />
      </Stack>
    </form>
  )
}

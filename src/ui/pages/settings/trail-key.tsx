import { Button, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { audit } from '#contract/audit.ts'
import { useAct, useReply } from '#ui/call.ts'
import { Confirm } from '#ui/parts/confirm.tsx'
import { Facts } from '#ui/parts/facts.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Note } from '#ui/parts/tone.tsx'

export function TrailKey() {
  const reply = useReply(audit.checkpoints, { query: { pageSize: 1 } })
  const act = useAct(audit.rotateKey, ['audit'])
  const [isOpen, setIsOpen] = useState(false)
  return (
    <Section
      title="Key of the audit trail"
      lead="What signs the trail. Write the fingerprint down on paper: it makes an export the one of your installation."
      actions={
        <Button variant="default" onClick={() => setIsOpen(true)}>
          Sign with a new key
        </Button>
      }
    >
      <Stack gap="sm">
        {act.data && (
          <Note tone="good" title="A new key signs">
            <Text size="sm">
              The one before, {act.data.before.fingerprint}, has signed that {act.data.after.fingerprint} follows it. Write the new one
              down.
            </Text>
          </Note>
        )}
        <Loaded reply={reply}>
          {({ key }) => (
            <Facts
              rows={[
                ['Fingerprint', <code key="fingerprint">{key.fingerprint}</code>],
                ['Public key', <code key="public">{key.publicKey}</code>],
              ]}
            />
          )}
        </Loaded>
      </Stack>
      <Confirm
        isOpen={isOpen}
        onClose={() => setIsOpen(false)}
        title="Sign the trail with a new key?"
        asksReason
        submit="Change the key"
        isDangerous={false}
        isBusy={act.isPending}
        error={act.error}
        onConfirm={({ reason }) => act.mutate({ body: { reason } }, { onSuccess: () => setIsOpen(false) })}
      >
        <Text size="sm">
          The present key signs the hand-over, so whoever trusts it can trust the new one. Do it when an auditor asks for it or on your
          schedule. Both come out of sealing.key: when somebody has seen that file, a new key here is not enough.
        </Text>
      </Confirm>
    </Section>
  )
}

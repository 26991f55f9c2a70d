import { Button, Group, List, Text } from '@mantine/core'
import { useState } from 'react'
import { retention, type PolicyInForce, type RetentionPolicy } from '#contract/retention.ts'
import { useAct } from '#ui/call.ts'
import { notify } from '#ui/notify.ts'
import { Note } from '#ui/parts/tone.tsx'
import { keepInWords, shortened } from './policy-words.ts'
import { Confirm } from '#ui/parts/confirm.tsx'

interface SavePolicyProps {
  readonly inForce: PolicyInForce
  /** What would hold; undefined as long as it is none. */
  readonly policy: RetentionPolicy | undefined
  readonly isOwn: boolean
  readonly isChanged: boolean
  readonly onUndo: () => void
}

export function SavePolicy({ inForce, policy, isOwn, isChanged, onUndo }: SavePolicyProps) {
  const set = useAct(retention.set, ['retention', 'audit', 'alerts'])
  const [isSaving, setIsSaving] = useState(false)
  const shorter = policy === undefined ? [] : shortened(inForce.policy, policy)
  const isSigned = shorter.length > 0
  const { systemId, tenantId } = inForce
  const whose = inForce.systemName ?? 'the organization'
  return (
    <>
      {isChanged && <Shorter rules={shorter} />}
      <Group justify="flex-end" mt="md">
        {isChanged && (
          <Button variant="default" onClick={onUndo}>
            Undo the changes
          </Button>
        )}
        <Button disabled={!isChanged || policy === undefined} onClick={() => setIsSaving(true)}>
          Set the policy
        </Button>
      </Group>
      {isSaving && policy && (
        <Confirm
          isOpen
          title={`Set the retention of ${whose}?`}
          meaning={isSigned ? `I shorten the retention of ${whose}`.slice(0, 200) : undefined}
          submit={isSigned ? 'Sign and set it' : 'Set it'}
          asksReason
          isDangerous={isSigned}
          isBusy={set.isPending}
          error={set.error}
          onClose={() => setIsSaving(false)}
          onConfirm={({ reason, signature }) =>
            set.mutate(
              {
                body: {
                  ...(systemId === null ? { tenantId } : { systemId }),
                  policy: isOwn ? policy : null,
                  reason,
                  ...(isSigned && { signature }),
                },
              },
              {
                onSuccess: () => {
                  notify({ tone: 'good', title: `The retention of ${whose} is set`, message: 'It is carried out within ten minutes.' })
                  setIsSaving(false)
                },
              },
            )
          }
        >
          <Text size="sm">
            Before: {keepInWords(inForce.policy.keep)}. From now on: <strong>{keepInWords(policy.keep)}</strong>.{' '}
            {shorter.length > 0 && `It keeps less in ${shorter.join(', ')}.`} What it does not keep is deleted with the next look, and
            removed when the grace period is over; a mass deletion waits for a signature of its own.
          </Text>
        </Confirm>
      )}
    </>
  )
}

function Shorter({ rules }: { readonly rules: readonly string[] }) {
  if (rules.length === 0) return null
  return (
    <div style={{ marginTop: '1rem' }}>
      <Note tone="warning" title="It keeps less than before: setting it is signed">
        <List size="sm">
          {rules.map((rule) => (
            <List.Item key={rule}>{rule}</List.Item>
          ))}
        </List>
      </Note>
    </div>
  )
}

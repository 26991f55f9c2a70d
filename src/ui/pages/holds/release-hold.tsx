import { Text } from '@mantine/core'
import { holds, type HoldView } from '#contract/holds.ts'
import { useAct } from '#ui/call.ts'
import { notify } from '#ui/notify.ts'
import { Confirm } from '#ui/parts/confirm.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { counted } from '#ui/words.ts'

/** Signed, since what is let go of may be gone soon. */
export function ReleaseHold({ hold, onClose }: { readonly hold: HoldView; readonly onClose: () => void }) {
  const release = useAct(holds.release, ['holds', 'backups', 'retention', 'audit'])
  return (
    <Confirm
      isOpen
      title={`Release the hold “${hold.reference}”`}
      meaning={`I release the legal hold ${hold.reference}`.slice(0, 200)}
      submit="Sign and release"
      asksReason
      isBusy={release.isPending}
      error={release.error}
      onClose={onClose}
      onConfirm={({ reason, signature }) =>
        release.mutate(
          { params: { id: hold.id }, body: { reason, signature } },
          {
            onSuccess: () => {
              notify({ tone: 'good', title: `The hold ${hold.reference} is released` })
              onClose()
            },
          },
        )
      }
    >
      <Note tone="warning" title={`It keeps ${counted(hold.held, 'backup')} now`}>
        <Text size="sm">
          What no other hold and no rule of a policy keeps is deleted with the next look at the policy, and removed when the grace period is
          over. A mass deletion waits for a signature of its own. The release cannot be taken back; a new hold can be placed.
        </Text>
      </Note>
    </Confirm>
  )
}

import { Modal, Stack, Text, Textarea } from '@mantine/core'
import { useState } from 'react'
import { holds, type HoldView } from '#contract/holds.ts'
import { useAct } from '#ui/call.ts'
import { notify } from '#ui/notify.ts'
import { FormButtons, Refusal } from '#ui/parts/form.tsx'
import { isSigned, Signature, unsigned } from '#ui/parts/signature.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { counted } from '#ui/words.ts'

/** Signed, since what is let go of may be gone soon (21 CFR 11.50, 11.200). */
export function ReleaseHold({ hold, onClose }: { readonly hold: HoldView; readonly onClose: () => void }) {
  const release = useAct(holds.release, ['holds', 'backups', 'retention', 'audit'])
  const [reason, setReason] = useState('')
  const [signature, setSignature] = useState(unsigned)
  const meaning = `I release the legal hold ${hold.reference}`.slice(0, 200)
  const isReady = reason.trim() !== '' && isSigned(signature)
  return (
    <Modal opened onClose={onClose} title={<Text fw={650}>Release the hold “{hold.reference}”</Text>} size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (!isReady) return
          release.mutate(
            { params: { id: hold.id }, body: { reason: reason.trim(), signature: { ...signature, meaning } } },
            {
              onSuccess: () => {
                notify({ tone: 'good', title: `The hold ${hold.reference} is released` })
                onClose()
              },
              // Each code signs once, also one that was refused.
              onError: () => setSignature(({ password }) => ({ password, totp: '' })),
            },
          )
        }}
      >
        <Stack gap="md">
          <Note tone="warning" title={`It keeps ${counted(hold.held, 'backup')} now`}>
            <Text size="sm">
              What no other hold and no rule of a policy keeps is deleted with the next look at the policy, and removed when the grace
              period is over. A mass deletion waits for a signature of its own. The release cannot be taken back; a new hold can be placed.
            </Text>
          </Note>
          <Textarea
            label="Reason"
            description="For the audit trail. No patient data."
            required
            autosize
            minRows={2}
            maxLength={500}
            value={reason}
            onChange={({ currentTarget }) => setReason(currentTarget.value)}
          />
          <Signature meaning={meaning} value={signature} onChange={setSignature} />
          <Refusal error={release.error} />
          <FormButtons submit="Sign and release" isBusy={release.isPending} isDangerous isDisabled={!isReady} onCancel={onClose} />
        </Stack>
      </form>
    </Modal>
  )
}

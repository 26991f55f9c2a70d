import { Modal, Stack, Text, Textarea } from '@mantine/core'
import { useEffect, useState, type ReactNode } from 'react'
import type { SignedWithMeaning } from '#contract/signatures.ts'
import { FormButtons, Refusal } from './refusal.tsx'
import { isSigned, Signature, unsigned } from './signature.tsx'

interface SignedActProps {
  readonly title: string
  /** What the signature stands for. */
  readonly meaning: string
  readonly submit: string
  readonly isSignatureNeeded: boolean
  readonly isDangerous?: boolean
  readonly isBusy: boolean
  readonly error: unknown
  readonly onClose: () => void
  readonly onSubmit: (given: { readonly reason: string; readonly signature: SignedWithMeaning | undefined }) => void
  /** What will happen, in numbers. */
  readonly children: ReactNode
}

/** An act with a reason, and with a signature where what it does could lose what somebody needs (21 CFR 11.50). */
export function SignedAct(props: SignedActProps) {
  const { title, meaning, submit, isSignatureNeeded, isDangerous = false, isBusy, error, onClose, onSubmit, children } = props
  const [reason, setReason] = useState('')
  const [signature, setSignature] = useState(unsigned)
  const isReady = reason.trim() !== '' && (!isSignatureNeeded || isSigned(signature))
  useEffect(() => {
    // Each code signs once, also one that was refused.
    if (error !== null && error !== undefined) setSignature(({ password }) => ({ password, totp: '' }))
  }, [error])
  return (
    <Modal opened onClose={onClose} title={<Text fw={650}>{title}</Text>} size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (isReady) onSubmit({ reason: reason.trim(), signature: isSignatureNeeded ? { ...signature, meaning } : undefined })
        }}
      >
        <Stack gap="md">
          <div>{children}</div>
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
          {isSignatureNeeded && <Signature meaning={meaning} value={signature} onChange={setSignature} />}
          <Refusal error={error} />
          <FormButtons submit={submit} isBusy={isBusy} isDangerous={isDangerous} isDisabled={!isReady} onCancel={onClose} />
        </Stack>
      </form>
    </Modal>
  )
}

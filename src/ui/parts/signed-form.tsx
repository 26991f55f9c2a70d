import { Modal, Stack, Text, TextInput, Textarea } from '@mantine/core'
import { useEffect, useState, type ReactNode } from 'react'
import type { SignedWithMeaning, Signing } from '#contract/signatures.ts'
import { FormButtons, Refusal } from './refusal.tsx'
import { Signature, isSigned, unsigned } from './signature.tsx'

export interface SignedAct {
  /** What was typed, exactly. */
  readonly confirm: string
  readonly reason: string
  readonly signature: SignedWithMeaning
}

interface SignedFormProps {
  /** To be typed letter by letter. */
  readonly typed: string
  /** What the signature stands for: kept with it, at most 200 characters. */
  readonly meaning: string
  readonly submit: string
  readonly isDangerous?: boolean
  readonly isBusy: boolean
  readonly error: unknown
  /** Something else that has to be filled in first. */
  readonly isBlocked?: boolean
  readonly onSign: (act: SignedAct) => void
  readonly onCancel?: () => void
  /** What will happen, in numbers, above the fields. */
  readonly children?: ReactNode
}

/** The last step before an act that is signed: its plan, a reason, the name typed, both components (21 CFR 11.50, 11.200). */
export function SignedForm({ typed, meaning, submit, isDangerous = true, isBusy, error, isBlocked = false, ...rest }: SignedFormProps) {
  const [confirm, setConfirm] = useState('')
  const [reason, setReason] = useState('')
  const [signing, setSigning] = useState<Signing>(unsigned)
  // A code signs once, whether it was taken or refused: nobody should send it again.
  useEffect(() => {
    if (error) setSigning((before) => ({ ...before, totp: '' }))
  }, [error])
  const isReady = confirm === typed && reason.trim() !== '' && isSigned(signing) && !isBlocked
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (isReady && !isBusy) rest.onSign({ confirm, reason: reason.trim(), signature: { ...signing, meaning } })
      }}
    >
      <Stack gap="md">
        {rest.children}
        <Textarea
          label="Reason"
          description="Kept with the signature and in the audit trail. No patient data."
          required
          autosize
          minRows={2}
          maxLength={500}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <TextInput
          label={
            <>
              Type <strong>{typed}</strong> to confirm
            </>
          }
          autoComplete="off"
          spellCheck={false}
          required
          error={confirm !== '' && !typed.startsWith(confirm) ? `That is not ${typed}` : undefined}
          value={confirm}
          onChange={(event) => setConfirm(event.currentTarget.value)}
        />
        <Signature meaning={meaning} value={signing} onChange={setSigning} />
        <Refusal error={error} />
        <FormButtons
          submit={submit}
          isBusy={isBusy}
          isDangerous={isDangerous}
          isDisabled={!isReady}
          {...(rest.onCancel && { onCancel: rest.onCancel })}
        />
      </Stack>
    </form>
  )
}

interface SignedConfirmProps extends Omit<SignedFormProps, 'onCancel'> {
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly title: string
}

/** The same in a dialog, which forgets what was entered when it is closed. */
export function SignedConfirm({ isOpen, onClose, title, ...form }: SignedConfirmProps) {
  return (
    <Modal opened={isOpen} onClose={onClose} title={<Text fw={650}>{title}</Text>} size="lg">
      {isOpen && <SignedForm {...form} onCancel={onClose} />}
    </Modal>
  )
}

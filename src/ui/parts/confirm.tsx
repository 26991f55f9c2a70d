import { Modal, Stack, Text, TextInput, Textarea } from '@mantine/core'
import { useEffect, useState, type ReactNode } from 'react'
import type { SignedWithMeaning, Signing } from '#contract/signatures.ts'
import { FormButtons, Refusal } from './refusal.tsx'
import { isSigned, Signature, unsigned } from './signature.tsx'

export interface Confirmed {
  /** What was typed, exactly; empty when nothing had to be. */
  readonly confirm: string
  /** Empty when none was asked for. */
  readonly reason: string
  /** Empty components when none was asked for. */
  readonly signature: SignedWithMeaning
}

interface ConfirmFormProps {
  /** What will happen, in numbers, and what will not. */
  readonly children?: ReactNode
  /** To be typed letter by letter; without it a click is enough. */
  readonly typed?: string
  readonly asksReason?: boolean
  /** What a signature stands for, kept with it, at most 200 characters; without it none is asked for (21 CFR 11.50, 11.200). */
  readonly meaning?: string | undefined
  readonly submit: string
  /** What leaves everything as it is, where the act itself is called to cancel. */
  readonly dismiss?: string
  readonly isDangerous?: boolean
  readonly isBusy: boolean
  readonly error: unknown
  /** Something else has to be filled in first. */
  readonly isBlocked?: boolean
  readonly onConfirm: (confirmed: Confirmed) => void
  readonly onCancel?: () => void
}

interface ConfirmProps extends Omit<ConfirmFormProps, 'onCancel'> {
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly title: string
}

/** An act that should not happen by a slip, in a dialog; what was entered is forgotten when it is closed. */
export function Confirm({ isOpen, onClose, title, ...form }: ConfirmProps) {
  return (
    <Modal opened={isOpen} onClose={onClose} title={<Text fw={650}>{title}</Text>} size="lg">
      {isOpen && <ConfirmForm {...form} onCancel={onClose} />}
    </Modal>
  )
}

/** The plan of an act, and what is asked for before it: a reason, the name typed where it destroys, both components of a signature. */
export function ConfirmForm(props: ConfirmFormProps) {
  const { children, typed, asksReason = false, meaning, isBusy, error, isBlocked = false } = props
  const [confirm, setConfirm] = useState('')
  const [reason, setReason] = useState('')
  const [signing, setSigning] = useState<Signing>(unsigned)
  // A code signs once, whether it was taken or refused: nobody should send it again.
  useEffect(() => {
    if (error) setSigning((before) => ({ ...before, totp: '' }))
  }, [error])
  const isConfirmed = typed === undefined || confirm === typed
  const isReasoned = !asksReason || reason.trim() !== ''
  const isReady = isConfirmed && isReasoned && (meaning === undefined || isSigned(signing)) && !isBlocked
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (isReady && !isBusy) props.onConfirm({ confirm, reason: reason.trim(), signature: { ...signing, meaning: meaning ?? '' } })
      }}
    >
      <Stack gap="md">
        <div>{children}</div>
        {asksReason && <ReasonInput isSigned={meaning !== undefined} value={reason} onChange={setReason} />}
        {typed !== undefined && <TypedInput typed={typed} value={confirm} onChange={setConfirm} />}
        {meaning !== undefined && <Signature meaning={meaning} value={signing} onChange={setSigning} />}
        <Refusal error={error} />
        <ConfirmButtons {...props} isDisabled={!isReady} />
      </Stack>
    </form>
  )
}

function ConfirmButtons(props: ConfirmFormProps & { readonly isDisabled: boolean }) {
  const { submit, dismiss, isDangerous = true, isBusy, isDisabled, onCancel } = props
  return <FormButtons {...{ submit, isDangerous, isBusy, isDisabled, ...(dismiss && { dismiss }), ...(onCancel && { onCancel }) }} />
}

interface InputProps {
  readonly value: string
  readonly onChange: (value: string) => void
}

function ReasonInput({ isSigned: isKeptSigned, value, onChange }: InputProps & { readonly isSigned: boolean }) {
  return (
    <Textarea
      label="Reason"
      description={
        isKeptSigned ? 'Kept with the signature and in the audit trail. No patient data.' : 'For the audit trail. No patient data.'
      }
      required
      autosize
      minRows={2}
      maxLength={500}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}

function TypedInput({ typed, value, onChange }: InputProps & { readonly typed: string }) {
  return (
    <TextInput
      label={
        <>
          Type <strong>{typed}</strong> to confirm
        </>
      }
      autoComplete="off"
      spellCheck={false}
      required
      error={typed.startsWith(value) ? undefined : `That is not ${typed}`}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}

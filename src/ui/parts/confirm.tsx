import { Modal, Stack, Text, TextInput, Textarea } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { FormButtons, Refusal } from './refusal.tsx'

export interface Confirmed {
  /** What was typed, exactly; empty when nothing had to be. */
  readonly confirm: string
  readonly reason: string
}

interface ConfirmProps {
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly title: string
  /** What will happen, in numbers, and what will not. */
  readonly children: ReactNode
  /** To be typed letter by letter; without it a click is enough. */
  readonly typed?: string
  readonly asksReason?: boolean
  readonly submit: string
  readonly isDangerous?: boolean
  readonly isBusy: boolean
  readonly error: unknown
  readonly onConfirm: (confirmed: Confirmed) => void
}

/** An act that should not happen by a slip: its plan is shown, and where it destroys something its name is typed. */
export function Confirm(props: ConfirmProps) {
  const { isOpen, onClose, title } = props
  return (
    <Modal opened={isOpen} onClose={onClose} title={<Text fw={650}>{title}</Text>} size="lg">
      {isOpen && <ConfirmForm {...props} />}
    </Modal>
  )
}

function ConfirmForm({ onClose, children, typed, asksReason = false, submit, isDangerous = true, isBusy, error, onConfirm }: ConfirmProps) {
  const [confirm, setConfirm] = useState('')
  const [reason, setReason] = useState('')
  const isReady = (typed === undefined || confirm === typed) && (!asksReason || reason.trim() !== '')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (isReady) onConfirm({ confirm, reason: reason.trim() })
      }}
    >
      <Stack gap="md">
        <div>{children}</div>
        {asksReason && (
          <Textarea
            label="Reason"
            description="For the audit trail. No patient data."
            required
            autosize
            minRows={2}
            maxLength={500}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        )}
        {typed !== undefined && (
          <TextInput
            label={
              <>
                Type <strong>{typed}</strong> to confirm
              </>
            }
            autoComplete="off"
            spellCheck={false}
            required
            value={confirm}
            onChange={(event) => setConfirm(event.currentTarget.value)}
          />
        )}
        <Refusal error={error} />
        <FormButtons submit={submit} isBusy={isBusy} isDangerous={isDangerous} isDisabled={!isReady} onCancel={onClose} />
      </Stack>
    </form>
  )
}

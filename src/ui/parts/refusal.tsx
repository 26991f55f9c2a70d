import { Box, Button, Group } from '@mantine/core'
import type { ReactNode } from 'react'
import { toldOf } from '#ui/words.ts'
import { FaultNote } from './fault-note.tsx'

/** Why an act was not done, and what to do; nothing when it was. */
export function Refusal({ error }: { readonly error: unknown }) {
  if (error === null || error === undefined) return null
  return (
    <Box role="alert">
      <FaultNote fault={toldOf(error)} />
    </Box>
  )
}

interface FormButtonsProps {
  readonly submit: string
  readonly isBusy: boolean
  readonly isDangerous?: boolean
  readonly isDisabled?: boolean
  readonly onCancel?: () => void
  readonly dismiss?: string
  readonly children?: ReactNode
}

export function FormButtons({
  submit,
  isBusy,
  isDangerous = false,
  isDisabled = false,
  onCancel,
  dismiss = 'Cancel',
  children,
}: FormButtonsProps) {
  return (
    <Group justify="flex-end" mt="md">
      {children}
      {onCancel && (
        <Button variant="default" onClick={onCancel} disabled={isBusy}>
          {dismiss}
        </Button>
      )}
      <Button type="submit" loading={isBusy} disabled={isDisabled} {...(isDangerous && { color: 'red.9' })}>
        {submit}
      </Button>
    </Group>
  )
}

import { Box, Button, Group, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { toldOf } from '#ui/words.ts'
import { Note } from './tone.tsx'

/** Why an act was not done, and what to do; nothing when it was. */
export function Refusal({ error }: { readonly error: unknown }) {
  if (error === null || error === undefined) return null
  const { fact, hint, code } = toldOf(error)
  return (
    <Box role="alert">
      <Note tone="bad" title={fact}>
        <Text size="sm">{hint}</Text>
        <Text size="xs" component="code">
          {code}
        </Text>
      </Note>
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

import { Box, Button, Group, Text } from '@mantine/core'
import { zodResolver } from '@hookform/resolvers/zod'
import type { ReactNode } from 'react'
import { useForm, type DefaultValues, type FieldValues, type Path, type UseFormReturn } from 'react-hook-form'
import type { z } from 'zod'
import { RemoteFault } from '#contract/client.ts'
import { capitalized, toldOf } from '#ui/words.ts'
import { Note } from './tone.tsx'

/**
 * A form that the contract's own schema checks. What is wrong is said at its field, in words; what the service refuses is
 * said there too when it names the field.
 */
export function useContractForm<Input extends FieldValues, Output>(
  schema: z.core.$ZodType<Output, Input>,
  defaults: DefaultValues<Input>,
): UseFormReturn<Input, unknown, Output> {
  return useForm<Input, unknown, Output>({ resolver: zodResolver(schema), defaultValues: defaults, mode: 'onTouched' })
}

/** Words for one field, as Mantine's inputs take them: `<TextInput {...form.register('name')} error={errorOf(form, 'name')} />`. */
export function errorOf<Input extends FieldValues, Output>(
  form: UseFormReturn<Input, unknown, Output>,
  field: Path<Input>,
): string | undefined {
  const { error } = form.getFieldState(field, form.formState)
  return error?.message === undefined ? undefined : capitalized(inWords(error.message))
}

/** What the library of schemas says of a field that was left empty speaks to programmers. */
function inWords(message: string): string {
  if (/^Too small: expected string to have >=1 char|^Invalid input: expected \w+, received (undefined|null|NaN)/.test(message))
    return 'needed'
  return message
}

/** What the service refused: at its field where there is one, and true; otherwise false, and shown by `Refusal`. */
export function takeRefusal<Input extends FieldValues, Output>(form: UseFormReturn<Input, unknown, Output>, error: unknown): boolean {
  const field = error instanceof RemoteFault ? error.field : undefined
  if (field === undefined || !Object.hasOwn(form.getValues(), field.split('.')[0]!)) return false
  form.setError(field as Path<Input>, { message: toldOf(error).fact }, { shouldFocus: true })
  return true
}

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
  readonly children?: ReactNode
}

export function FormButtons({ submit, isBusy, isDangerous = false, isDisabled = false, onCancel, children }: FormButtonsProps) {
  return (
    <Group justify="flex-end" mt="md">
      {children}
      {onCancel && (
        <Button variant="default" onClick={onCancel} disabled={isBusy}>
          Cancel
        </Button>
      )}
      <Button type="submit" loading={isBusy} disabled={isDisabled} {...(isDangerous && { color: 'red.9' })}>
        {submit}
      </Button>
    </Group>
  )
}

import { zodResolver } from '@hookform/resolvers/zod'
import { useForm, type DefaultValues, type FieldValues, type Path, type UseFormReturn } from 'react-hook-form'
import type { z } from 'zod'
import { RemoteFault } from '#contract/client.ts'
import { capitalized, toldOf } from '#ui/words.ts'

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

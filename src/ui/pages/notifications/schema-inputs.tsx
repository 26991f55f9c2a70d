import { NumberInput, PasswordInput, Select, Stack, Switch, TextInput, Textarea } from '@mantine/core'
import type { Field } from './schema-fields.ts'

export type Typed = Readonly<Record<string, unknown>>

interface SchemaInputsProps {
  readonly fields: readonly Field[]
  readonly value: Typed
  readonly onChange: (value: Typed) => void
  /** Never shown; one that is kept may be left empty. */
  readonly isSecret?: boolean
  readonly isKept?: boolean
  readonly errorOf: (name: string) => string | undefined
}

export function SchemaInputs({ fields, value, onChange, isSecret = false, isKept = false, errorOf }: SchemaInputsProps) {
  return (
    <Stack gap="sm">
      {fields.map((field) => (
        <SchemaInput
          key={field.name}
          field={field}
          value={value[field.name] ?? field.first}
          onChange={(next) => onChange({ ...value, [field.name]: next })}
          isSecret={isSecret}
          isKept={isKept}
          error={errorOf(field.name)}
        />
      ))}
    </Stack>
  )
}

interface SchemaInputProps {
  readonly field: Field
  readonly value: unknown
  readonly onChange: (value: unknown) => void
  readonly isSecret: boolean
  readonly isKept: boolean
  readonly error: string | undefined
}

function SchemaInput({ field, value, onChange, isSecret, isKept, error }: SchemaInputProps) {
  const { label, input, description, isRequired, choices } = field
  const text = Array.isArray(value) ? value.join('\n') : typeof value === 'string' ? value : ''
  const common = { label, description, error, required: isRequired && !isKept }
  if (isSecret)
    return (
      <PasswordInput
        {...common}
        placeholder={isKept ? 'unchanged; it is never shown' : undefined}
        autoComplete="new-password"
        value={text}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    )
  switch (input) {
    case 'number':
      return (
        <NumberInput
          {...common}
          allowDecimal={false}
          thousandSeparator=""
          value={typeof value === 'number' ? value : ''}
          onChange={onChange}
        />
      )
    case 'choice':
      return <Select {...common} allowDeselect={false} data={choices} value={text === '' ? null : text} onChange={onChange} />
    case 'flag':
      return (
        <Switch
          label={label}
          description={description}
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      )
    case 'list':
    case 'long':
      return (
        <Textarea
          {...common}
          autosize
          minRows={2}
          maxRows={8}
          spellCheck={false}
          value={text}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      )
    case 'text':
      return <TextInput {...common} spellCheck={false} value={text} onChange={(event) => onChange(event.currentTarget.value)} />
  }
}

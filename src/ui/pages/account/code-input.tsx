import { TextInput } from '@mantine/core'

interface CodeInputProps {
  readonly value: string
  readonly onChange: (value: string) => void
  readonly description?: string
  readonly error?: string | undefined
}

export function CodeInput({ value, onChange, description = 'Six digits; each is good once.', error }: CodeInputProps) {
  return (
    <TextInput
      label="Code of your authenticator"
      description={description}
      inputMode="numeric"
      autoComplete="one-time-code"
      maxLength={6}
      required
      w={260}
      error={error}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value.replaceAll(/\D/g, ''))}
    />
  )
}

import { List, PasswordInput, Stack, Text } from '@mantine/core'
import { IconCircleCheck, IconCircleDashed } from '@tabler/icons-react'
import { RemoteFault } from '#contract/client.ts'
import { toldOf } from '#ui/words.ts'
import { passwordRules } from './password-rules.ts'

export interface NewPasswordValue {
  readonly password: string
  readonly again: string
}

export const noPassword: NewPasswordValue = { password: '', again: '' }

/** What the service has against the password itself, for its field; undefined when it refused something else, or nothing. */
export function ruleBroken(error: unknown): string | undefined {
  return error instanceof RemoteFault && error.code === 'PASSWORD_RULES' ? toldOf(error).fact : undefined
}

interface NewPasswordProps {
  /** Of the account, which must not be in it; empty where it is not known here. */
  readonly name: string
  readonly value: NewPasswordValue
  readonly onChange: (value: NewPasswordValue) => void
  readonly label?: string
  /** What the service has against it. */
  readonly error?: string | undefined
}

/** A password that is to hold from now on, twice, with what makes a good one. */
export function NewPassword({ name, value, onChange, label = 'Password', error }: NewPasswordProps) {
  const { password, again } = value
  return (
    <Stack gap="xs">
      <PasswordInput
        label={label}
        description="A few words that belong together only for you are good, and easy to type at night."
        autoComplete="new-password"
        required
        value={password}
        error={error}
        onChange={(event) => onChange({ password: event.currentTarget.value, again })}
      />
      <PasswordInput
        label={`${label}, once more`}
        autoComplete="new-password"
        required
        value={again}
        onChange={(event) => onChange({ password, again: event.currentTarget.value })}
      />
      <List size="sm" spacing={2} aria-label="What the password has to be" center>
        {passwordRules(password, again, name).map(({ words, isKept }) => (
          <List.Item
            key={words.slice(0, 12)}
            icon={
              isKept ? (
                <IconCircleCheck size={16} className="tone-mark tone-good" aria-label="kept:" />
              ) : (
                <IconCircleDashed size={16} aria-label="not yet:" />
              )
            }
          >
            {words}
          </List.Item>
        ))}
      </List>
      <Text size="sm" c="dimmed">
        Passwords that are tried first, and your last five, are refused.
      </Text>
    </Stack>
  )
}

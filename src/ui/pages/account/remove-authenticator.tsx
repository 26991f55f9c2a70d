import { Anchor, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { me } from '#contract/me.ts'
import { useAct } from '#ui/call.ts'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { CodeInput } from './code-input.tsx'

interface RemoveProps {
  readonly onDone: () => void
  readonly onCancel: () => void
}

export function RemoveAuthenticator({ onDone, onCancel }: RemoveProps) {
  const act = useAct(me.removeTotp, ['me'])
  const [isRecovery, setIsRecovery] = useState(false)
  const [password, setPassword] = useState('')
  const [text, setText] = useState('')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        act.mutate({ body: { password, proof: isRecovery ? { recoveryCode: text } : { code: text } } }, { onSuccess: onDone })
      }}
    >
      <Stack gap="sm">
        <Text size="sm">
          From then on your password alone lets you in, and you cannot sign. Your other sessions end, and the recovery codes with them. To
          change to another app, set the new one up right after.
        </Text>
        <PasswordInput
          label="Your password"
          autoComplete="current-password"
          required
          data-autofocus
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        {isRecovery ? (
          <TextInput
            label="Recovery code"
            autoComplete="off"
            required
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        ) : (
          <CodeInput value={text} onChange={setText} />
        )}
        <Anchor
          component="button"
          type="button"
          size="sm"
          ta="start"
          onClick={() => {
            setIsRecovery(!isRecovery)
            setText('')
          }}
        >
          {isRecovery ? 'Use the authenticator' : 'The authenticator is lost: use a recovery code'}
        </Anchor>
        <Refusal error={act.error} />
        <FormButtons
          submit="Remove it"
          isBusy={act.isPending}
          isDangerous
          isDisabled={password === '' || text === ''}
          onCancel={onCancel}
        />
      </Stack>
    </form>
  )
}

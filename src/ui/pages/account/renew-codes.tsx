import { PasswordInput, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { me } from '#contract/me.ts'
import { useAct } from '#ui/call.ts'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { CodeInput } from './code-input.tsx'

interface RenewCodesProps {
  readonly onCodes: (codes: readonly string[]) => void
  readonly onCancel: () => void
}

export function RenewCodes({ onCodes, onCancel }: RenewCodesProps) {
  const act = useAct(me.renewRecoveryCodes, [])
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        act.mutate({ body: { password, code } }, { onSuccess: ({ recoveryCodes }) => onCodes(recoveryCodes) })
      }}
    >
      <Stack gap="sm">
        <Text size="sm">You get ten new codes. Those from before end at once.</Text>
        <PasswordInput
          label="Your password"
          autoComplete="current-password"
          required
          data-autofocus
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <CodeInput value={code} onChange={setCode} />
        <Refusal error={act.error} />
        <FormButtons submit="Make new codes" isBusy={act.isPending} isDisabled={password === '' || code.length !== 6} onCancel={onCancel} />
      </Stack>
    </form>
  )
}

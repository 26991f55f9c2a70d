import { Anchor, Box, Group, PasswordInput, Stack, Text } from '@mantine/core'
import { QRCodeSVG } from 'qrcode.react'
import { useState } from 'react'
import { me } from '#contract/me.ts'
import { useAct } from '#ui/call.ts'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { CopyButton } from '#ui/parts/copy-button.tsx'
import { CodeInput } from './code-input.tsx'

interface EnrolProps {
  /** It counts from now on; these are shown once. */
  readonly onCodes: (codes: readonly string[]) => void
  readonly onCancel: () => void
}

export function EnrolAuthenticator({ onCodes, onCancel }: EnrolProps) {
  const begin = useAct(me.beginTotp, [])
  const [password, setPassword] = useState('')
  if (begin.data) return <FirstCode {...begin.data} onCodes={onCodes} onCancel={onCancel} />
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        begin.mutate({ body: { password } })
      }}
    >
      <Stack gap="sm">
        <Text size="sm">Any authenticator app will do (TOTP). Its codes are asked for when you sign in and when you sign something.</Text>
        <PasswordInput
          label="Your password"
          autoComplete="current-password"
          required
          data-autofocus
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Refusal error={begin.error} />
        <FormButtons submit="Go on" isBusy={begin.isPending} isDisabled={password === ''} onCancel={onCancel} />
      </Stack>
    </form>
  )
}

interface FirstCodeProps extends EnrolProps {
  readonly secret: string
  readonly uri: string
}

function FirstCode({ secret, uri, onCodes, onCancel }: FirstCodeProps) {
  const confirm = useAct(me.confirmTotp, [])
  const [code, setCode] = useState('')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        confirm.mutate({ body: { code } }, { onSuccess: ({ recoveryCodes }) => onCodes(recoveryCodes) })
      }}
    >
      <Stack gap="sm">
        <Text size="sm">
          Point the app’s camera at the picture, put the secret into it, typed or copied, or{' '}
          <Anchor href={uri} underline="always">
            open it in an app on this machine
          </Anchor>
          . Then type the code that the app shows.
        </Text>
        {/* White around it in the dark, too: cameras look for it. */}
        <Box p="sm" style={{ background: '#fff', borderRadius: 6, alignSelf: 'flex-start', lineHeight: 0 }}>
          <QRCodeSVG value={uri} size={176} level="M" title="QR code of the secret" />
        </Box>
        <pre className="secret" tabIndex={0} aria-label="Secret of the authenticator">
          {secret.replaceAll(/(.{4})(?=.)/g, '$1 ')}
        </pre>
        <Group>
          <CopyButton text={secret}>Copy the secret</CopyButton>
        </Group>
        <CodeInput value={code} onChange={setCode} description="Six digits. From the first one on it is asked for." />
        <Refusal error={confirm.error} />
        <FormButtons submit="Confirm" isBusy={confirm.isPending} isDisabled={code.length !== 6} onCancel={onCancel} />
      </Stack>
    </form>
  )
}

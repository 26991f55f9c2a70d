import { Anchor, Box, Button, Divider, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { z } from 'zod'
import { faultCodes, type FaultCode } from '#base/fault-codes.ts'
import { signIn } from '#contract/sign-in.ts'
import { queries, useAct, useReply } from '#ui/call.ts'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { useSearchState } from '#ui/search.ts'
import { EntryFrame } from './entry-frame.tsx'

/** A path of this service and nothing else: an address that somebody sends shall not lead elsewhere. */
const searchSchema = z.object({
  to: z
    .string()
    .regex(/^\/(?![/\\])/)
    .optional(),
  /** Why somebody stands here who was in. */
  notice: z.enum(['ended', 'refused']).optional(),
  /** With `refused`: what the provider's answer came to. */
  code: z.enum(['OIDC_REFUSED', 'OIDC_NO_ACCOUNT', 'OIDC_PROVIDER', 'OIDC_OFF', 'TOO_MANY_REQUESTS']).optional().catch(undefined),
})

export function SignIn() {
  const [isSecondStep, setIsSecondStep] = useState(false)
  const [{ to, notice, code }] = useSearchState(searchSchema)
  const navigate = useNavigate()
  const enter = async () => {
    queries.clear()
    await navigate({ href: to ?? '/', replace: true })
  }
  return (
    <EntryFrame title={isSecondStep ? 'Second step' : 'Sign in'}>
      {!isSecondStep && <Reason notice={notice} code={code} isLedBack={to !== undefined} />}
      {isSecondStep ? (
        <SecondStep onDone={enter} onBack={() => setIsSecondStep(false)} />
      ) : (
        <FirstStep onDone={enter} onSecondStep={() => setIsSecondStep(true)} />
      )}
    </EntryFrame>
  )
}

interface ReasonProps {
  readonly notice: 'ended' | 'refused' | undefined
  readonly code: FaultCode | undefined
  readonly isLedBack: boolean
}

function Reason({ notice, code, isLedBack }: ReasonProps) {
  const back = isLedBack ? ' You are led back to where you were.' : ''
  if (notice === 'refused')
    return (
      <Box mb="md" role="alert">
        <Note tone="bad" title="Your organization’s sign-in did not let you in">
          <Text size="sm">{faultCodes[code ?? 'OIDC_REFUSED'].hint}</Text>
        </Note>
      </Box>
    )
  if (notice === 'ended')
    return (
      <Box mb="md" role="status">
        <Note tone="warning" title="Your session has ended">
          Sessions end when nobody has used them for a while, or when the account was changed.{back}
        </Note>
      </Box>
    )
  return isLedBack ? (
    <Text size="sm" mb="sm">
      {back}
    </Text>
  ) : null
}

interface FirstStepProps {
  readonly onDone: () => Promise<void>
  readonly onSecondStep: () => void
}

function FirstStep({ onDone, onSecondStep }: FirstStepProps) {
  const state = useReply(signIn.setUpState, {})
  const ways = useReply(signIn.ways, {})
  const act = useAct(signIn.password, [])
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const submit = () =>
    act.mutate({ body: { name, password } }, { onSuccess: ({ next }) => (next === 'totp' ? onSecondStep() : void onDone()) })
  if (state.data?.isSetUp === false)
    return (
      <Text>
        Nobody has set this installation up yet. Open the link that <code>integrum serve</code> printed when it started; starting it again
        prints a new one.
      </Text>
    )
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <Stack gap="sm">
        <TextInput
          label="Name"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          data-autofocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Refusal error={act.error} />
        <FormButtons submit="Sign in" isBusy={act.isPending} />
        {ways.data?.hasOidc && (
          <>
            <Divider label="or" />
            <Button component="a" href={signIn.oidc.path} variant="default">
              Sign in with your organization
            </Button>
          </>
        )}
      </Stack>
    </form>
  )
}

function SecondStep({ onDone, onBack }: { readonly onDone: () => Promise<void>; readonly onBack: () => void }) {
  const act = useAct(signIn.totp, [])
  const [isRecovery, setIsRecovery] = useState(false)
  const [text, setText] = useState('')
  const submit = () => act.mutate({ body: isRecovery ? { recoveryCode: text } : { code: text } }, { onSuccess: () => void onDone() })
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <Stack gap="sm">
        <TextInput
          key={String(isRecovery)}
          label={isRecovery ? 'Recovery code' : 'Code of your authenticator'}
          description={isRecovery ? 'Sixteen letters and digits; each is good once.' : 'Six digits.'}
          inputMode={isRecovery ? 'text' : 'numeric'}
          autoComplete="one-time-code"
          autoFocus
          required
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
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
          {isRecovery ? 'Use the authenticator' : 'The authenticator is not at hand: use a recovery code'}
        </Anchor>
        <Refusal error={act.error} />
        <FormButtons submit="Sign in" isBusy={act.isPending} onCancel={onBack} />
      </Stack>
    </form>
  )
}

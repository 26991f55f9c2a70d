import { Anchor, Button, Checkbox, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { me } from '#contract/me.ts'
import type { Signing } from '#contract/signatures.ts'
import { useAct, useReply } from '#ui/call.ts'
import { useMe } from '#ui/session.ts'
import { Refusal } from './refusal.tsx'
import { Loaded } from './loaded.tsx'
import { Note } from './tone.tsx'

interface SignatureProps {
  /** What the signature stands for, as it is kept with it: `I restore …`. */
  readonly meaning: string
  readonly value: Signing
  readonly onChange: (value: Signing) => void
}

export const unsigned: Signing = { password: '', totp: '' }

export function isSigned({ password, totp }: Signing): boolean {
  return password !== '' && /^\d{6}$/.test(totp)
}

/** Both components of an electronic signature, with what it means above them (21 CFR 11.50, 11.200). */
export function Signature({ meaning, value, onChange }: SignatureProps) {
  const { data: person } = useMe()
  if (!person) return null
  if (!person.isTotpEnrolled)
    return (
      <Note tone="warning" title="A signature needs your authenticator">
        Set one up under <Anchor renderRoot={(props) => <Link to="/account" {...props} />}>Your account</Anchor>, then come back: what you
        entered here is not kept.
      </Note>
    )
  if (person.signingPolicyVersion === null) return <PolicyToAccept />
  return (
    <Stack gap="sm" component="fieldset" className="surface" p="md" m={0}>
      <Text component="legend" fw={650} px={6}>
        Signature
      </Text>
      <Text size="sm">
        {person.title} ({person.name}) signs: <strong>{meaning}</strong>
      </Text>
      <PasswordInput
        label="Your password"
        autoComplete="current-password"
        required
        value={value.password}
        onChange={(event) => onChange({ ...value, password: event.currentTarget.value })}
      />
      <TextInput
        label="Code of your authenticator"
        description="Six digits; each code signs once."
        inputMode="numeric"
        autoComplete="one-time-code"
        maxLength={6}
        required
        maw={280}
        value={value.totp}
        onChange={(event) => onChange({ ...value, totp: event.currentTarget.value.replaceAll(/\D/g, '') })}
      />
    </Stack>
  )
}

/** Once, before the first signature (21 CFR 11.10(j)). */
export function PolicyToAccept() {
  const policy = useReply(me.signingPolicy, {})
  const accept = useAct(me.acceptSigningPolicy, ['me'])
  const [isRead, setIsRead] = useState(false)
  return (
    <Stack gap="sm" className="surface" p="md">
      <Text fw={650}>Before your first signature</Text>
      <Loaded reply={policy}>
        {({ text, version }) => (
          <>
            {text.split('\n').map((line) => (
              <Text size="sm" key={line}>
                {line}
              </Text>
            ))}
            <Checkbox
              label="I have read this and accept it"
              checked={isRead}
              onChange={(event) => setIsRead(event.currentTarget.checked)}
            />
            <Refusal error={accept.error} />
            <Button
              style={{ alignSelf: 'flex-start' }}
              disabled={!isRead}
              loading={accept.isPending}
              // The schema takes the present version alone; an older page is refused by the service.
              onClick={() => accept.mutate({ body: { version: version as 1 } })}
            >
              Accept
            </Button>
          </>
        )}
      </Loaded>
    </Stack>
  )
}

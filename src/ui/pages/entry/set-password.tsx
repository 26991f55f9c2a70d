import { Anchor, Button, Stack, Text } from '@mantine/core'
import { Link, useLocation } from '@tanstack/react-router'
import { useState } from 'react'
import { people } from '#contract/people.ts'
import { useAct } from '#ui/call.ts'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { NewPassword, noPassword, ruleBroken } from '#ui/parts/new-password.tsx'
import { isGoodEnough } from '#ui/parts/password-rules.ts'
import { Note } from '#ui/parts/tone.tsx'
import { EntryFrame } from './entry-frame.tsx'

/** Not a hook of React, though its name begins like one. */
const setByLink = people.usePasswordLink

/** By the link that an administrator handed over: for a new account, or for one whose password is lost. */
export function SetPassword() {
  const { hash } = useLocation()
  const act = useAct(setByLink, [])
  const [chosen, setChosen] = useState(noPassword)
  if (act.isSuccess)
    return (
      <EntryFrame title="Your password is set">
        <Stack gap="md">
          <Text>The link has done its work and opens nothing any more. Sign in with your account name and the new password.</Text>
          <Button renderRoot={(props) => <Link to="/sign-in" {...props} />}>Sign in</Button>
        </Stack>
      </EntryFrame>
    )
  if (hash === '')
    return (
      <EntryFrame title="Set your password">
        <Stack gap="sm">
          <Note tone="warning" title="The link is not complete">
            Open the whole link that your administrator gave you; it goes on behind the sign #.
          </Note>
          <Anchor renderRoot={(props) => <Link to="/sign-in" {...props} />}>To the sign-in page</Anchor>
        </Stack>
      </EntryFrame>
    )
  const rule = ruleBroken(act.error)
  return (
    <EntryFrame title="Set your password">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          act.mutate({ body: { token: hash, password: chosen.password } })
        }}
      >
        <Stack gap="sm">
          <Text size="sm" c="dimmed">
            The link is good once. Your password is known to nobody else, your administrators included.
          </Text>
          <NewPassword name="" value={chosen} onChange={setChosen} error={rule} />
          {rule === undefined && <Refusal error={act.error} />}
          <FormButtons submit="Set it" isBusy={act.isPending} isDisabled={!isGoodEnough(chosen.password, chosen.again, '')} />
        </Stack>
      </form>
    </EntryFrame>
  )
}

import { PasswordInput, Stack } from '@mantine/core'
import { useState } from 'react'
import { me } from '#contract/me.ts'
import { useAct } from '#ui/call.ts'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { NewPassword, noPassword, ruleBroken } from '#ui/parts/new-password.tsx'
import { isGoodEnough } from '#ui/parts/password-rules.ts'

interface OwnPasswordProps {
  readonly name: string
  readonly onDone: () => void
  readonly onCancel?: () => void
}

/** With the present one: a screen that somebody left open is nobody's password. */
export function OwnPassword({ name, onDone, onCancel }: OwnPasswordProps) {
  const act = useAct(me.changePassword, ['me'])
  const [current, setCurrent] = useState('')
  const [chosen, setChosen] = useState(noPassword)
  const rule = ruleBroken(act.error)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        // A promise, since this form may be gone by the time it is changed: whoever had to change it is let in at once.
        void act.mutateAsync({ body: { currentPassword: current, newPassword: chosen.password } }).then(onDone, () => undefined)
      }}
    >
      <Stack gap="sm">
        <PasswordInput
          label="Present password"
          autoComplete="current-password"
          required
          data-autofocus
          value={current}
          onChange={(event) => setCurrent(event.currentTarget.value)}
        />
        <NewPassword label="New password" name={name} value={chosen} onChange={setChosen} error={rule} />
        {rule === undefined && <Refusal error={act.error} />}
        <FormButtons
          submit="Change it"
          isBusy={act.isPending}
          isDisabled={current === '' || !isGoodEnough(chosen.password, chosen.again, name)}
          {...(onCancel && { onCancel })}
        />
      </Stack>
    </form>
  )
}

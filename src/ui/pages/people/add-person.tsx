import { Button, Group, Modal, PasswordInput, Radio, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { people } from '#contract/people.ts'
import { useAct } from '#ui/call.ts'
import { errorOf, takeRefusal, useContractForm } from '#ui/parts/form.ts'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { ruleBroken } from '#ui/parts/new-password.tsx'
import { notify } from '#ui/notify.ts'
import { PasswordLink, type PasswordLinkMade } from './password-link.tsx'
import { usePlaceChoices, everywhere } from './places.ts'
import { RoleFields, type RoleOrder } from './role-fields.tsx'

interface AddPersonProps {
  readonly isOpen: boolean
  readonly onClose: () => void
}

/** An account is made with a link, so that its password is known to nobody else from the first day on. */
export function AddPerson({ isOpen, onClose }: AddPersonProps) {
  const [made, setMade] = useState<PasswordLinkMade>()
  const close = () => {
    setMade(undefined)
    onClose()
  }
  const isHeld = made !== undefined
  return (
    <Modal
      opened={isOpen}
      onClose={close}
      closeOnEscape={!isHeld}
      closeOnClickOutside={!isHeld}
      withCloseButton={!isHeld}
      size="lg"
      title={
        <Text fw={650} component="span">
          {isHeld ? 'The account is made' : 'Add somebody'}
        </Text>
      }
    >
      {isHeld ? <PasswordLink made={made} onDone={close} /> : <AddPersonForm onMade={setMade} onClose={close} />}
    </Modal>
  )
}

const filledSchema = people.create.body.omit({ grants: true, password: true })
const leaveOut = { setValueAs: (text: string) => (text === '' ? undefined : text) }

interface AddPersonFormProps {
  readonly onMade: (made: PasswordLinkMade) => void
  readonly onClose: () => void
}

function AddPersonForm({ onMade, onClose }: AddPersonFormProps) {
  const form = useContractForm(filledSchema, { name: '', title: '' })
  const act = useAct(people.create, ['people'])
  const [grants, setGrants] = useState(useFirstGrant())
  const [password, setPassword] = useState<string>()
  const submit = form.handleSubmit((filled) =>
    act.mutate(
      { body: { ...filled, grants: [...grants], ...(password !== undefined && { password }) } },
      {
        onSuccess: ({ person, passwordLink }) => {
          if (passwordLink) return onMade({ ...passwordLink, title: person.title })
          notify({
            tone: 'good',
            title: `${person.title} has an account`,
            message: 'The first password must be changed at the first sign-in.',
          })
          onClose()
        },
        onError: (error) => void takeRefusal(form, error),
      },
    ),
  )
  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <Stack gap="sm">
        <TextInput
          label="Name"
          description="As it stands in signatures and in the audit trail."
          required
          data-autofocus
          {...form.register('title')}
          error={errorOf(form, 'title')}
        />
        <TextInput
          label="Account name"
          description="What they type to sign in. It stands for this one person for ever."
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
          required
          {...form.register('name')}
          error={errorOf(form, 'name')}
        />
        <TextInput
          label="Mail address"
          description="Can be left out."
          type="email"
          autoComplete="off"
          {...form.register('email', leaveOut)}
          error={errorOf(form, 'email')}
        />
        <Grants grants={grants} onChange={setGrants} />
        <FirstPassword password={password} onChange={setPassword} error={ruleBroken(act.error)} />
        <Refusal error={act.error} />
        <FormButtons submit="Make the account" isBusy={act.isPending} isDisabled={password === ''} onCancel={onClose} />
      </Stack>
    </form>
  )
}

function useFirstGrant(): readonly RoleOrder[] {
  const [place] = usePlaceChoices()
  return [{ role: 'VIEWER', tenantId: place === undefined || place.value === everywhere ? null : place.value }]
}

interface GrantsProps {
  readonly grants: readonly RoleOrder[]
  readonly onChange: (grants: readonly RoleOrder[]) => void
}

function Grants({ grants, onChange }: GrantsProps) {
  return (
    <Stack gap="xs">
      {grants.map((grant, index) => (
        // Rows are told apart by their place alone: nothing in them moves.
        <RoleFields key={index} value={grant} onChange={(value) => onChange(grants.with(index, value))} />
      ))}
      <Group gap="xs">
        <Button size="xs" variant="default" onClick={() => onChange([...grants, grants.at(-1) ?? { role: 'VIEWER', tenantId: null }])}>
          Another role
        </Button>
        {grants.length > 1 && (
          <Button size="xs" variant="subtle" onClick={() => onChange(grants.slice(0, -1))}>
            Without the last one
          </Button>
        )}
      </Group>
    </Stack>
  )
}

interface FirstPasswordProps {
  /** Undefined: by a link. */
  readonly password: string | undefined
  readonly onChange: (password: string | undefined) => void
  readonly error: string | undefined
}

function FirstPassword({ password, onChange, error }: FirstPasswordProps) {
  return (
    <>
      <Radio.Group
        label="How they get a password"
        value={password === undefined ? 'link' : 'first'}
        onChange={(way) => onChange(way === 'link' ? undefined : '')}
      >
        <Stack gap={6} mt={4}>
          <Radio value="link" label="By a link that you hand over: good once, for three days" />
          <Radio value="first" label="A first password from you, which they must change at once" />
        </Stack>
      </Radio.Group>
      {password !== undefined && (
        <PasswordInput
          label="First password"
          description="12 characters or more."
          autoComplete="new-password"
          required
          value={password}
          error={error}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      )}
    </>
  )
}

import { Button, Menu, Modal, Stack, Text, TextInput } from '@mantine/core'
import { IconChevronDown } from '@tabler/icons-react'
import { useState } from 'react'
import { people, type Person } from '#contract/people.ts'
import { useAct } from '#ui/call.ts'
import { notify } from '#ui/notify.ts'
import { Confirm } from '#ui/parts/confirm.tsx'
import { errorOf, takeRefusal, useContractForm } from '#ui/parts/form.ts'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { useNow } from '#ui/parts/time.tsx'
import { PasswordLink, type PasswordLinkMade } from './password-link.tsx'
import { personState } from './person-state.ts'

type Open = 'edit' | 'link' | 'unlock' | 'totp' | 'retire'

/** What is done about somebody's account: when they lost what lets them in, or leave. */
export function PersonActs({ person }: { readonly person: Person }) {
  const [open, setOpen] = useState<Open>()
  const isLocked = personState(person, useNow(30_000)).words === 'Locked out'
  const dialog = { person, onClose: () => setOpen(undefined) }
  return (
    <>
      {isLocked && <Button onClick={() => setOpen('unlock')}>End the lock-out</Button>}
      <Button variant="default" onClick={() => setOpen('edit')}>
        Edit
      </Button>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" rightSection={<IconChevronDown size={14} aria-hidden />}>
            More
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => setOpen('link')}>New password link</Menu.Item>
          {person.isTotpEnrolled && <Menu.Item onClick={() => setOpen('totp')}>Reset the authenticator</Menu.Item>}
          <Menu.Item onClick={() => setOpen('retire')}>Close the account</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={open === 'edit'} onClose={dialog.onClose} title={<Text fw={650}>Edit {person.name}</Text>}>
        {open === 'edit' && <EditPerson {...dialog} />}
      </Modal>
      <NewLink isOpen={open === 'link'} {...dialog} />
      <Unlock isOpen={open === 'unlock'} {...dialog} />
      <ResetTotp isOpen={open === 'totp'} {...dialog} />
      <Retire isOpen={open === 'retire'} {...dialog} />
    </>
  )
}

interface DialogProps {
  readonly person: Person
  readonly onClose: () => void
}

type ActProps = DialogProps & { readonly isOpen: boolean }

function EditPerson({ person, onClose }: DialogProps) {
  const form = useContractForm(people.edit.body, { title: person.title, email: person.email ?? '' })
  const act = useAct(people.edit, ['people', 'me'])
  const submit = form.handleSubmit((body) =>
    act.mutate({ params: { id: person.id }, body }, { onSuccess: onClose, onError: (error) => void takeRefusal(form, error) }),
  )
  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <Stack gap="sm">
        <TextInput label="Name" required data-autofocus {...form.register('title')} error={errorOf(form, 'title')} />
        <TextInput
          label="Mail address"
          description="Empty: none."
          type="email"
          {...form.register('email', { setValueAs: (text: string | null) => (text === '' ? null : text) })}
          error={errorOf(form, 'email')}
        />
        <Refusal error={act.error} />
        <FormButtons submit="Save" isBusy={act.isPending} onCancel={onClose} />
      </Stack>
    </form>
  )
}

function NewLink({ isOpen, person, onClose }: ActProps) {
  const act = useAct(people.passwordLink, ['people'])
  const [made, setMade] = useState<PasswordLinkMade>()
  if (made)
    return (
      <Modal
        opened
        onClose={onClose}
        closeOnEscape={false}
        closeOnClickOutside={false}
        withCloseButton={false}
        title={<Text fw={650}>The link is made</Text>}
        size="lg"
      >
        <PasswordLink
          made={made}
          onDone={() => {
            setMade(undefined)
            onClose()
          }}
        />
      </Modal>
    )
  return (
    <Confirm
      isOpen={isOpen}
      onClose={onClose}
      title={`A new password link for ${person.title}?`}
      submit="Make the link"
      isDangerous={false}
      isBusy={act.isPending}
      error={act.error}
      onConfirm={() => act.mutate({ params: { id: person.id } }, { onSuccess: (link) => setMade({ ...link, title: person.title }) })}
    >
      <Text size="sm">
        The present password stays until the link is used; then it ends, with every open session. Make sure that it was they who asked.
      </Text>
    </Confirm>
  )
}

function Unlock({ isOpen, person, onClose }: ActProps) {
  const act = useAct(people.unlock, ['people'])
  return (
    <Confirm
      isOpen={isOpen}
      onClose={onClose}
      title={`End the lock-out of ${person.title}?`}
      submit="End it"
      asksReason
      isDangerous={false}
      isBusy={act.isPending}
      error={act.error}
      onConfirm={({ reason }) =>
        act.mutate(
          { params: { id: person.id }, body: { reason } },
          {
            onSuccess: () => {
              notify({ tone: 'good', title: `${person.title} can sign in again` })
              onClose()
            },
          },
        )
      }
    >
      <Text size="sm">
        Too many sign-ins failed. Ask them first whether it was they: somebody else who is guessing starts anew. The audit trail has the
        addresses.
      </Text>
    </Confirm>
  )
}

function ResetTotp({ isOpen, person, onClose }: ActProps) {
  const act = useAct(people.resetTotp, ['people'])
  return (
    <Confirm
      isOpen={isOpen}
      onClose={onClose}
      title={`Reset the authenticator of ${person.title}?`}
      submit="Reset it"
      asksReason
      isBusy={act.isPending}
      error={act.error}
      onConfirm={({ reason }) => act.mutate({ params: { id: person.id }, body: { reason } }, { onSuccess: onClose })}
    >
      <Text size="sm">
        Their sessions end, the recovery codes too, and the password alone lets them in until they set up another. They cannot sign until
        then.
      </Text>
    </Confirm>
  )
}

function Retire({ isOpen, person, onClose }: ActProps) {
  const act = useAct(people.retire, ['people'])
  return (
    <Confirm
      isOpen={isOpen}
      onClose={onClose}
      title={`Close the account of ${person.title}?`}
      typed={person.name}
      asksReason
      submit="Close it for good"
      isBusy={act.isPending}
      error={act.error}
      onConfirm={({ reason }) => act.mutate({ params: { id: person.id }, body: { reason } }, { onSuccess: onClose })}
    >
      <Text size="sm">
        It cannot be opened again, and its name is never given to anybody else. Sessions and keys end at once. What they did and signed
        stays in the audit trail.
      </Text>
    </Confirm>
  )
}

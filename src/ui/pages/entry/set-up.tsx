import { Anchor, Divider, Stack, Text, TextInput } from '@mantine/core'
import { Link, useLocation, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { signIn } from '#contract/sign-in.ts'
import { queries, useAct, useReply } from '#ui/call.ts'
import { errorOf, takeRefusal, useContractForm } from '#ui/parts/form.ts'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { NewPassword, noPassword, ruleBroken } from '#ui/parts/new-password.tsx'
import { isGoodEnough } from '#ui/parts/password-rules.ts'
import { Note } from '#ui/parts/tone.tsx'
import { EntryFrame } from './entry-frame.tsx'
import { shortNameOf } from '#ui/short-name.ts'

/** Once in the life of an installation, by whoever has the link that its first start printed. */
export function SetUp() {
  const { hash } = useLocation()
  const state = useReply(signIn.setUpState, {})
  return (
    <EntryFrame title="Set up this installation" width={560}>
      <Loaded reply={state}>
        {({ isSetUp }) => {
          if (isSetUp) return <DoneAlready />
          return hash === '' ? <WithoutLink /> : <SetUpForm token={hash} />
        }}
      </Loaded>
    </EntryFrame>
  )
}

function DoneAlready() {
  return (
    <Stack gap="sm">
      <Text>This installation has been set up already, and that is done once. Its administrators make further accounts.</Text>
      <Anchor renderRoot={(props) => <Link to="/sign-in" {...props} />}>To the sign-in page</Anchor>
    </Stack>
  )
}

function WithoutLink() {
  return (
    <Note tone="warning" title="The link is not complete">
      Open the whole link that <code>integrum serve</code> printed at its start; it goes on behind the sign #. Starting the service again
      prints a new one, which is good for a day.
    </Note>
  )
}

const filledSchema = signIn.setUp.body.omit({ password: true })

function useSetUpForm(token: string) {
  return useContractForm(filledSchema, { token, name: '', title: '', tenant: { name: '', title: '' } })
}

interface FieldsProps {
  readonly form: ReturnType<typeof useSetUpForm>
}

function SetUpForm({ token }: { readonly token: string }) {
  const form = useSetUpForm(token)
  const act = useAct(signIn.setUp, [])
  const navigate = useNavigate()
  const [chosen, setChosen] = useState(noPassword)
  const name = form.watch('name')
  const rule = ruleBroken(act.error)
  const submit = form.handleSubmit((filled) =>
    act.mutate(
      { body: { ...filled, password: chosen.password } },
      {
        onSuccess: () => {
          queries.clear()
          void navigate({ to: '/welcome', replace: true })
        },
        onError: (error) => void takeRefusal(form, error),
      },
    ),
  )
  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          You make the first account and the first organization. The account may do everything; give others less, once you are in.
        </Text>
        <Divider label="You" labelPosition="left" />
        <PersonFields form={form} />
        <NewPassword name={name} value={chosen} onChange={setChosen} error={rule} />
        <Divider label="Your organization" labelPosition="left" mt="xs" />
        <OrganizationFields form={form} />
        {rule === undefined && <Refusal error={act.error} />}
        <FormButtons submit="Set up and sign in" isBusy={act.isPending} isDisabled={!isGoodEnough(chosen.password, chosen.again, name)} />
      </Stack>
    </form>
  )
}

function PersonFields({ form }: FieldsProps) {
  return (
    <>
      <TextInput
        label="Your name"
        description="As it stands in signatures and in the audit trail."
        autoComplete="name"
        required
        {...form.register('title')}
        error={errorOf(form, 'title')}
      />
      <TextInput
        label="Account name"
        description="What you type to sign in: letters, digits and . _ @ -"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        required
        {...form.register('name')}
        error={errorOf(form, 'name')}
      />
      <TextInput
        label="Mail address"
        description="Can be left out."
        type="email"
        autoComplete="email"
        {...form.register('email', { setValueAs: (text: string) => (text === '' ? undefined : text) })}
        error={errorOf(form, 'email')}
      />
    </>
  )
}

function OrganizationFields({ form }: FieldsProps) {
  const { dirtyFields } = form.formState
  const follow = (event: { readonly target: { readonly value: string } }) => {
    // Until somebody writes a short name of their own.
    if (dirtyFields.tenant?.name !== true) form.resetField('tenant.name', { defaultValue: shortNameOf(event.target.value) })
  }
  return (
    <>
      <TextInput
        label="Name of the organization"
        description="A clinic, a sponsor, a site: systems, backups and people belong to it."
        autoComplete="organization"
        required
        {...form.register('tenant.title', { onChange: follow })}
        error={errorOf(form, 'tenant.title')}
      />
      <TextInput
        label="Short name"
        description="For addresses and the command line: a-z, 0-9 and -. It cannot be changed later."
        autoCapitalize="none"
        spellCheck={false}
        required
        {...form.register('tenant.name')}
        error={errorOf(form, 'tenant.name')}
      />
    </>
  )
}

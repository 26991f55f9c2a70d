import { PasswordInput, Radio, Stack, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { UseFormReturn } from 'react-hook-form'
import type { z } from 'zod'
import type { ReplyOf } from '#contract/endpoint.ts'
import { repositories } from '#contract/repositories.ts'
import { useAct } from '#ui/call.ts'
import { ChoiceCards } from '#ui/parts/choice-cards.tsx'
import { errorOf, takeRefusal, useContractForm } from '#ui/parts/form.ts'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { OrganizationSelect } from '#ui/parts/organization-select.tsx'

const modes = [
  { value: 'create', title: 'Make a new one', text: 'In an empty directory. It gets a password and a recovery key.' },
  {
    value: 'connect',
    title: 'Connect one that exists',
    text: 'Made here before, by the command line, or by restic. Its backups appear in the list.',
  },
] as const

/** A directory of the server is what people have; other kinds of storage are named before the place. */
function placeOf(typed: string): string {
  const place = typed.trim()
  return place.startsWith('/') ? `local:${place}` : place
}

/** The contract speaks of kinds of storage; here there is one. */
function inPeoplesWords(error: string | undefined): string | undefined {
  return error?.includes('KIND:') ? 'Write an absolute path, such as /data/backups' : error
}

export function AddRepositoryForm({ onAdded }: { readonly onAdded: (reply: ReplyOf<typeof repositories.create>) => void }) {
  const act = useAct(repositories.create, ['repositories', 'space', 'backups', 'systems', 'health'])
  const form = useContractForm(repositories.create.body, { name: '', place: '', mode: 'create' })
  const [isRefusalTaken, setIsRefusalTaken] = useState(false)
  const mode = form.watch('mode')
  const submit = form.handleSubmit((body) =>
    act.mutate({ body }, { onSuccess: onAdded, onError: (error) => setIsRefusalTaken(takeRefusal(form, error)) }),
  )
  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <Stack gap="md" maw={720}>
        <ChoiceCards
          label="New or existing"
          choices={modes}
          value={mode}
          onChange={(next) => {
            form.setValue('mode', next)
            form.setValue('password', undefined)
            form.clearErrors()
          }}
        />
        <OrganizationSelect
          permission="repositories.write"
          value={form.watch('tenantId')}
          onChange={(tenantId) => form.setValue('tenantId', tenantId)}
        />
        <TextInput
          label="Name"
          description="As it shall be called here: a to z, 0 to 9 and “-”."
          placeholder="main-repository"
          autoComplete="off"
          required
          {...form.register('name')}
          error={errorOf(form, 'name')}
        />
        <TextInput
          label="Place"
          description="A directory of the server on which the service runs, best on other disks than what it protects."
          placeholder="/data/backups"
          autoComplete="off"
          spellCheck={false}
          required
          {...form.register('place', { setValueAs: placeOf })}
          error={inPeoplesWords(errorOf(form, 'place'))}
        />
        {mode === 'create' ? <NewPassword form={form} /> : <KnownPassword form={form} />}
        {!isRefusalTaken && <Refusal error={act.error} />}
        <FormButtons submit={mode === 'create' ? 'Make the repository' : 'Connect the repository'} isBusy={act.isPending} />
      </Stack>
    </form>
  )
}

type Body = typeof repositories.create.body
type Form = UseFormReturn<z.input<Body>, unknown, z.output<Body>>

function NewPassword({ form }: { readonly form: Form }) {
  const [isOwn, setIsOwn] = useState(false)
  return (
    <>
      <Radio.Group
        label="Password"
        description="It encrypts everything in the repository. The service keeps it sealed; it is never shown."
        value={isOwn ? 'own' : 'made'}
        onChange={(way) => {
          setIsOwn(way === 'own')
          form.setValue('password', undefined)
        }}
      >
        <Stack gap={6} mt={6}>
          <Radio value="made" label="A strong one is made (recommended): nobody needs to know it, you have the recovery key" />
          <Radio value="own" label="I choose it, for example to open the repository with restic" />
        </Stack>
      </Radio.Group>
      {isOwn && (
        <PasswordInput
          label="Your password for it"
          description="At least 12 characters."
          autoComplete="new-password"
          required
          {...form.register('password')}
          error={errorOf(form, 'password')}
        />
      )}
    </>
  )
}

function KnownPassword({ form }: { readonly form: Form }) {
  return (
    <PasswordInput
      label="Its password, or its recovery key"
      description="A recovery key may be typed with or without dashes, in any case."
      autoComplete="off"
      required
      {...form.register('password')}
      error={errorOf(form, 'password')}
    />
  )
}

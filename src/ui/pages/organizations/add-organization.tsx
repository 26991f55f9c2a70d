import { Modal, Stack, Text, TextInput } from '@mantine/core'
import { tenants } from '#contract/tenants.ts'
import { useAct } from '#ui/call.ts'
import { errorOf, takeRefusal, useContractForm } from '#ui/parts/form.ts'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { shortNameOf } from '#ui/short-name.ts'

interface AddOrganizationProps {
  readonly isOpen: boolean
  readonly onClose: () => void
}

export function AddOrganization({ isOpen, onClose }: AddOrganizationProps) {
  return (
    <Modal opened={isOpen} onClose={onClose} title={<Text fw={650}>Add an organization</Text>}>
      {isOpen && <AddForm onClose={onClose} />}
    </Modal>
  )
}

function AddForm({ onClose }: Pick<AddOrganizationProps, 'onClose'>) {
  const form = useContractForm(tenants.create.body, { name: '', title: '' })
  const act = useAct(tenants.create, ['tenants', 'me'])
  const { dirtyFields } = form.formState
  const submit = form.handleSubmit((body) =>
    act.mutate({ body }, { onSuccess: onClose, onError: (error) => void takeRefusal(form, error) }),
  )
  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <Stack gap="sm">
        <TextInput
          label="Name"
          required
          data-autofocus
          {...form.register('title', {
            onChange: (event: { readonly target: { readonly value: string } }) => {
              if (dirtyFields.name !== true) form.resetField('name', { defaultValue: shortNameOf(event.target.value) })
            },
          })}
          error={errorOf(form, 'title')}
        />
        <TextInput
          label="Short name"
          description="For addresses and the command line: a-z, 0-9 and -. It cannot be changed later."
          autoCapitalize="none"
          spellCheck={false}
          required
          {...form.register('name')}
          error={errorOf(form, 'name')}
        />
        <Refusal error={act.error} />
        <FormButtons submit="Add it" isBusy={act.isPending} onCancel={onClose} />
      </Stack>
    </form>
  )
}

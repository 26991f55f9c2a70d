import { Modal, NumberInput, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { GiB } from '#base/units.ts'
import { repositories, type RepositoryView } from '#contract/repositories.ts'
import { useAct } from '#ui/call.ts'
import { notify } from '#ui/notify.ts'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'

export interface RepositoryDialogProps {
  readonly repository: RepositoryView
  readonly isOpen: boolean
  readonly onClose: () => void
}

export function EditRepository(props: RepositoryDialogProps) {
  return (
    <Modal opened={props.isOpen} onClose={props.onClose} title={<Text fw={650}>Name and quota</Text>}>
      {props.isOpen && <EditForm {...props} />}
    </Modal>
  )
}

function EditForm({ repository, onClose }: RepositoryDialogProps) {
  const act = useAct(repositories.edit, ['repositories', 'space', 'systems'])
  const [name, setName] = useState(repository.name)
  const [quotaGiB, setQuotaGiB] = useState<number | ''>(repository.quotaBytes === null ? '' : repository.quotaBytes / GiB)
  const submit = () =>
    act.mutate(
      {
        params: { id: repository.id },
        body: { name: name.trim(), quotaBytes: quotaGiB === '' ? null : Math.round(quotaGiB * GiB) },
      },
      {
        onSuccess: () => {
          notify({ tone: 'good', title: 'Changed', message: name.trim() })
          onClose()
        },
      },
    )
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <Stack gap="md">
        <TextInput
          label="Name"
          description="a to z, 0 to 9 and “-”."
          autoComplete="off"
          required
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <NumberInput
          label="Quota in GiB"
          description="For storage that does not say how much is free, or that must not be filled. Empty: none."
          min={0.1}
          decimalScale={1}
          value={quotaGiB}
          onChange={(value) => setQuotaGiB(typeof value === 'number' ? value : '')}
        />
        <Refusal error={act.error} />
        <FormButtons submit="Save" isBusy={act.isPending} isDisabled={name.trim() === ''} onCancel={onClose} />
      </Stack>
    </form>
  )
}

import { Button, Modal, PasswordInput, Radio, Stack, Text, Textarea } from '@mantine/core'
import { useState } from 'react'
import { repositories } from '#contract/repositories.ts'
import { useAct } from '#ui/call.ts'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { Note } from '#ui/parts/tone.tsx'
import type { RepositoryDialogProps } from './edit-repository.tsx'

export function ChangePassword(props: RepositoryDialogProps) {
  const { repository, isOpen, onClose } = props
  return (
    <Modal opened={isOpen} onClose={onClose} title={<Text fw={650}>Change the password of {repository.name}</Text>} size="lg">
      {isOpen && <PasswordForm {...props} />}
    </Modal>
  )
}

function PasswordForm({ repository, onClose }: RepositoryDialogProps) {
  const act = useAct(repositories.changePassword, ['repositories'])
  const [own, setOwn] = useState<string>()
  const [reason, setReason] = useState('')
  if (act.data) return <Changed {...act.data} onClose={onClose} />
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        act.mutate({
          params: { id: repository.id },
          body: { ...(own !== undefined && { password: own }), ...(reason.trim() !== '' && { reason: reason.trim() }) },
        })
      }}
    >
      <Stack gap="md">
        <Text size="sm">No data is written anew, backups go on as before, and the recovery key stays as it is.</Text>
        <Radio.Group
          label="New password"
          value={own === undefined ? 'made' : 'own'}
          onChange={(way) => setOwn(way === 'own' ? '' : undefined)}
        >
          <Stack gap={6} mt={6}>
            <Radio value="made" label="A strong one is made; the service keeps it sealed" />
            <Radio value="own" label="I choose it" />
          </Stack>
        </Radio.Group>
        {own !== undefined && (
          <PasswordInput
            label="Your password for it"
            description="At least 12 characters."
            autoComplete="new-password"
            minLength={12}
            required
            value={own}
            onChange={(event) => setOwn(event.currentTarget.value)}
          />
        )}
        <Textarea
          label="Reason"
          description="For the audit trail. No patient data."
          autosize
          maxLength={500}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <Refusal error={act.error} />
        <FormButtons submit="Change the password" isBusy={act.isPending} onCancel={onClose} />
      </Stack>
    </form>
  )
}

interface ChangedProps {
  readonly isOldRemoved: boolean
  readonly notice: string
  readonly onClose: () => void
}

function Changed({ isOldRemoved, notice, onClose }: ChangedProps) {
  return (
    <Stack gap="md">
      <Note tone={isOldRemoved ? 'good' : 'warning'} title="The password is changed">
        {isOldRemoved
          ? 'The old one opens nothing any more.'
          : 'The storage did not let go of the old key file: the next change removes it.'}
      </Note>
      <Text size="sm">{notice}</Text>
      <Button style={{ alignSelf: 'flex-end' }} onClick={onClose}>
        Close
      </Button>
    </Stack>
  )
}

import { List, Text } from '@mantine/core'
import { repositories } from '#contract/repositories.ts'
import { useAct } from '#ui/call.ts'
import { notify } from '#ui/notify.ts'
import { Confirm } from '#ui/parts/confirm.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { counted } from '#ui/words.ts'
import type { RepositoryDialogProps } from './edit-repository.tsx'

export function RetireRepository({ repository, isOpen, onClose }: RepositoryDialogProps) {
  const act = useAct(repositories.retire, ['repositories', 'systems', 'backups'])
  const { id, name, backups, systems } = repository
  return (
    <Confirm
      isOpen={isOpen}
      onClose={onClose}
      title={`Retire ${name}?`}
      typed={name}
      asksReason
      submit="Retire it"
      isBusy={act.isPending}
      error={act.error}
      onConfirm={({ reason }) =>
        act.mutate(
          { params: { id }, body: { reason } },
          {
            onSuccess: () => {
              notify({ tone: 'good', title: 'Retired', message: name })
              onClose()
            },
          },
        )
      }
    >
      {systems.length > 0 && (
        <Note tone="warning" title={`${counted(systems.length, 'system')} still ${systems.length === 1 ? 'uses' : 'use'} it`}>
          Give {systems.map((system) => system.name).join(', ')} another repository first; until then this is refused.
        </Note>
      )}
      <List size="sm" mt="xs">
        <List.Item>No new backup goes into it, and it is checked no more.</List.Item>
        <List.Item>
          {counted(backups, 'backup')} in it stay as they are. Nothing is removed from {repository.place}.
        </List.Item>
      </List>
      <Text size="sm" mt="xs">
        It cannot be taken back here; the same place can be connected again under another name.
      </Text>
    </Confirm>
  )
}

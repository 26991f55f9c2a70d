import { List } from '@mantine/core'
import { systems, type SystemView } from '#contract/systems.ts'
import { useAct } from '#ui/call.ts'
import { notify } from '#ui/notify.ts'
import { Confirm } from '#ui/parts/confirm.tsx'

interface RetireSystemProps {
  readonly system: SystemView
  readonly isOpen: boolean
  readonly onClose: () => void
}

export function RetireSystem({ system: { id, name, title, repository }, isOpen, onClose }: RetireSystemProps) {
  // Its health is asked for no more: that of a retired system is refused.
  const act = useAct(systems.retire, ['systems', 'schedules', 'repositories'])
  return (
    <Confirm
      isOpen={isOpen}
      onClose={onClose}
      title={`Retire ${title}?`}
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
              notify({ tone: 'good', title: 'Retired', message: title })
              onClose()
            },
          },
        )
      }
    >
      <List size="sm">
        <List.Item>It is backed up no more: its schedules make no backup, and its drills end.</List.Item>
        <List.Item>Its backups in {repository.name} stay as they are, under their retention and holds, and can be restored.</List.Item>
        <List.Item>The application itself is not touched.</List.Item>
      </List>
    </Confirm>
  )
}

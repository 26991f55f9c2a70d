import { schedules, type ScheduleView } from '#contract/schedules.ts'
import { askAgain, useAct } from '#ui/call.ts'
import { notify } from '#ui/notify.ts'
import { Confirm } from '#ui/parts/confirm.tsx'

interface RemoveScheduleProps {
  readonly schedule: ScheduleView | undefined
  readonly onClose: () => void
  /** Leads away from a page that is of nothing any more. */
  readonly onRemoved?: () => Promise<void>
}

export function RemoveSchedule({ schedule, onClose, onRemoved }: RemoveScheduleProps) {
  const remove = useAct(schedules.remove, ['health'])
  const leave = async () => {
    await onRemoved?.()
    // Not before: what is gone would be asked for.
    await askAgain(['schedules'])
  }
  return (
    <Confirm
      isOpen={schedule !== undefined}
      onClose={onClose}
      title={`Remove the schedule “${schedule?.name}”?`}
      submit="Remove it"
      isBusy={remove.isPending}
      error={remove.error}
      onConfirm={() =>
        schedule &&
        remove.mutate(
          { params: { id: schedule.id } },
          {
            onSuccess: () => {
              notify({ tone: 'good', title: 'The schedule is removed', message: schedule.name })
              onClose()
              void leave()
            },
          },
        )
      }
    >
      It makes no more backups of {schedule?.systemName}. The backups that it made stay; from then on the retention policy alone decides how
      long.
    </Confirm>
  )
}

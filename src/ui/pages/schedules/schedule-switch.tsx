import { Switch, Text } from '@mantine/core'
import { useState } from 'react'
import { schedules, type ScheduleView } from '#contract/schedules.ts'
import { useAct } from '#ui/call.ts'
import { Confirm } from '#ui/parts/confirm.tsx'
import { Refusal } from '#ui/parts/refusal.tsx'
import { useMay } from '#ui/session.ts'

/** On at once; off when it is confirmed, since nobody notices a backup that is not made. */
export function ScheduleSwitch({ schedule }: { readonly schedule: ScheduleView }) {
  const { id, name, systemName, tenantId, isActive } = schedule
  const may = useMay()
  const toggle = useAct(schedules.toggle, ['schedules', 'health'])
  const [isAsking, setIsAsking] = useState(false)
  if (!may('schedules.write', tenantId)) return <Text size="sm">{isActive ? 'On' : 'Off'}</Text>
  return (
    <>
      <Switch
        aria-label={`${name} of ${systemName}`}
        checked={isActive}
        disabled={toggle.isPending}
        label={isActive ? 'On' : 'Off'}
        onChange={() => (isActive ? setIsAsking(true) : toggle.mutate({ params: { id }, body: { isActive: true } }))}
      />
      {!isAsking && <Refusal error={toggle.error} />}
      <Confirm
        isOpen={isAsking}
        onClose={() => setIsAsking(false)}
        title={`Switch off “${name}”?`}
        submit="Switch it off"
        isBusy={toggle.isPending}
        error={toggle.error}
        onConfirm={() => toggle.mutate({ params: { id }, body: { isActive: false } }, { onSuccess: () => setIsAsking(false) })}
      >
        It makes no more backups of {systemName} until it is switched on again. Backups that are there stay. When no other schedule makes
        any, the system is unprotected after some time.
      </Confirm>
    </>
  )
}

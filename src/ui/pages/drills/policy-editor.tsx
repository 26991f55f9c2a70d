import { Modal, NumberInput, Select, Stack, Switch, Text, TextInput } from '@mantine/core'
import { toString as inWords } from 'cronstrue'
import { useState } from 'react'
import { drillChoices, drills, type DrillChoice } from '#contract/drills.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import { useAct } from '#ui/call.ts'
import { notify } from '#ui/notify.ts'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { choiceWords } from './drill-words.ts'

type Policy = ReplyOf<typeof drills.policy>['policy']

interface EditorProps {
  readonly systemId: string
  readonly policy: Policy
  readonly isOpen: boolean
  readonly onClose: () => void
}

const presets = [
  { value: '0 4 * * 0', label: 'Every Sunday at 04:00' },
  { value: '0 4 * * *', label: 'Every night at 04:00' },
  { value: '0 4 1 * *', label: 'On the first of each month at 04:00' },
  { value: '', label: 'At no fixed time' },
  { value: 'other', label: 'Other times' },
] as const

const zones = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')]

/** When a system is drilled without anybody asking. */
export function PolicyEditor({ isOpen, onClose, ...form }: EditorProps) {
  return (
    <Modal opened={isOpen} onClose={onClose} title={<Text fw={650}>When this system is drilled by itself</Text>} size="lg">
      {isOpen && <PolicyForm {...form} onClose={onClose} />}
    </Modal>
  )
}

interface Wish {
  readonly isActive: boolean
  readonly cron: string
  readonly timeZone: string
  readonly choice: DrillChoice
  readonly nth: number | string
  readonly overdue: number | string
}

const ownZone = new Intl.DateTimeFormat().resolvedOptions().timeZone
const overdueDays = 35

function firstWish(policy: Policy): Wish {
  if (policy === null)
    return { isActive: true, cron: presets[0].value, timeZone: ownZone, choice: 'alternating', nth: '', overdue: overdueDays }
  const { isActive, cronExpression, timeZone, choice, everyNthBackup, overdueAfterDays } = policy
  return { isActive, cron: cronExpression ?? '', timeZone, choice, nth: everyNthBackup ?? '', overdue: overdueAfterDays }
}

function bodyOf({ isActive, cron, timeZone, choice, nth, overdue }: Wish) {
  return {
    isActive,
    cronExpression: cron.trim() === '' ? null : cron.trim(),
    timeZone,
    choice,
    everyNthBackup: typeof nth === 'number' ? nth : null,
    overdueAfterDays: typeof overdue === 'number' ? overdue : overdueDays,
  }
}

function PolicyForm({ systemId, policy, onClose }: Omit<EditorProps, 'isOpen'>) {
  const save = useAct(drills.setPolicy, ['drills', 'alerts'])
  const [wish, setWish] = useState(() => firstWish(policy))
  const change = (part: Partial<Wish>) => setWish((before) => ({ ...before, ...part }))
  const submit = () =>
    save.mutate(
      { params: { id: systemId }, body: bodyOf(wish) },
      {
        onSuccess: () => {
          notify({
            tone: 'good',
            title: 'Saved',
            message: wish.isActive ? 'The system is drilled by itself.' : 'No drill is begun by itself.',
          })
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
        <Switch
          label="Drill this system by itself"
          checked={wish.isActive}
          onChange={(event) => change({ isActive: event.currentTarget.checked })}
        />
        <Times wish={wish} change={change} />
        <Choices wish={wish} change={change} />
        <Refusal error={save.error} />
        <FormButtons submit="Save" isBusy={save.isPending} onCancel={onClose} />
      </Stack>
    </form>
  )
}

interface WishProps {
  readonly wish: Wish
  readonly change: (part: Partial<Wish>) => void
}

function Times({ wish: { cron, timeZone }, change }: WishProps) {
  const [preset, setPreset] = useState<string>(presets.find(({ value }) => value === cron)?.value ?? 'other')
  return (
    <>
      <Select
        label="At which times"
        allowDeselect={false}
        data={[...presets]}
        value={preset}
        onChange={(value) => {
          if (value === null) return
          setPreset(value)
          if (value !== 'other') change({ cron: value })
        }}
      />
      {preset === 'other' && (
        <TextInput
          label="Times, as cron writes them"
          description={saidOf(cron)}
          spellCheck={false}
          required
          value={cron}
          onChange={(event) => change({ cron: event.currentTarget.value })}
        />
      )}
      <Select
        label="Time zone"
        searchable
        allowDeselect={false}
        data={zones.includes(timeZone) ? zones : [timeZone, ...zones]}
        value={timeZone}
        onChange={(value) => value !== null && change({ timeZone: value })}
      />
    </>
  )
}

function saidOf(cron: string): string {
  try {
    return inWords(cron, { use24HourTimeFormat: true })
  } catch {
    // While somebody is writing it, it is none yet; the service looks when it is saved.
    return 'Minute, hour, day of the month, month, day of the week'
  }
}

function Choices({ wish, change }: WishProps) {
  return (
    <>
      <Select
        label="Of which backup"
        description="The newest is not the one that will be asked for: an older one now and then finds what is rotting."
        allowDeselect={false}
        data={drillChoices.map((value) => ({ value, label: choiceWords[value] }))}
        value={wish.choice}
        onChange={(value) => value !== null && change({ choice: value })}
      />
      <NumberInput
        label="Also after so many backups"
        description="A drill of the newest one. 1: each backup is drilled."
        placeholder="No"
        min={1}
        max={1000}
        allowDecimal={false}
        value={wish.nth}
        onChange={(nth) => change({ nth })}
      />
      <NumberInput
        label="Tell people when none has passed for"
        suffix=" days"
        min={1}
        max={3650}
        allowDecimal={false}
        required
        value={wish.overdue}
        onChange={(overdue) => change({ overdue })}
      />
    </>
  )
}

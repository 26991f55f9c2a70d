import { Button, Group, MultiSelect, NumberInput, Stack, Switch, Text, TextInput } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { systemClock } from '#base/clock.ts'
import { weekdays, type Blackout } from '#contract/schedules.ts'
import { MinutesInput } from '#ui/parts/minutes-input.tsx'
import { Removable } from '#ui/parts/removable.tsx'
import { sentenceCase } from '#ui/words.ts'
import { refusalAt, type ChangeDraft, type Draft } from './schedule-draft.ts'

interface MoreFieldsProps {
  readonly draft: Draft
  readonly change: ChangeDraft
  readonly error: unknown
}

/** What most schedules leave as it is. */
export function MoreFields({ draft, change, error }: MoreFieldsProps) {
  return (
    <Stack gap="md">
      <Blackouts value={draft.blackouts} onChange={(blackouts) => change({ blackouts })} error={refusalAt(error, 'blackouts')} />
      <NumberInput
        label="Spread, in minutes"
        description="Each run begins up to so much later, by a fixed share of it: many systems do not begin at once."
        min={0}
        max={240}
        allowDecimal={false}
        value={draft.jitterMinutes}
        onChange={(minutes) => typeof minutes === 'number' && change({ jitterMinutes: minutes })}
      />
      <MinutesInput
        label="Counts as missed after"
        description="A backup that has not begun so long after its time is missed, and people are told."
        value={draft.toleranceMinutes}
        onChange={(minutes) => minutes !== undefined && change({ toleranceMinutes: minutes })}
      />
      <CatchUp value={draft.catchUpMinutes} onChange={(catchUpMinutes) => change({ catchUpMinutes })} />
      <FollowsFields value={draft.follows} onChange={(follows) => change({ follows })} error={refusalAt(error, 'follows')} />
    </Stack>
  )
}

function CatchUp({ value, onChange }: { readonly value: number | null; readonly onChange: (minutes: number | null) => void }) {
  return (
    <Stack gap="xs">
      <Switch
        label="Catch up however late"
        description="When the service was away, the newest time is run afterwards, once for all that passed."
        checked={value === null}
        onChange={(event) => onChange(event.currentTarget.checked ? null : 720)}
      />
      {value !== null && (
        <NumberInput
          label="Not when older than, in minutes"
          description="0: not at all."
          min={0}
          max={525_600}
          allowDecimal={false}
          value={value}
          onChange={(minutes) => typeof minutes === 'number' && onChange(minutes)}
        />
      )}
    </Stack>
  )
}

interface FollowsProps {
  readonly value: Draft['follows']
  readonly onChange: (follows: Draft['follows']) => void
  readonly error: string | undefined
}

function FollowsFields({ value, onChange, error }: FollowsProps) {
  return (
    <Stack gap="xs">
      <Switch
        label="Follow what is observed"
        description="It changes by itself, once a day at most: as often as the objective and the new data ask for, beside busy hours."
        checked={value !== null}
        onChange={(event) => onChange(event.currentTarget.checked ? { minutesMin: 30, minutesMax: 1_440 } : null)}
        error={error}
      />
      {value !== null && (
        <Group grow align="flex-start">
          <MinutesInput
            label="Never more often than every"
            value={value.minutesMin}
            onChange={(minutes) => minutes !== undefined && onChange({ ...value, minutesMin: minutes })}
          />
          <MinutesInput
            label="Never less often than every"
            value={value.minutesMax}
            onChange={(minutes) => minutes !== undefined && onChange({ ...value, minutesMax: minutes })}
          />
        </Group>
      )}
    </Stack>
  )
}

interface BlackoutsProps {
  readonly value: readonly Blackout[]
  readonly onChange: (blackouts: readonly Blackout[]) => void
  readonly error: string | undefined
}

const blackoutsMax = 20

function Blackouts({ value, onChange, error }: BlackoutsProps) {
  const set = (at: number, blackout: Blackout) => onChange(value.map((one, index) => (index === at ? blackout : one)))
  const today = systemClock.now().toISOString().slice(0, 10)
  return (
    <Stack gap="xs" component="section" aria-label="Blackouts">
      <Text size="sm" fw={500}>
        Blackouts
      </Text>
      <Text size="xs" c="dimmed">
        Nothing begins then. What falls into one is left out, and is not missed.
      </Text>
      {value.map((blackout, index) => (
        // They have nothing of their own to be told apart by.
        <Removable key={index} title={`Blackout ${index + 1}`} onRemove={() => onChange(value.filter((_one, at) => at !== index))}>
          {blackout.kind === 'daily' ? (
            <DailyBlackout value={blackout} onChange={(next) => set(index, next)} />
          ) : (
            <DatesBlackout value={blackout} onChange={(next) => set(index, next)} />
          )}
        </Removable>
      ))}
      {error !== undefined && (
        <Text size="sm" c="var(--mantine-color-error)" role="alert">
          {error}
        </Text>
      )}
      {value.length < blackoutsMax && (
        <Group gap="xs">
          <Button
            size="xs"
            variant="default"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => onChange([...value, { kind: 'daily', from: '08:00', to: '18:00' }])}
          >
            Add hours of the day
          </Button>
          <Button
            size="xs"
            variant="default"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => onChange([...value, { kind: 'dates', from: today, to: today }])}
          >
            Add dates
          </Button>
        </Group>
      )}
    </Stack>
  )
}

interface OneBlackoutProps<Kind extends Blackout['kind']> {
  readonly value: Extract<Blackout, { kind: Kind }>
  readonly onChange: (blackout: Blackout) => void
}

function DailyBlackout({ value, onChange }: OneBlackoutProps<'daily'>) {
  const { days, ...hours } = value
  return (
    <Group align="flex-end" gap="sm">
      <TextInput
        type="time"
        label="From"
        value={value.from}
        onChange={(event) => event.currentTarget.value !== '' && onChange({ ...value, from: event.currentTarget.value })}
      />
      <TextInput
        type="time"
        label="To"
        value={value.to}
        onChange={(event) => event.currentTarget.value !== '' && onChange({ ...value, to: event.currentTarget.value })}
      />
      <MultiSelect
        label="On"
        placeholder={days === undefined ? 'Every day' : undefined}
        miw={220}
        style={{ flex: 1 }}
        data={weekdays.map((day) => ({ value: day, label: sentenceCase(day) }))}
        value={days ?? []}
        onChange={(next) => onChange(next.length === 0 ? hours : { ...value, days: weekdays.filter((day) => next.includes(day)) })}
      />
    </Group>
  )
}

function DatesBlackout({ value, onChange }: OneBlackoutProps<'dates'>) {
  return (
    <Group align="flex-end" gap="sm">
      <TextInput
        type="date"
        label="From"
        value={value.from}
        onChange={(event) => event.currentTarget.value !== '' && onChange({ ...value, from: event.currentTarget.value })}
      />
      <TextInput
        type="date"
        label="To, itself part of it"
        value={value.to}
        onChange={(event) => event.currentTarget.value !== '' && onChange({ ...value, to: event.currentTarget.value })}
      />
    </Group>
  )
}

import { Chip, Group, NumberInput, Select, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { cronOf, firstOf, hourSteps, minuteSteps, rhythmOf, rhythmWords, type Rhythm, type RhythmKind } from './rhythm.ts'

interface CronBuilderProps {
  readonly value: string
  readonly error: string | undefined
  readonly onChange: (cronExpression: string) => void
}

type RhythmProps<Kind extends RhythmKind> = {
  readonly rhythm: Extract<Rhythm, { kind: Kind }>
  readonly onChange: (rhythm: Rhythm) => void
}

/** How often, in words; the cron expression is for whoever asks for it. */
export function CronBuilder({ value, error, onChange }: CronBuilderProps) {
  // What was chosen stays chosen although another kind would write the same.
  const [kept, setKept] = useState<Rhythm>(() => rhythmOf(value))
  const rhythm = cronOf(kept) === value ? kept : rhythmOf(value)
  const take = (next: Rhythm) => {
    setKept(next)
    onChange(cronOf(next))
  }
  return (
    <Stack gap="sm">
      <Group gap="md" align="flex-start">
        <Select
          label="How often"
          w={220}
          allowDeselect={false}
          data={Object.entries(rhythmWords).map(([kind, label]) => ({ value: kind, label }))}
          value={rhythm.kind}
          onChange={(kind) => kind !== null && take(firstOf(kind as RhythmKind, value))}
        />
        <Parts rhythm={rhythm} error={error} onChange={take} />
      </Group>
      {rhythm.kind !== 'own' && error !== undefined && (
        <Text size="sm" c="var(--mantine-color-error)" role="alert">
          {error}
        </Text>
      )}
    </Stack>
  )
}

interface PartsProps {
  readonly rhythm: Rhythm
  readonly error: string | undefined
  readonly onChange: (rhythm: Rhythm) => void
}

function Parts({ rhythm, error, onChange }: PartsProps) {
  switch (rhythm.kind) {
    case 'minutes':
      return (
        <Step label="Every" unit="minutes" steps={minuteSteps} value={rhythm.every} onChange={(every) => onChange({ ...rhythm, every })} />
      )
    case 'hourly':
      return <Hourly rhythm={rhythm} onChange={onChange} />
    case 'daily':
      return <Time value={rhythm.time} onChange={(time) => onChange({ ...rhythm, time })} />
    case 'weekly':
      return <Weekly rhythm={rhythm} onChange={onChange} />
    case 'monthly':
      return <Monthly rhythm={rhythm} onChange={onChange} />
    case 'own':
      return (
        <TextInput
          label="Cron expression"
          description="Minute, hour, day of month, month, day of week (0 and 7: Sunday)"
          w={330}
          ff="monospace"
          spellCheck={false}
          value={rhythm.expression}
          error={error}
          onChange={(event) => onChange({ kind: 'own', expression: event.currentTarget.value })}
        />
      )
  }
}

interface StepProps {
  readonly label: string
  readonly unit: string
  readonly steps: readonly number[]
  readonly value: number
  readonly onChange: (step: number) => void
}

function Step({ label, unit, steps, value, onChange }: StepProps) {
  return (
    <Select
      label={label}
      w={150}
      allowDeselect={false}
      data={steps.map((step) => ({ value: String(step), label: step === 1 ? unit.replace(/s$/, '') : `${step} ${unit}` }))}
      value={String(value)}
      onChange={(step) => step !== null && onChange(Number(step))}
    />
  )
}

function Hourly({ rhythm, onChange }: RhythmProps<'hourly'>) {
  return (
    <>
      <Step label="Every" unit="hours" steps={hourSteps} value={rhythm.every} onChange={(every) => onChange({ ...rhythm, every })} />
      <NumberInput
        label="At minute"
        w={110}
        min={0}
        max={59}
        clampBehavior="strict"
        allowDecimal={false}
        value={rhythm.minute}
        onChange={(minute) => typeof minute === 'number' && onChange({ ...rhythm, minute })}
      />
    </>
  )
}

function Time({ value, onChange }: { readonly value: string; readonly onChange: (time: string) => void }) {
  return (
    <TextInput
      label="At"
      type="time"
      w={130}
      value={value}
      onChange={(event) => event.currentTarget.value !== '' && onChange(event.currentTarget.value)}
    />
  )
}

const weekdayNames = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

function Weekly({ rhythm, onChange }: RhythmProps<'weekly'>) {
  return (
    <>
      <Stack gap={4}>
        <Text size="sm" fw={500} id="weekdays">
          On
        </Text>
        <Chip.Group
          multiple
          value={rhythm.days.map(String)}
          onChange={(days) => days.length > 0 && onChange({ ...rhythm, days: days.map(Number) })}
        >
          <Group gap={6} role="group" aria-labelledby="weekdays">
            {weekdayNames.map((name, index) => (
              <Chip key={name} size="sm" value={String((index + 1) % 7)}>
                {name.slice(0, 3)}
                <span className="visually-hidden">{name.slice(3)}</span>
              </Chip>
            ))}
          </Group>
        </Chip.Group>
      </Stack>
      <Time value={rhythm.time} onChange={(time) => onChange({ ...rhythm, time })} />
    </>
  )
}

function Monthly({ rhythm, onChange }: RhythmProps<'monthly'>) {
  return (
    <>
      <NumberInput
        label="On day"
        description={rhythm.day > 28 ? 'Months without that day are left out' : undefined}
        w={200}
        min={1}
        max={31}
        clampBehavior="strict"
        allowDecimal={false}
        value={rhythm.day}
        onChange={(day) => typeof day === 'number' && day >= 1 && onChange({ ...rhythm, day })}
      />
      <Time value={rhythm.time} onChange={(time) => onChange({ ...rhythm, time })} />
    </>
  )
}

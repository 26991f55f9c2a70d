import { Group } from '@mantine/core'
import { useState } from 'react'
import { noticeSettings, type Repeating as RepeatingHours } from '#contract/notice-settings.ts'
import { useAct, useReply } from '#ui/call.ts'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { severityWords } from '#ui/words.ts'
import { isWithin, NumberField } from './number-field.tsx'
import { saveAndSay } from './save-and-say.ts'

const severities = ['critical', 'warning', 'info'] as const
const hoursMax = 720

export function Repeating() {
  const reply = useReply(noticeSettings.repeating, {})
  return (
    <Section title="Telling again" lead="After how many hours people are told again of an alert that stays open. 0: once is enough.">
      <Loaded reply={reply}>{(hours) => <RepeatingForm key={JSON.stringify(hours)} hours={hours} />}</Loaded>
    </Section>
  )
}

function RepeatingForm({ hours }: { readonly hours: RepeatingHours }) {
  const act = useAct(noticeSettings.setRepeating, ['notice-settings'])
  const [typed, setTyped] = useState<Readonly<Record<(typeof severities)[number], number | string>>>(hours)
  const isGood = severities.every((severity) => isWithin(typed[severity], 0, hoursMax))
  const isChanged = severities.some((severity) => typed[severity] !== hours[severity])
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (isGood) void saveAndSay(act, { body: typed as RepeatingHours }, 'Telling again is saved')
      }}
    >
      <Group align="flex-start">
        {severities.map((severity) => (
          <NumberField
            key={severity}
            label={severityWords[severity].words}
            suffix="hours"
            min={0}
            max={hoursMax}
            value={typed[severity]}
            onChange={(value) => setTyped({ ...typed, [severity]: value })}
          />
        ))}
      </Group>
      <Refusal error={act.error} />
      <FormButtons submit="Save telling again" isBusy={act.isPending} isDisabled={!isChanged || !isGood} />
    </form>
  )
}

import { Group } from '@mantine/core'
import { useState } from 'react'
import type { ReplyOf } from '#contract/endpoint.ts'
import { settings } from '#contract/settings.ts'
import { useAct, useReply } from '#ui/call.ts'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { isWithin, NumberField } from './number-field.tsx'
import { saveAndSay } from './save-and-say.ts'

export function SessionTimes() {
  const reply = useReply(settings.sessionTimes, {})
  return (
    <Section title="Sessions" lead="When they end by themselves. A page that is open with nobody before it does not count as use.">
      <Loaded reply={reply}>{(times) => <TimesForm key={`${times.idleMinutes} ${times.longestHours}`} times={times} />}</Loaded>
    </Section>
  )
}

function TimesForm({ times }: { readonly times: ReplyOf<typeof settings.sessionTimes> }) {
  const act = useAct(settings.setSessionTimes, ['settings', 'me'])
  const [idleMinutes, setIdle] = useState<number | string>(times.idleMinutes)
  const [longestHours, setLongest] = useState<number | string>(times.longestHours)
  const isChanged = idleMinutes !== times.idleMinutes || longestHours !== times.longestHours
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (isWithin(idleMinutes, 1, 120) && isWithin(longestHours, 1, 24))
          void saveAndSay(act, { body: { idleMinutes, longestHours } }, 'Session times are saved')
      }}
    >
      <Group align="flex-start">
        <NumberField label="Without use" suffix="minutes" min={1} max={120} value={idleMinutes} onChange={setIdle} />
        <NumberField label="However busy" suffix="hours" min={1} max={24} value={longestHours} onChange={setLongest} />
      </Group>
      <Refusal error={act.error} />
      <FormButtons submit="Save session times" isBusy={act.isPending} isDisabled={!isChanged} />
    </form>
  )
}

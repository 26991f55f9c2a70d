import { Stack } from '@mantine/core'
import { useState } from 'react'
import { retention } from '#contract/retention.ts'
import { useAct, useReply } from '#ui/call.ts'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { isWithin, NumberField } from './number-field.tsx'
import { saveAndSay } from './save-and-say.ts'

const daysMax = 3_650

export function RemovalGrace() {
  const reply = useReply(retention.grace, {})
  return (
    <Section
      title="Deleted backups"
      lead="So long a backup that somebody deletes stays, and can be taken back. It holds for those that are deleted from now on."
    >
      <Loaded reply={reply}>{({ days }) => <GraceForm key={days} days={days} />}</Loaded>
    </Section>
  )
}

function GraceForm({ days }: { readonly days: number }) {
  const act = useAct(retention.setGrace, ['settings', 'retention'])
  const [typed, setTyped] = useState<number | string>(days)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (isWithin(typed, 0, daysMax)) void saveAndSay(act, { body: { days: typed } }, 'The time of deleted backups is saved')
      }}
    >
      <NumberField label="They stay for" suffix="days" min={0} max={daysMax} value={typed} onChange={setTyped} />
      <Stack gap="sm" mt="sm">
        {typed === 0 && <Note tone="warning">With 0 days a deletion by mistake cannot be taken back.</Note>}
        <Refusal error={act.error} />
      </Stack>
      <FormButtons submit="Save the days" isBusy={act.isPending} isDisabled={typed === days} />
    </form>
  )
}

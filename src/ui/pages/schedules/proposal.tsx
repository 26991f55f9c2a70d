import { Button, Stack, Text } from '@mantine/core'
import { printBytes, printDuration } from '#base/units.ts'
import { schedules, type ProposalView, type ScheduleView } from '#contract/schedules.ts'
import { useAct, useReply } from '#ui/call.ts'
import { notify } from '#ui/notify.ts'
import { Facts } from '#ui/parts/facts.tsx'
import { Refusal } from '#ui/parts/refusal.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { useMay } from '#ui/session.ts'
import { capitalized, printPercent } from '#ui/words.ts'
import { draftOf, fieldsOf } from './schedule-draft.ts'

/** How often it should run by what was observed, with the reasons; nothing changes until somebody takes it over. */
export function ProposalSection({ schedule }: { readonly schedule: ScheduleView }) {
  const reply = useReply(schedules.proposal, { params: { id: schedule.id } })
  return (
    <Section title="Proposal" lead="How often it should run, by what was observed and by the objective of its system.">
      <Loaded reply={reply}>{(proposal) => <Proposed schedule={schedule} proposal={proposal} />}</Loaded>
    </Section>
  )
}

function Proposed({ schedule, proposal }: { readonly schedule: ScheduleView; readonly proposal: ProposalView }) {
  const may = useMay()
  const edit = useAct(schedules.edit, ['schedules', 'health'])
  const take = () =>
    edit.mutate(
      { params: { id: schedule.id }, body: { ...fieldsOf(draftOf(schedule)), cronExpression: proposal.cronExpression } },
      { onSuccess: () => notify({ tone: 'good', title: 'The proposal is taken over', message: proposal.words }) },
    )
  return (
    <Stack gap="sm">
      <Text fw={600}>{proposal.isChange ? proposal.words : `${proposal.words}: as it runs already.`}</Text>
      <Stack component="ul" gap={4} m={0} pl="lg">
        {proposal.reasons.map((reason) => (
          <Text component="li" size="sm" key={reason}>
            {capitalized(reason)}
          </Text>
        ))}
      </Stack>
      <Facts
        rows={[
          ['New data', proposal.newBytesPerHour === null ? 'not known yet' : `${printBytes(Math.round(proposal.newBytesPerHour))} an hour`],
          ['Busy hours', proposal.busyHours.length === 0 ? 'none known' : proposal.busyHours.map((hour) => `${hour}:00`).join(', ')],
          ['The next backup stores', predicted(proposal.next.storedBytes, (bytes) => printBytes(Math.round(bytes)))],
          ['The next backup takes', predicted(proposal.next.durationSeconds, (seconds) => printDuration(seconds * 1_000))],
        ]}
      />
      <Refusal error={edit.error} />
      {proposal.isChange && may('schedules.write', schedule.tenantId) && (
        <Button style={{ alignSelf: 'flex-start' }} loading={edit.isPending} onClick={take}>
          Take it over
        </Button>
      )}
    </Stack>
  )
}

function predicted({ value, typicalError, triedOn }: ProposalView['next']['storedBytes'], print: (value: number) => string): string {
  if (value === null) return 'not known yet: it takes some backups'
  const off = typicalError === null ? '' : `, off by ${printPercent(typicalError)} in the middle of ${triedOn} past ones`
  return `about ${print(value)}${off}`
}

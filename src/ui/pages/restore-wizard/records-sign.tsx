import { Button, Group, Stack, Text } from '@mantine/core'
import { IconArrowLeft } from '@tabler/icons-react'
import type { RecordPlan } from '#contract/records.ts'
import { restores, type PlanView } from '#contract/restores.ts'
import { useAct } from '#ui/call.ts'
import { ConfirmForm } from '#ui/parts/confirm.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { counted } from '#ui/words.ts'
import { PlanLeft } from './effect-step.tsx'
import { RecordsLoss } from './records-effect.tsx'
import { recordsMeaning, sumsOf } from './words-of-records.ts'

interface SignProps {
  readonly plan: PlanView
  readonly records: RecordPlan
  readonly onBack: () => void
}

/** The last look at what is written, and the signature that begins it. */
export function SignRecords({ plan, records, onBack }: SignProps) {
  const { id, systemName, requiresSecondApprover, digest } = plan
  const execute = useAct(restores.execute, ['restores', 'jobs', 'signatures', 'health'])
  const { rows, tables } = sumsOf(records)
  return (
    <Stack gap="lg">
      <RecordsLoss records={records} was="planned" />
      <Section
        title={requiresSecondApprover ? `Order that records of ${systemName} come back` : `Write records of ${systemName} back now`}
        lead={
          <>
            {counted(rows, 'row')} of {counted(tables, 'table')}, as compared. Time left for the plan: <PlanLeft plan={plan} />.
          </>
        }
      >
        <ConfirmForm
          typed={systemName}
          asksReason
          meaning={recordsMeaning('order', systemName, records)}
          submit={requiresSecondApprover ? 'Sign, and ask a second person' : 'Sign and write them back'}
          isBusy={execute.isPending}
          error={execute.error}
          onConfirm={({ confirm, reason, signature }) => execute.mutate({ body: { planId: id, confirm, reason, signature } })}
        >
          <Note tone={requiresSecondApprover ? 'warning' : 'neutral'} title="What follows your signature">
            {requiresSecondApprover && (
              <Text size="sm">A second person reads the comparison and signs as well. Until then nothing begins.</Text>
            )}
            <Text size="sm">
              The tables are held against other writers for moments; people can read all the while. Everything is written in one transaction
              and proven in it; on any doubt nothing is. For a while it can be undone.
            </Text>
            <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
              Your signature is bound to exactly this comparison: <code>{digest}</code>
            </Text>
          </Note>
        </ConfirmForm>
      </Section>
      <Group>
        <Button variant="default" leftSection={<IconArrowLeft size={16} aria-hidden />} onClick={onBack}>
          Back to the comparison
        </Button>
      </Group>
    </Stack>
  )
}

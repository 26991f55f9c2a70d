import { Stack, Text } from '@mantine/core'
import { restores, type PlanView, type RestoreView } from '#contract/restores.ts'
import { useAct } from '#ui/call.ts'
import { notify } from '#ui/notify.ts'
import { Section } from '#ui/parts/page.tsx'
import { ConfirmForm } from '#ui/parts/confirm.tsx'
import { Instant, useNow } from '#ui/parts/time.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { useMay, useMe } from '#ui/session.ts'
import { LossStatement } from '#ui/pages/restore-wizard/loss-statement.tsx'
import { PlanLeft } from '#ui/pages/restore-wizard/effect-step.tsx'
import { RecordsLoss } from '#ui/pages/restore-wizard/records-effect.tsx'
import { meaningOf } from '#ui/pages/restore-wizard/words-of-plan.ts'
import { recordsMeaning } from '#ui/pages/restore-wizard/words-of-records.ts'
import { CancelRestore } from './cancel-restore.tsx'

interface ApprovalProps {
  readonly plan: PlanView
  readonly restore: RestoreView
}

/** The second signature, or the word that it is not wanted. Nobody signs twice: who ordered it is told so before. */
export function Approval({ plan, restore }: ApprovalProps) {
  const may = useMay()
  const { data: person } = useMe()
  const now = useNow(10_000)
  const isLate = plan.expiresAt !== null && new Date(plan.expiresAt) <= now
  if (!may('restores.approve', plan.tenantId) || !person) return null
  const isOwn = person.name === restore.restoredBy
  return (
    <Section title={isOwn ? 'It waits for somebody else' : 'Your decision'}>
      <Stack gap="md">
        {isLate && (
          <Note tone="warning" title="The plan has expired">
            <Text size="sm">Nobody can approve it any more. Take it back, and plan again.</Text>
          </Note>
        )}
        {isOwn && (
          <Note tone="neutral" title="You ordered this restore, so you cannot approve it">
            <Text size="sm">
              A second person reads this plan and signs. Send them the address of this page; it is also under their approvals.
            </Text>
          </Note>
        )}
        {!isOwn && !isLate && <ApproveForm plan={plan} restore={restore} />}
        <CancelRestore restore={restore} label={isOwn || isLate ? 'Take it back' : 'Turn it down'} />
      </Stack>
    </Section>
  )
}

function ApproveForm({ plan, restore }: ApprovalProps) {
  const { id, systemName, summary, records } = plan
  const approve = useAct(restores.approve, ['restores', 'jobs', 'signatures', 'health'])
  return (
    <ConfirmForm
      typed={systemName}
      asksReason
      meaning={records ? recordsMeaning('approve', systemName, records) : meaningOf('approve', systemName, summary!)}
      submit={`Sign, and let the restore of ${systemName} begin`}
      isBusy={approve.isPending}
      error={approve.error}
      onConfirm={(body) =>
        approve.mutate(
          { params: { id }, body },
          { onSuccess: () => notify({ tone: 'good', title: 'Approved', message: `The restore of ${systemName} begins.` }) },
        )
      }
    >
      {records ? <RecordsLoss records={records} was="planned" /> : <LossStatement summary={summary!} />}
      <Text size="sm">
        {restore.restoredBy} ordered it, <Instant at={restore.createdAt} />, because: <strong>{restore.reason}</strong>. Time left:{' '}
        <PlanLeft plan={plan} />.
      </Text>
      {restore.withoutSafetyBackupReason !== null && (
        <Note tone="bad" title="Without a safety backup">
          <Text size="sm">Because: {restore.withoutSafetyBackupReason}</Text>
        </Note>
      )}
      <Text size="sm">It begins as soon as you have signed.</Text>
    </ConfirmForm>
  )
}

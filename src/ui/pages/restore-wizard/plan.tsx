import { Button, Stack, Text } from '@mantine/core'
import { FaultNote } from '#ui/parts/fault-note.tsx'
import { IconArrowRight, IconPrinter } from '@tabler/icons-react'
import { Link, useParams } from '@tanstack/react-router'
import { RemoteFault } from '#contract/client.ts'
import { restores, type PlanView, type RestoreView } from '#contract/restores.ts'
import { useReply } from '#ui/call.ts'
import { Facts } from '#ui/parts/facts.tsx'
import { JobProgress } from '#ui/parts/job-progress.tsx'
import { CardSkeletons, Loaded } from '#ui/parts/loaded.tsx'
import { Page, Section } from '#ui/parts/page.tsx'
import { SignatureList } from '#ui/parts/signature-list.tsx'
import { Instant, useNow } from '#ui/parts/time.tsx'
import { Badge } from '#ui/parts/tone.tsx'
import { useMay } from '#ui/session.ts'
import { type Wording } from '#ui/words.ts'
import { Approval } from '#ui/pages/restores/approval.tsx'
import { stateOfRestore } from '#ui/pages/restores/restore-state.ts'
import { DownloadPlan } from './download-plan.tsx'
import { PlanLeft } from './effect-step.tsx'
import { PlanEffect } from './plan-effect.tsx'
import { RecordsEffect } from './records-effect.tsx'
import { stateOfPlan, type PlanState } from './words-of-plan.ts'

const stateWords: Readonly<Record<PlanState, Wording>> = {
  planning: { words: 'Is being made', tone: 'busy' },
  failed: { words: 'Could not be made', tone: 'bad' },
  ready: { words: 'Ready, not ordered', tone: 'neutral' },
  expired: { words: 'Expired', tone: 'warning' },
  used: { words: 'Ordered', tone: 'good' },
}

/** One plan as a document: for whoever approves it, for the file. */
export function PlanPage() {
  const { id = '' } = useParams({ strict: false }) as { id?: string }
  const plan = useReply(restores.plan, { params: { id } })
  return (
    <Page
      title={plan.data ? `Restore plan for ${plan.data.systemName}` : 'Restore plan'}
      trail={[{ title: 'Restore history', to: '/restores' }]}
      actions={
        <>
          <Button variant="default" leftSection={<IconPrinter size={16} aria-hidden />} onClick={() => window.print()}>
            Print
          </Button>
          {plan.data?.records && <DownloadPlan plan={plan.data} />}
          {plan.data && <GoOn plan={plan.data} />}
        </>
      }
    >
      <Loaded reply={plan} skeleton={<CardSkeletons />}>
        {(data) => <Plan plan={data} />}
      </Loaded>
    </Page>
  )
}

function GoOn({ plan }: { readonly plan: PlanView }) {
  const may = useMay()
  const now = useNow(1_000)
  if (stateOfPlan(plan, now) !== 'ready' || !may('restores.execute', plan.tenantId) || !may('restores.preview', plan.tenantId)) return null
  return (
    <Button
      rightSection={<IconArrowRight size={16} aria-hidden />}
      renderRoot={(props) => <Link to="/restore" search={{ plan: plan.id, step: 'sign' }} {...props} />}
    >
      Go on to sign
    </Button>
  )
}

function Plan({ plan }: { readonly plan: PlanView }) {
  const { id, systemId, summary, fault, runId, usedAt } = plan
  const state = stateOfPlan(plan, useNow(1_000))
  const restore = useReply(restores.details, { params: { id } }, { isAsked: usedAt !== null })
  return (
    <Stack gap="lg">
      <Head plan={plan} state={state} />
      {restore.data && restore.data.id === id && <CameOf restore={restore.data} />}
      {restore.error && !(restore.error instanceof RemoteFault && restore.error.status === 404) && (
        <Loaded reply={restore}>{() => null}</Loaded>
      )}
      {fault && <FaultNote fault={fault} />}
      {state === 'planning' && runId !== null && (
        <Section title="It is being made">
          <JobProgress runId={runId} />
        </Section>
      )}
      {summary && (
        <PlanEffect
          systemName={plan.systemName}
          summary={summary}
          systemId={systemId}
          isWhole
          was={isDone(restore.data) ? 'done' : 'planned'}
        />
      )}
      {plan.records && <RecordsEffect plan={plan} records={plan.records} was={isDone(restore.data) ? 'done' : 'planned'} />}
      <Section title="Signatures">
        <SignatureList subjectId={id} />
      </Section>
      {restore.data?.waitsForApproval && (summary ?? plan.records) && <Approval plan={plan} restore={restore.data} />}
    </Stack>
  )
}

/** It went live: what the plan says is past. */
function isDone(restore: RestoreView | undefined): boolean {
  return restore?.status === 'completed' || restore?.status === 'completed_with_gaps'
}

function Head({ plan, state }: { readonly plan: PlanView; readonly state: PlanState }) {
  const { createdBy, createdAt, digest, requiresSecondApprover, usedAt } = plan
  return (
    <Section>
      <Facts
        rows={[
          [
            'State',
            <Badge key="state" tone={stateWords[state].tone}>
              {stateWords[state].words}
            </Badge>,
          ],
          [
            'Made',
            <span key="made">
              by {createdBy}, <Instant at={createdAt} />
            </span>,
          ],
          ['Time left', usedAt === null ? <PlanLeft key="left" plan={plan} /> : 'carried out once, as it was ordered'],
          ['Signatures wanted', requiresSecondApprover ? 'two, of different people' : 'one'],
          [
            'Digest',
            digest === null ? (
              'none yet'
            ) : (
              <code key="digest" style={{ overflowWrap: 'anywhere' }}>
                {digest}
              </code>
            ),
          ],
        ]}
      />
    </Section>
  )
}

function CameOf({ restore }: { readonly restore: RestoreView }) {
  const { id } = restore
  return (
    <Section title="What came of it">
      <Stack gap="xs" align="flex-start">
        <Badge tone={stateOfRestore(restore).tone}>{stateOfRestore(restore).words}</Badge>
        <Text size="sm">{stateOfRestore(restore).meaning}</Text>
        <Text size="sm">
          Ordered by {restore.restoredBy}, <Instant at={restore.createdAt} />. Reason: {restore.reason}
        </Text>
        <Button
          variant="default"
          size="xs"
          className="no-print"
          renderRoot={(props) => <Link to="/restores/$id" params={{ id }} {...props} />}
        >
          Open the restore
        </Button>
      </Stack>
    </Section>
  )
}

import { Anchor, Group, Stack, Text } from '@mantine/core'
import { FaultNote } from '#ui/parts/fault-note.tsx'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { restores, type RestoreView } from '#contract/restores.ts'
import { useReply } from '#ui/call.ts'
import { Facts } from '#ui/parts/facts.tsx'
import { JobProgress } from '#ui/parts/job-progress.tsx'
import { CardSkeletons, Loaded } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { SignatureList } from '#ui/parts/signature-list.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { LossStatement } from '#ui/pages/restore-wizard/loss-statement.tsx'
import { RecordsLoss } from '#ui/pages/restore-wizard/records-effect.tsx'
import { Approval } from './approval.tsx'
import { CancelRestore } from './cancel-restore.tsx'
import { stateOfRestore, whatWords } from './restore-state.ts'
import { RecordsResult } from './records-result.tsx'
import { Result } from './result.tsx'
import { UndoRelease } from './undo-release.tsx'

/** One restore, undo or release: where it stands, what came of it, the way back, and the record of it. */
export function RestoreBody({ id }: { readonly id: string }) {
  const reply = useReply(restores.details, { params: { id } })
  return (
    <Loaded reply={reply} skeleton={<CardSkeletons />}>
      {(restore) => (restore.id === id ? <Restore restore={restore} /> : <CardSkeletons />)}
    </Loaded>
  )
}

function Restore({ restore }: { readonly restore: RestoreView }) {
  const { status, kind, planId, waitsForApproval, runId } = restore
  const plan = useReply(restores.plan, { params: { id: planId ?? '' } }, { isAsked: planId !== null })
  const summary = plan.data?.id === planId ? plan.data?.summary : null
  const records = plan.data?.id === planId ? plan.data?.records : null
  const isEnded = status === 'completed' || status === 'completed_with_gaps'
  return (
    <Stack gap="lg">
      <Standing restore={restore} />
      {waitsForApproval && plan.data && (summary ?? records) && <Approval plan={plan.data} restore={restore} />}
      {runId !== null && !isEnded && (
        <Section title="As it goes on">
          <JobProgress runId={runId} hasCancel={false} />
        </Section>
      )}
      {isEnded && (restore.extent === 'records' ? <RecordsResult restore={restore} /> : <Result restore={restore} />)}
      <UndoRelease restore={restore} />
      {summary && kind === 'restore' && (
        <Section title="What was known when it was planned">
          <LossStatement summary={summary} was={isEnded ? 'done' : 'planned'} />
        </Section>
      )}
      {records && kind === 'restore' && (
        <Section title="What was known when it was planned">
          <RecordsLoss records={records} was={isEnded ? 'done' : 'planned'} />
        </Section>
      )}
      <Record restore={restore} />
      {runId !== null && isEnded && (
        <div className="no-print">
          <Section title="How it went">
            <JobProgress runId={runId} />
          </Section>
        </div>
      )}
    </Stack>
  )
}

function Standing({ restore }: { readonly restore: RestoreView }) {
  const { tone, words, meaning } = stateOfRestore(restore)
  const { fault, status } = restore
  return (
    <Stack gap="sm">
      <div role="status">
        <Note tone={tone} title={words}>
          <Text size="sm">{meaning}</Text>
        </Note>
      </div>
      {fault && status === 'failed' && <FaultNote fault={fault} />}
      {!restore.waitsForApproval && <CancelRestore restore={restore} />}
    </Stack>
  )
}

/** Who, when, why, and by which signatures: what an auditor reads. */
function Record({ restore }: { readonly restore: RestoreView }) {
  const { id, kind, ofRestoreId, systemId, systemName, backupId, planId, restoredBy, approvedBy, reason } = restore
  // What is signed of an undo or a release is that it is done to that restore.
  const signedId = kind === 'restore' ? (planId ?? id) : (ofRestoreId ?? id)
  return (
    <Section title="Record">
      <Stack gap="md">
        <Facts
          rows={[
            ['What', whatWords(restore)],
            [
              'Of',
              systemId === null ? (
                systemName
              ) : (
                <To key="system" to={`/systems/${systemId}`}>
                  {systemName}
                </To>
              ),
            ],
            [
              'From the backup',
              <To key="backup" to={`/backups/${backupId}`}>
                {backupId}
              </To>,
            ],
            ...(ofRestoreId === null
              ? []
              : [
                  [
                    'Of the restore',
                    <To key="of" to={`/restores/${ofRestoreId}`}>
                      {ofRestoreId}
                    </To>,
                  ] as const,
                ]),
            ['Ordered by', restoredBy],
            ['Approved by', approvedBy ?? (restore.waitsForApproval ? 'nobody yet' : 'nobody')],
            ['Reason', reason],
            ...times(restore),
            ['Id', <code key="id">{id}</code>],
          ]}
        />
        {planId !== null && (
          <Group className="no-print">
            <Anchor size="sm" renderRoot={(props) => <Link to="/restore/plans/$id" params={{ id: planId }} {...props} />}>
              The plan as it was signed
            </Anchor>
          </Group>
        )}
        <SignatureList subjectId={signedId} />
      </Stack>
    </Section>
  )
}

function times({ createdAt, startedAt, completedAt, undoneAt, releasedAt }: RestoreView): (readonly [string, ReactNode])[] {
  return [
    ['Ordered', <Instant key="ordered" at={createdAt} />],
    ['Began', <Instant key="began" at={startedAt} absent="not yet" />],
    ['Ended', <Instant key="ended" at={completedAt} absent="not yet" />],
    ...(undoneAt === null ? [] : [['Undone', <Instant key="undone" at={undoneAt} />] as const]),
    ...(releasedAt === null ? [] : [['Released', <Instant key="released" at={releasedAt} />] as const]),
  ]
}

function To({ to, children }: { readonly to: string; readonly children: ReactNode }) {
  return <Anchor renderRoot={(props) => <Link to={to} {...props} />}>{children}</Anchor>
}

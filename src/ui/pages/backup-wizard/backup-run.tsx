import { Anchor, Button, Group, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { backups } from '#contract/backups.ts'
import { useReply } from '#ui/call.ts'
import { JobProgress, useJob } from '#ui/parts/job-progress.tsx'
import { Loaded, TextSkeleton } from '#ui/parts/loaded.tsx'
import { Page, Section } from '#ui/parts/page.tsx'
import { isOver as isJobOver } from '#ui/stages.ts'
import { capitalized } from '#ui/words.ts'
import { BackupResult } from './backup-result.tsx'

interface BackupRunProps {
  readonly runId: string
  readonly onAgain: () => void
}

/** A backup as it is made, and what became of it. */
export function BackupRun({ runId, onAgain }: BackupRunProps) {
  const { data: run } = useJob(runId)
  const isOver = run !== undefined && isJobOver(run)
  const backup = useReply(backups.details, { params: { id: run?.subjectId ?? '' } }, { isAsked: isOver && run.subjectId !== null })
  const isGood = run?.status === 'completed' || run?.status === 'completed_with_gaps'
  return (
    <Page
      title={capitalized(run?.title ?? 'Backup')}
      lead={run === undefined || isOver ? undefined : 'It goes on when this page is closed; its address leads back here.'}
      trail={[{ title: 'Backups', to: '/backups' }]}
      actions={
        isOver && (
          <>
            {run.subjectId !== null && (
              <Button renderRoot={(props) => <Link to="/backups/$id" params={{ id: run.subjectId! }} {...props} />}>Open the backup</Button>
            )}
            <Button variant="default" onClick={onAgain}>
              {isGood ? 'Make another' : 'Try again'}
            </Button>
          </>
        )
      }
    >
      {isOver && isGood && (
        <Loaded reply={backup} skeleton={<TextSkeleton lines={8} />}>
          {(made) => <BackupResult backup={made} />}
        </Loaded>
      )}
      <Section title={isOver ? 'How it went' : 'Progress'}>
        <JobProgress runId={runId} />
        {isOver && (
          <Group mt="sm">
            <Text size="sm">
              <Anchor size="sm" renderRoot={(props) => <Link to="/jobs/$id" params={{ id: runId }} {...props} />}>
                The job with its whole log
              </Anchor>
            </Text>
          </Group>
        )}
      </Section>
    </Page>
  )
}

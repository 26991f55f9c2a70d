import { Anchor, Stack, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { printDuration } from '#base/units.ts'
import { drills, type DrillView } from '#contract/drills.ts'
import { jobs, type Job } from '#contract/jobs.ts'
import { useReply } from '#ui/call.ts'
import { DataTable, type Column } from '#ui/parts/data-table.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { Badge, Note } from '#ui/parts/tone.tsx'
import { standingWords, wordingOf } from '#ui/words.ts'
import type { BackupDetailsView } from '#contract/backups.ts'
import { Below } from './below.tsx'

/** What was done to find out whether it can be restored, and what came of it. */
export function BackupProofs({ backup }: { readonly backup: BackupDetailsView }) {
  const { words, tone, meaning } = standingWords[backup.standing]
  return (
    <Stack gap="xs">
      <Note tone={tone} title={words}>
        <Text size="sm">
          {words}: {meaning}.{' '}
          {backup.standingAt !== null && (
            <>
              Known since <Instant at={backup.standingAt} />.
            </>
          )}
        </Text>
      </Note>
      <Drills backupId={backup.id} />
      {backup.systemId !== null && <Verifications backupId={backup.id} systemId={backup.systemId} />}
    </Stack>
  )
}

const drillColumns: readonly Column<DrillView>[] = [
  {
    id: 'at',
    title: 'Drill',
    cell: ({ id, createdAt }) => (
      <Anchor size="sm" renderRoot={(props) => <Link to="/drills/$id" params={{ id }} {...props} />}>
        <Instant at={createdAt} />
      </Anchor>
    ),
  },
  { id: 'outcome', title: 'Outcome', cell: (drill) => <DrillOutcome drill={drill} /> },
  {
    id: 'took',
    title: 'Restored in',
    cell: ({ restoredInMs }) => (restoredInMs === null ? 'not known' : printDuration(restoredInMs)),
  },
]

function DrillOutcome({ drill: { outcome, status } }: { readonly drill: DrillView }) {
  if (outcome === 'proven') return <Badge tone="good">Proven</Badge>
  if (outcome === 'failed') return <Badge tone="bad">Failed</Badge>
  return <Badge tone={wordingOf(status).tone}>{wordingOf(status).words}</Badge>
}

function Drills({ backupId }: { readonly backupId: string }) {
  const reply = useReply(drills.list, { query: { backupId, pageSize: 10 } })
  return (
    <Below title="Drills" lead="Restored into a private place, compared row by row, and questioned.">
      <Loaded reply={reply} isEmpty={({ total }) => total === 0} empty={<Text size="sm">No drill has restored this backup.</Text>}>
        {({ rows }) => <DataTable label="Drills of the backup" noun="drill" columns={drillColumns} rows={rows} keyOf={({ id }) => id} />}
      </Loaded>
    </Below>
  )
}

const verificationColumns: readonly Column<Job>[] = [
  {
    id: 'at',
    title: 'Verification',
    cell: ({ id, createdAt }) => (
      <Anchor size="sm" renderRoot={(props) => <Link to="/jobs/$id" params={{ id }} {...props} />}>
        <Instant at={createdAt} />
      </Anchor>
    ),
  },
  {
    id: 'status',
    title: 'Result',
    cell: ({ status, fault }) => (
      <>
        <Badge tone={wordingOf(status).tone}>{wordingOf(status).words}</Badge> {fault?.fact}
      </>
    ),
  },
  { id: 'by', title: 'By', cell: ({ createdBy }) => createdBy },
]

const looksBack = 200

function Verifications({ backupId, systemId }: { readonly backupId: string; readonly systemId: string }) {
  const reply = useReply(jobs.list, { query: { kind: 'verify', systemId, pageSize: looksBack } })
  return (
    <Below title="Verifications" lead="Read back and compared with its manifest. Reading whole repositories is told of under Storage.">
      <Loaded reply={reply}>
        {({ rows }) => {
          const own = rows.filter(({ subjectId }) => subjectId === backupId)
          return own.length === 0 ? (
            <Text size="sm">Nobody has verified it among the last {looksBack} verifications of its system.</Text>
          ) : (
            <DataTable
              label="Verifications of the backup"
              noun="verification"
              columns={verificationColumns}
              rows={own}
              keyOf={({ id }) => id}
            />
          )
        }}
      </Loaded>
    </Below>
  )
}

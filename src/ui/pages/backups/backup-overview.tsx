import { Anchor, Code, Stack, Text } from '@mantine/core'
import { hintOf } from '#ui/hints.ts'
import { FaultNote } from '#ui/parts/fault-note.tsx'
import { Link } from '@tanstack/react-router'
import { printBytes, printDuration } from '#base/units.ts'
import { repositories } from '#contract/repositories.ts'
import { schedules } from '#contract/schedules.ts'
import { useReply } from '#ui/call.ts'
import { Facts } from '#ui/parts/facts.tsx'
import { JobProgress } from '#ui/parts/job-progress.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { Note } from '#ui/parts/tone.tsx'
import type { BackupDetailsView } from '#contract/backups.ts'
import { BackupAnomaly } from './backup-anomaly.tsx'
import { BackupGaps } from './backup-gaps.tsx'
import { BackupHolds } from './backup-holds.tsx'
import { BackupMasks } from './backup-masks.tsx'
import { BackupSelection } from './backup-selection.tsx'
import { isUnderWay, purposeWords, typeWords } from './backup-words.ts'

export function BackupOverview({ backup }: { readonly backup: BackupDetailsView }) {
  return (
    <Stack gap="md">
      <Removal backup={backup} />
      {backup.fault && <FaultNote fault={backup.fault} />}
      {isUnderWay(backup) && backup.runId !== null && <JobProgress runId={backup.runId} />}
      {backup.anomaly !== null && <BackupAnomaly backup={backup} anomaly={backup.anomaly} />}
      <BackupSelection backup={backup} />
      <BackupHolds backup={backup} />
      <BackupGaps backup={backup} />
      <Metadata backup={backup} />
      <BackupMasks backup={backup} />
    </Stack>
  )
}

function Removal({ backup }: { readonly backup: BackupDetailsView }) {
  const { removedAt, deletedAt, deletedBy, deleteReason, removalDueAt, removalFault, missingAt } = backup
  const who = deletedBy ?? 'somebody'
  const why = deleteReason === null ? '' : `: “${deleteReason}”`
  if (removedAt !== null)
    return (
      <Note tone="neutral" title="Removed from the repository">
        <Text size="sm">
          <Instant at={removedAt} />, deleted by {who}
          {why}. What remains is what stands here and its{' '}
          <Anchor size="sm" underline="always" renderRoot={(props) => <Link to="/retention" search={{ backup: backup.id }} {...props} />}>
            deletion certificate
          </Anchor>
          .
        </Text>
      </Note>
    )
  return (
    <>
      {missingAt !== null && (
        <Note tone="bad" title="Its snapshot is not in the repository any more">
          <Text size="sm">
            Noticed <Instant at={missingAt} />; nobody removed it through this service. Look who else can write to the storage.
          </Text>
        </Note>
      )}
      {deletedAt !== null && (
        <Note tone="warning" title="Deleted, and not yet removed">
          <Text size="sm">
            <Instant at={deletedAt} /> by {who}
            {why}. Its bytes are removed from <Instant at={removalDueAt} absent="a time that is not known" /> on; until then the deletion
            can be taken back.
          </Text>
          {removalFault && (
            <Text size="sm">
              The last try to remove it was refused: {removalFault.fact}. {hintOf(removalFault)}
            </Text>
          )}
        </Note>
      )}
    </>
  )
}

function Metadata({ backup }: { readonly backup: BackupDetailsView }) {
  const { manifest, run } = backup
  const purpose = purposeWords(backup.purpose)
  return (
    <Facts
      rows={[
        [
          'System',
          backup.systemId === null ? (
            `${backup.systemName} (not registered)`
          ) : (
            <SystemLink key="system" id={backup.systemId} name={backup.systemName} />
          ),
        ],
        ['Holds', typeWords[backup.type] === 'Full' ? 'databases and files' : typeWords[backup.type].toLowerCase()],
        ...(purpose === undefined ? [] : [['Purpose', purpose] as const]),
        ['Description', backup.description === '' ? 'none' : backup.description],
        ['Asked for', <Instant key="created" at={backup.createdAt} />],
        ['Began', <Instant key="started" at={run?.startedAt ?? manifest?.startedAt} absent="not known" />],
        ['Ended', <Instant key="completed" at={backup.completedAt} absent="not ended" />],
        ['Took', backup.durationSeconds === null ? 'not known' : printDuration(backup.durationSeconds * 1000)],
        ['Size of the content', backup.fileSizeBytes === null ? 'not known' : printBytes(backup.fileSizeBytes)],
        ['Stored for it', backup.fileSizeCompressed === null ? 'not counted' : printBytes(backup.fileSizeCompressed)],
        ['Made by', backup.createdBy],
        ['Schedule', backup.scheduleId === null ? 'none, made by hand' : <ScheduleLink key="schedule" id={backup.scheduleId} />],
        ['Job', run === null ? 'not known here' : <JobLink key="job" id={run.id} />],
        ['Repository', <RepositoryName key="repository" id={backup.repositoryId} />],
        ['Place', backup.filePath ?? 'nothing is stored'],
        ['Snapshot', backup.snapshot === null ? 'none' : <Code key="snapshot">{backup.snapshot}</Code>],
        ['Checksum', backup.checksum === null ? 'none' : <Code key="checksum">{backup.checksum}</Code>],
        ...(manifest === null ? [] : manifestFacts(manifest)),
        ['Id', <Code key="id">{backup.id}</Code>],
      ]}
    />
  )
}

function manifestFacts(manifest: NonNullable<BackupDetailsView['manifest']>) {
  const { hostname, version, compressionLevel, isQuiesced, references, imported } = manifest
  return [
    ['Made on', `${hostname}, Integrum ${version}`],
    ['Compression', `zstd, level ${compressionLevel}`],
    [
      'Writes were held',
      isQuiesced ? 'yes: databases and files are of one moment' : 'no: files may be newer than the databases by as long as it took',
    ],
    [
      'References to files',
      references.checked === 0 ? 'none are checked' : `${references.checked} checked, ${references.dangling} lead to no file`,
    ],
    ...(imported === undefined
      ? []
      : [['Imported', `${imported.file} (${imported.kind}, ${imported.format}), SHA-256 ${imported.sha256}`] as const]),
  ] as const
}

function SystemLink({ id, name }: { readonly id: string; readonly name: string }) {
  return (
    <Anchor size="sm" underline="always" renderRoot={(props) => <Link to="/systems/$id" params={{ id }} {...props} />}>
      {name}
    </Anchor>
  )
}

function JobLink({ id }: { readonly id: string }) {
  return (
    <Anchor size="sm" underline="always" renderRoot={(props) => <Link to="/jobs/$id" params={{ id }} {...props} />}>
      the job with its log
    </Anchor>
  )
}

function ScheduleLink({ id }: { readonly id: string }) {
  const { data } = useReply(schedules.details, { params: { id } })
  return (
    <Anchor size="sm" underline="always" renderRoot={(props) => <Link to="/schedules/$id" params={{ id }} {...props} />}>
      {data?.name ?? 'its schedule'}
    </Anchor>
  )
}

function RepositoryName({ id }: { readonly id: string }) {
  const { data } = useReply(repositories.details, { params: { id } })
  return (
    <Anchor size="sm" underline="always" renderRoot={(props) => <Link to="/storage/$id" params={{ id }} {...props} />}>
      {data?.name ?? 'its repository'}
    </Anchor>
  )
}

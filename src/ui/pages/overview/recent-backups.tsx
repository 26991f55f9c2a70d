import { ActionIcon, Anchor, Button, Group, Text } from '@mantine/core'
import { IconArrowBackUp, IconDownload, IconShieldCheck } from '@tabler/icons-react'
import { Link, useNavigate } from '@tanstack/react-router'
import { printBytes } from '#base/units.ts'
import { Suspense, lazy, useState } from 'react'
import { backups, type ListedBackupView } from '#contract/backups.ts'
import { useAct, useReply } from '#ui/call.ts'
import { notify } from '#ui/notify.ts'
import { DataTable, TableSkeleton, type Column } from '#ui/parts/data-table.tsx'
import { Refusal } from '#ui/parts/refusal.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Ago } from '#ui/parts/time.tsx'
import { Badge } from '#ui/parts/tone.tsx'
import { useMay } from '#ui/session.ts'
import { standingWords, statusWords } from '#ui/words.ts'
import { recentQuery } from './recent-query.ts'

const DownloadArchive = lazy(async () => ({ default: (await import('#ui/pages/backups/download-archive.tsx')).DownloadArchive }))

/** The ten newest, with what is most often done with one. */
export function RecentBackups() {
  const reply = useReply(backups.list, { query: recentQuery })
  const verify = useAct(backups.verify, ['jobs', 'backups'])
  const navigate = useNavigate()
  const [downloaded, setDownloaded] = useState<ListedBackupView>()
  const columns = columnsOf({
    verify: (id, name) =>
      verify.mutate(
        { params: { id }, body: {} },
        { onSuccess: () => notify({ tone: 'busy', title: 'The backup is being read back', message: name }) },
      ),
    download: setDownloaded,
  })
  return (
    <Section
      title="Recent backups"
      actions={
        <Button size="xs" variant="default" renderRoot={(props) => <Link to="/backups" {...props} />}>
          All backups
        </Button>
      }
    >
      <Refusal error={verify.error} />
      <Loaded
        reply={reply}
        skeleton={<TableSkeleton rows={5} />}
        isEmpty={({ total }) => total === 0}
        empty={<Text size="sm">None yet. The first one appears here as soon as it is asked for.</Text>}
      >
        {({ rows }) => (
          <DataTable
            label="Recent backups"
            noun="backup"
            columns={columns}
            rows={rows}
            keyOf={({ id }) => id}
            onOpen={({ id }) => void navigate({ to: '/backups/$id', params: { id } })}
          />
        )}
      </Loaded>
      {downloaded && (
        <Suspense>
          <DownloadArchive backup={downloaded} onClose={() => setDownloaded(undefined)} />
        </Suspense>
      )}
    </Section>
  )
}

function columnsOf({ verify, download }: Pick<QuickActsProps, 'verify' | 'download'>): readonly Column<ListedBackupView>[] {
  return [
    {
      id: 'name',
      title: 'Name',
      cell: ({ id, name }) => (
        <Anchor size="sm" renderRoot={(props) => <Link to="/backups/$id" params={{ id }} {...props} />}>
          {name}
        </Anchor>
      ),
    },
    { id: 'system', title: 'System', cell: ({ systemName }) => systemName },
    { id: 'status', title: 'Status', cell: ({ status }) => <Badge tone={statusWords[status].tone}>{statusWords[status].words}</Badge> },
    {
      id: 'standing',
      title: 'Proof',
      cell: ({ standing, status }) =>
        status === 'failed' || status === 'cancelled' ? (
          '—'
        ) : (
          <Badge tone={standingWords[standing].tone}>{standingWords[standing].words}</Badge>
        ),
    },
    {
      id: 'size',
      title: 'Size',
      isNumber: true,
      cell: ({ fileSizeBytes }) => (fileSizeBytes === null ? '—' : printBytes(fileSizeBytes)),
    },
    { id: 'at', title: 'Made', cell: ({ createdAt }) => <Ago at={createdAt} /> },
    { id: 'acts', title: 'Do', cell: (backup) => <QuickActs backup={backup} verify={verify} download={download} /> },
  ]
}

interface QuickActsProps {
  readonly backup: ListedBackupView
  readonly verify: (id: string, name: string) => void
  readonly download: (backup: ListedBackupView) => void
}

function QuickActs({ backup, verify, download }: QuickActsProps) {
  const may = useMay()
  const { id, name, status, tenantId, missingAt } = backup
  if ((status !== 'completed' && status !== 'completed_with_gaps') || missingAt !== null) return null
  return (
    <Group gap={4} wrap="nowrap" className="no-print">
      {may('backups.verify', tenantId) && (
        <ActionIcon
          title="Verify: read it back and compare"
          variant="default"
          size="md"
          aria-label={`Verify ${name}`}
          onClick={() => verify(id, name)}
        >
          <IconShieldCheck size={16} aria-hidden />
        </ActionIcon>
      )}
      {may('restores.preview', tenantId) && (
        <ActionIcon
          title="Restore"
          variant="default"
          size="md"
          aria-label={`Restore ${name}`}
          renderRoot={(props) => <Link to="/restore" search={{ backup: id }} {...props} />}
        >
          <IconArrowBackUp size={16} aria-hidden />
        </ActionIcon>
      )}
      {may('backups.download', tenantId) && (
        <ActionIcon title="Download" variant="default" size="md" aria-label={`Download ${name}`} onClick={() => download(backup)}>
          <IconDownload size={16} aria-hidden />
        </ActionIcon>
      )}
    </Group>
  )
}

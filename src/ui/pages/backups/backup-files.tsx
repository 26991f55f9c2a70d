import { ActionIcon, Anchor, Breadcrumbs, Code, Group, Text, UnstyledButton } from '@mantine/core'
import { IconDownload, IconFile, IconFolder, IconLink } from '@tabler/icons-react'
import { useState } from 'react'
import { printBytes } from '#base/units.ts'
import { backupContent } from '#contract/backup-content.ts'
import { addressOf } from '#contract/client.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import { useReply } from '#ui/call.ts'
import { DataTable, TableSkeleton, type Column } from '#ui/parts/data-table.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { useMay } from '#ui/session.ts'
import type { BackupDetailsView } from '#contract/backups.ts'
import { isReadable } from './backup-words.ts'

type Entry = ReplyOf<typeof backupContent.files>['rows'][number]

/** One folder at a time, read from the repository. Where the reader is does not stand in the address: names of files may name patients. */
export function BackupFiles({ backup }: { readonly backup: BackupDetailsView }) {
  if (!isReadable(backup)) return <Text size="sm">Its content cannot be read now: it is deleted, missing, or not finished.</Text>
  return <Folder backup={backup} />
}

function Folder({ backup: { id, tenantId } }: { readonly backup: BackupDetailsView }) {
  const may = useMay()
  const [path, setPath] = useState('')
  const [{ page, pageSize }, setPaging] = useState({ page: 1, pageSize: 25 })
  const reply = useReply(backupContent.files, { params: { id }, query: { path, page, pageSize } })
  const open = (next: string) => {
    setPath(next)
    setPaging({ page: 1, pageSize })
  }
  const inside = (name: string) => (path === '' ? name : `${path}/${name}`)
  const columns = columnsOf({
    onOpen: ({ name }) => open(inside(name)),
    placeOf: ({ name }) =>
      may('backups.download', tenantId)
        ? addressOf(backupContent.fileDownload, { params: { id }, query: { path: inside(name) } })
        : undefined,
  })
  return (
    <>
      <Trail path={path} onOpen={open} />
      <Loaded
        reply={reply}
        skeleton={<TableSkeleton />}
        isEmpty={({ total }) => total === 0}
        empty={<Text size="sm">This folder is empty.</Text>}
      >
        {({ rows, total }) => (
          <DataTable
            label="Files of the backup"
            noun="name"
            columns={columns}
            rows={rows}
            keyOf={({ name }) => inside(name)}
            paging={{ page, pageSize, total, onChange: (change) => setPaging({ page, pageSize, ...change }) }}
            isOld={reply.isPlaceholderData}
          />
        )}
      </Loaded>
      <Text size="xs" c="dimmed" mt="xs">
        Databases lie here as tables in PostgreSQL’s own text format, files as they were. Each download of a file stands in the audit trail.
      </Text>
    </>
  )
}

function Trail({ path, onOpen }: { readonly path: string; readonly onOpen: (path: string) => void }) {
  const steps = path === '' ? [] : path.split('/')
  return (
    <Breadcrumbs mb="sm" component="nav" aria-label="Folder" style={{ flexWrap: 'wrap' }}>
      {['Backup', ...steps].map((name, depth) => {
        const to = steps.slice(0, depth).join('/')
        return depth === steps.length ? (
          <Text key={to} size="sm" fw={600} aria-current="true">
            {name}
          </Text>
        ) : (
          <Anchor key={to} size="sm" component="button" type="button" onClick={() => onOpen(to)}>
            {name}
          </Anchor>
        )
      })}
    </Breadcrumbs>
  )
}

interface FolderActs {
  readonly onOpen: (entry: Entry) => void
  /** Where its bytes are fetched; undefined for whoever may not. */
  readonly placeOf: (entry: Entry) => string | undefined
}

function columnsOf({ onOpen, placeOf }: FolderActs): readonly Column<Entry>[] {
  return [
    { id: 'name', title: 'Name', cell: (entry) => <EntryName entry={entry} onOpen={onOpen} /> },
    { id: 'size', title: 'Size', isNumber: true, cell: ({ type, sizeBytes }) => (type === 'file' ? printBytes(sizeBytes) : '') },
    { id: 'modified', title: 'Changed', cell: ({ modifiedAt }) => <Instant at={modifiedAt} /> },
    { id: 'mode', title: 'Mode', cell: ({ mode }) => <Code>{mode}</Code> },
    {
      id: 'download',
      title: 'Download',
      cell: (entry) => {
        const place = entry.type === 'file' ? placeOf(entry) : undefined
        return (
          place !== undefined && (
            <ActionIcon variant="subtle" aria-label={`Download ${entry.name}`} component="a" href={place} download={entry.name}>
              <IconDownload size={16} aria-hidden />
            </ActionIcon>
          )
        )
      },
    },
  ]
}

function EntryName({ entry, onOpen }: { readonly entry: Entry; readonly onOpen: FolderActs['onOpen'] }) {
  const { name, type, linkTarget } = entry
  if (type === 'dir')
    return (
      <UnstyledButton fz="sm" onClick={() => onOpen(entry)} style={{ color: 'var(--mantine-color-anchor)' }}>
        <Group gap={6} wrap="nowrap">
          <IconFolder size={16} aria-hidden style={{ flexShrink: 0 }} />
          <span style={{ overflowWrap: 'anywhere' }}>{name}</span>
        </Group>
      </UnstyledButton>
    )
  const Icon = type === 'symlink' ? IconLink : IconFile
  return (
    <Group gap={6} wrap="nowrap">
      <Icon size={16} aria-hidden style={{ flexShrink: 0 }} />
      <span style={{ overflowWrap: 'anywhere' }}>
        {name}
        {type === 'symlink' && ` → ${linkTarget ?? 'nowhere'}`}
        {type !== 'symlink' && type !== 'file' && ` (${type})`}
      </span>
    </Group>
  )
}

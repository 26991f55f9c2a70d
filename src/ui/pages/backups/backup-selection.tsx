import { Button, Stack, Text } from '@mantine/core'
import { IconEye } from '@tabler/icons-react'
import { useState } from 'react'
import type { BackupSummary } from '#contract/backup-summary.ts'
import type { BackupDetailsView } from '#contract/backups.ts'
import { backupContent } from '#contract/backup-content.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import { useReply } from '#ui/call.ts'
import { DataTable, TableSkeleton, type Column } from '#ui/parts/data-table.tsx'
import { Facts } from '#ui/parts/facts.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { useMay } from '#ui/session.ts'
import { counted, printWhole } from '#ui/words.ts'
import { isReadable } from './backup-words.ts'

type Selection = NonNullable<BackupSummary['selection']>

/** That it is a part of its system, and which. Whose records they are stands in the sealed manifest, and is shown to few. */
export function BackupSelection({ backup }: { readonly backup: BackupDetailsView }) {
  const selection = backup.manifest?.selection
  if (!selection) return null
  return (
    <Stack gap="sm" component="section" aria-label="What was selected">
      <Note tone="warning" title="It is partial: it holds what was selected of its system">
        <Text size="sm">
          It never stands for the system, and nothing counts it as protection. It comes back where nothing is in its place; its records can
          be brought back one by one.
        </Text>
      </Note>
      <Facts rows={factsOf(selection)} />
      {selection.kinds.length > 0 && <Whose backup={backup} />}
    </Stack>
  )
}

function factsOf({ kinds, tables, dataTypes, since, until, own, needed, leftOut, notCovered }: Selection) {
  const gone = [...leftOut.databases.map((name) => `database ${name}`), ...leftOut.roots.map((name) => `files ${name}`)]
  return [
    ['Records', kinds.map(({ kind, count }) => `${printWhole(count)} of kind ${kind}`).join(', ') || 'none by their keys'],
    ['Tables', tables.map(({ schema, table }) => `${schema}.${table}`).join(', ') || 'none by their names'],
    ['Data types', dataTypes.join(', ') || 'none'],
    ...(since === undefined ? [] : [['Since', <Instant key="since" at={since} />] as const]),
    ...(until === undefined ? [] : [['Until, without it', <Instant key="until" at={until} />] as const]),
    ['Rows', `${counted(own, 'row')} selected, ${counted(needed, 'row')} that only have to exist for them`],
    ['Sources left out', gone.join(', ') || 'none'],
    [
      'Not covered',
      notCovered.length === 0
        ? 'nothing that is known'
        : `${notCovered.map(({ database, table }) => `${database}: ${table}`).join(', ')}: nothing says whose their rows are`,
    ],
  ] as const
}

function Whose({ backup }: { readonly backup: BackupDetailsView }) {
  const [isAsked, setIsAsked] = useState(false)
  const may = useMay()
  if (!may('backups.download', backup.tenantId)) return <Text size="sm">Your role does not show whose records they are.</Text>
  if (!isReadable(backup)) return <Text size="sm">Whose records they are stands in the backup, which cannot be read any more.</Text>
  if (isAsked) return <Keys id={backup.id} />
  return (
    <div>
      <Button variant="default" size="xs" leftSection={<IconEye size={16} aria-hidden />} onClick={() => setIsAsked(true)}>
        Show whose records they are
      </Button>
      <Text size="sm" c="dimmed" mt={4}>
        Read from the backup. That you looked stands in the audit trail.
      </Text>
    </div>
  )
}

type Row = ReplyOf<typeof backupContent.selection>['rows'][number]

const columns: readonly Column<Row>[] = [
  { id: 'kind', title: 'Kind', cell: ({ kind }) => kind },
  { id: 'key', title: 'Key', cell: ({ key }) => key },
]

function Keys({ id }: { readonly id: string }) {
  const [page, setPage] = useState({ page: 1, pageSize: 25 })
  const reply = useReply(backupContent.selection, { params: { id }, query: page })
  return (
    <Loaded reply={reply} skeleton={<TableSkeleton rows={2} />}>
      {({ rows, total }) => (
        <DataTable
          label="Records of the backup"
          noun="record"
          columns={columns}
          rows={rows}
          keyOf={({ kind, key }) => JSON.stringify([kind, key])}
          isOld={reply.isPlaceholderData}
          paging={{ ...page, total, onChange: (next) => setPage((before) => ({ ...before, ...next })) }}
        />
      )}
    </Loaded>
  )
}

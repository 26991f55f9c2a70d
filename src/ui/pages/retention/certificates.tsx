import { Anchor, Button, Group, Text } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { addressOf } from '#contract/client.ts'
import { retention } from '#contract/retention.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import { useReply } from '#ui/call.ts'
import { DataTable, TableSkeleton, type Column } from '#ui/parts/data-table.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Instant } from '#ui/parts/time.tsx'

type Certificate = ReplyOf<typeof retention.certificates>['rows'][number]

const columns: readonly Column<Certificate>[] = [
  { id: 'backup', title: 'Backup', cell: ({ backupName }) => backupName },
  { id: 'system', title: 'System', cell: ({ systemName }) => systemName },
  { id: 'removed', title: 'Removed', cell: ({ removedAt }) => <Instant at={removedAt} /> },
  {
    id: 'file',
    title: 'Certificate',
    cell: ({ id, backupName }) => (
      <Anchor
        size="sm"
        href={addressOf(retention.certificate, { params: { id } })}
        download={`deletion-certificate-${id}.json`}
        aria-label={`Download the certificate of ${backupName}`}
      >
        <Group gap={4} wrap="nowrap">
          <IconDownload size={14} aria-hidden /> Download
        </Group>
      </Anchor>
    ),
  },
]

const pageSize = 10

interface CertificatesProps {
  readonly backupId: string | undefined
  readonly page: number
  readonly onChange: (change: { certificates?: number; backup?: string | undefined }) => void
}

/** Each removal leaves one, signed, that never changes. */
export function Certificates({ backupId, page, onChange }: CertificatesProps) {
  const reply = useReply(retention.certificates, { query: { page, pageSize, ...(backupId !== undefined && { backupId }) } })
  return (
    <Section
      title="Deletion certificates"
      lead="Which backup was removed, when, why and by whom, signed with the key of the audit trail. Anybody can check one without this service."
      actions={
        backupId !== undefined && (
          <Button size="xs" variant="subtle" onClick={() => onChange({ backup: undefined, certificates: 1 })}>
            Show those of all backups
          </Button>
        )
      }
    >
      <Loaded
        reply={reply}
        skeleton={<TableSkeleton rows={3} />}
        isEmpty={({ total }) => total === 0}
        empty={
          <Text size="sm">
            {backupId === undefined ? 'Nothing has been removed yet.' : 'This backup has no certificate: it was not removed.'}
          </Text>
        }
      >
        {({ rows, total }) => (
          <DataTable
            label="Deletion certificates"
            noun="certificate"
            columns={columns}
            rows={rows}
            keyOf={({ id }) => id}
            paging={{ page, pageSize, total, onChange: (change) => onChange({ certificates: change.page ?? 1 }) }}
            isOld={reply.isPlaceholderData}
          />
        )}
      </Loaded>
    </Section>
  )
}

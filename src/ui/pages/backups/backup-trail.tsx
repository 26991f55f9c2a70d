import { Anchor, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { audit, type AuditEventView } from '#contract/audit.ts'
import { useReply } from '#ui/call.ts'
import { DataTable, TableSkeleton, type Column } from '#ui/parts/data-table.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { Badge } from '#ui/parts/tone.tsx'

const columns: readonly Column<AuditEventView>[] = [
  { id: 'at', title: 'When', cell: ({ at }) => <Instant at={at} /> },
  { id: 'actor', title: 'Who', cell: ({ actorName, address }) => `${actorName}${address === '' ? '' : ` (${address})`}` },
  { id: 'action', title: 'What', cell: ({ action }) => action },
  {
    id: 'outcome',
    title: 'Outcome',
    cell: ({ outcome }) => <Badge tone={outcome === 'done' ? 'good' : 'bad'}>{outcome === 'done' ? 'Done' : 'Refused'}</Badge>,
  },
  { id: 'reason', title: 'Reason', cell: ({ reason }) => reason ?? '' },
]

/** Everything that anybody did to this backup, or tried to, from the audit trail. */
export function BackupTrail({ id }: { readonly id: string }) {
  const [{ page, pageSize }, setPaging] = useState({ page: 1, pageSize: 25 })
  const reply = useReply(audit.list, { query: { subjectId: id, page, pageSize } })
  return (
    <>
      <Loaded
        reply={reply}
        skeleton={<TableSkeleton />}
        isEmpty={({ total }) => total === 0}
        empty={<Text size="sm">Nobody has done anything to it.</Text>}
      >
        {({ rows, total }) => (
          <DataTable
            label="Events about the backup"
            noun="event"
            columns={columns}
            rows={rows}
            keyOf={(row) => row.id}
            paging={{ page, pageSize, total, onChange: (change) => setPaging({ page, pageSize, ...change }) }}
            isOld={reply.isPlaceholderData}
          />
        )}
      </Loaded>
      <Anchor size="sm" renderRoot={(props) => <Link to="/audit" search={{ subjectId: id }} {...props} />}>
        In the audit trail
      </Anchor>
    </>
  )
}

import { Anchor, List, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { ReplyOf } from '#contract/endpoint.ts'
import { holds } from '#contract/holds.ts'
import { useReply } from '#ui/call.ts'
import { DataTable, TableSkeleton, type Column } from '#ui/parts/data-table.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Instant } from '#ui/parts/time.tsx'

type HeldBackup = ReplyOf<typeof holds.held>['rows'][number]

const columns: readonly Column<HeldBackup>[] = [
  {
    id: 'name',
    title: 'Backup',
    cell: ({ backupId, name }) => (
      <Anchor size="sm" renderRoot={(props) => <Link to="/backups/$id" params={{ id: backupId }} {...props} />}>
        {name}
      </Anchor>
    ),
  },
  { id: 'system', title: 'System', cell: ({ systemName }) => systemName },
  { id: 'made', title: 'Made', cell: ({ createdAt }) => <Instant at={createdAt} /> },
  {
    id: 'why',
    title: 'Held by',
    cell: ({ holds: why }) => (
      <List size="sm" listStyleType="none">
        {why.map(({ id, reference, reason }) => (
          <List.Item key={id}>
            <strong>{reference}</strong>: {reason}
          </List.Item>
        ))}
      </List>
    ),
  },
]

/** All that are held, or those of one hold. */
export function HeldBackups({ holdId }: { readonly holdId?: string }) {
  const [{ page, pageSize }, setPaging] = useState({ page: 1, pageSize: 10 })
  const reply = useReply(holds.held, { query: { page, pageSize, ...(holdId !== undefined && { holdId }) } })
  return (
    <Loaded
      reply={reply}
      skeleton={<TableSkeleton rows={3} />}
      isEmpty={({ total }) => total === 0}
      empty={<Text size="sm">No backup is held.</Text>}
    >
      {({ rows, total }) => (
        <DataTable
          label="Held backups"
          noun="backup"
          columns={columns}
          rows={rows}
          keyOf={({ backupId }) => backupId}
          paging={{ page, pageSize, total, onChange: (change) => setPaging({ page, pageSize, ...change }) }}
          isOld={reply.isPlaceholderData}
        />
      )}
    </Loaded>
  )
}

import { Anchor, List, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { DecisionView } from '#contract/retention.ts'
import { purposeWords, typeWords } from '#ui/pages/backups/backup-words.ts'
import { DataTable, type Column } from '#ui/parts/data-table.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { Badge } from '#ui/parts/tone.tsx'
import { reasonWords } from './reasons.ts'

const columns: readonly Column<DecisionView>[] = [
  {
    id: 'name',
    title: 'Backup',
    cell: ({ backupId, name }) => (
      <Anchor size="sm" renderRoot={(props) => <Link to="/backups/$id" params={{ id: backupId }} {...props} />}>
        {name}
      </Anchor>
    ),
  },
  { id: 'made', title: 'Made', cell: ({ createdAt }) => <Instant at={createdAt} /> },
  { id: 'type', title: 'Type', cell: ({ type, purpose }) => purposeWords(purpose) ?? typeWords[type] },
  {
    id: 'act',
    title: 'Decision',
    cell: ({ act }) => (act === 'keep' ? <Badge tone="good">Kept</Badge> : <Badge tone="bad">Removed</Badge>),
  },
  {
    id: 'why',
    title: 'Why',
    cell: ({ reasons }) => (
      <List size="sm" listStyleType="none">
        {reasons.map((reason) => (
          <List.Item key={reason}>{reasonWords(reason)}</List.Item>
        ))}
      </List>
    ),
  },
]

/** Newest first, a page at a time: all of them are here already, and may be thousands. */
export function Decisions({ decisions }: { readonly decisions: readonly DecisionView[] }) {
  const [{ page, pageSize }, setPaging] = useState({ page: 1, pageSize: 25 })
  if (decisions.length === 0) return <Text size="sm">There are none.</Text>
  const first = (Math.min(page, Math.ceil(decisions.length / pageSize)) - 1) * pageSize
  return (
    <DataTable
      label="Decisions"
      noun="backup"
      columns={columns}
      rows={decisions.slice(first, first + pageSize)}
      keyOf={({ backupId }) => backupId}
      paging={{
        page: first / pageSize + 1,
        pageSize,
        total: decisions.length,
        onChange: (change) => setPaging({ page, pageSize, ...change }),
      }}
    />
  )
}

import { Anchor, List, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ComponentProps } from 'react'
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

interface DecisionsProps {
  readonly decisions: readonly DecisionView[]
  readonly paging: NonNullable<ComponentProps<typeof DataTable>['paging']>
}

/** Newest first, a page at a time. */
export function Decisions({ decisions, paging }: DecisionsProps) {
  if (paging.total === 0) return <Text size="sm">There are none.</Text>
  return <DataTable label="Decisions" noun="backup" columns={columns} rows={decisions} keyOf={({ backupId }) => backupId} paging={paging} />
}

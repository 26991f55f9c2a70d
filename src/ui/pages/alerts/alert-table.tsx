import { Anchor, Text } from '@mantine/core'
import type { AlertView } from '#contract/alerts.ts'
import { DataTable, type Column } from '#ui/parts/data-table.tsx'
import type { Paging } from '#ui/parts/table-pages.tsx'
import { Ago } from '#ui/parts/time.tsx'
import { Badge } from '#ui/parts/tone.tsx'
import { capitalized, severityWords } from '#ui/words.ts'

interface AlertTableProps {
  readonly label: string
  readonly rows: readonly AlertView[]
  readonly isOld: boolean
  readonly onOpen: (id: string) => void
  readonly paging?: Paging
}

export function AlertTable({ label, rows, isOld, onOpen, paging }: AlertTableProps) {
  return (
    <DataTable
      label={label}
      noun="alert"
      columns={columnsOf(onOpen)}
      rows={rows}
      keyOf={({ id }) => id}
      onOpen={({ id }) => onOpen(id)}
      isOld={isOld}
      {...(paging && { paging })}
    />
  )
}

function columnsOf(onOpen: (id: string) => void): readonly Column<AlertView>[] {
  return [
    {
      id: 'severity',
      title: 'Severity',
      cell: ({ severity }) => <Badge tone={severityWords[severity].tone}>{severityWords[severity].words}</Badge>,
    },
    {
      id: 'what',
      title: 'What',
      cell: ({ id, title, fact }) => (
        <>
          <Anchor component="button" type="button" size="sm" fw={600} ta="start" onClick={() => onOpen(id)}>
            {title}
          </Anchor>
          <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
            {capitalized(fact)}
          </Text>
        </>
      ),
    },
    { id: 'system', title: 'System', cell: ({ systemName }) => systemName ?? '—' },
    { id: 'opened', title: 'Open since', cell: ({ openedAt }) => <Ago at={openedAt} /> },
    { id: 'times', title: 'Found', cell: ({ times }) => (times === 1 ? 'once' : `${times} times`) },
    { id: 'state', title: 'State', cell: (alert) => <AlertState alert={alert} /> },
  ]
}

export function AlertState({ alert }: { readonly alert: AlertView }) {
  if (alert.settledAt !== null) return <Badge tone="good">Settled</Badge>
  if (alert.acknowledgedAt !== null) return <Badge tone="busy">{alert.acknowledgedBy ?? 'Somebody'} takes care of it</Badge>
  return <Badge tone="bad">Nobody takes care of it yet</Badge>
}

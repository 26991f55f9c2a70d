import { Anchor } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { DataTable, type Column } from '#ui/parts/data-table.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { Badge } from '#ui/parts/tone.tsx'
import { capitalized } from '#ui/words.ts'
import { useState } from 'react'
import { whyLeftOut, type History, type HistoryBackup } from './history-points.ts'

interface Unread {
  readonly id: string
  readonly backup: HistoryBackup | undefined
  readonly isDamaged: boolean
  readonly why: string
}

/** Backups that say nothing of the record. They are named with the reason: none of them is told as if it had vanished. */
export function LeftOut({ history }: { readonly history: History }) {
  const [page, setPage] = useState({ page: 1, pageSize: 10 })
  const unread: readonly Unread[] = [
    ...history.damagedSnapshots.map(({ id, fact }): Unread => ({ id, backup: undefined, isDamaged: true, why: fact })),
    ...history.backups
      .filter(({ leftOut }) => leftOut !== null)
      .map((backup): Unread => ({ id: backup.id, backup, isDamaged: backup.leftOut === 'damaged', why: whyLeftOut(backup) })),
  ]
  if (unread.length === 0) return null
  const from = (page.page - 1) * page.pageSize
  return (
    <Section title="Backups that say nothing of it" lead="They were left out, each for the reason that stands beside it.">
      <DataTable
        label="Backups that were left out"
        noun="backup"
        columns={columns}
        rows={unread.slice(from, from + page.pageSize)}
        keyOf={({ id }) => id}
        paging={{ ...page, total: unread.length, onChange: (next) => setPage((before) => ({ ...before, ...next })) }}
      />
    </Section>
  )
}

const columns: readonly Column<Unread>[] = [
  {
    id: 'at',
    title: 'Backup',
    cell: ({ id, backup }) =>
      backup ? (
        <Anchor size="sm" renderRoot={(props) => <Link to="/backups/$id" params={{ id }} {...props} />}>
          <Instant at={backup.at} />
        </Anchor>
      ) : (
        `snapshot ${id.slice(0, 12)}`
      ),
  },
  { id: 'name', title: 'Name', cell: ({ backup }) => backup?.name ?? 'not known' },
  {
    id: 'why',
    title: 'Why',
    cell: ({ isDamaged, why }) => (
      <>
        {isDamaged && (
          <>
            <Badge tone="bad">Damaged</Badge>{' '}
          </>
        )}
        {capitalized(why)}
      </>
    ),
  },
]

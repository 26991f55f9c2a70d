import { Anchor, Button, Text } from '@mantine/core'
import { IconPrinter, IconShieldCheck } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import { audit, type AuditEventView } from '#contract/audit.ts'
import { useReply } from '#ui/call.ts'
import { DataTable, TableSkeleton, type Column } from '#ui/parts/data-table.tsx'
import { Loaded, Placeholder } from '#ui/parts/loaded.tsx'
import { Page, Section } from '#ui/parts/page.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { useSearchState } from '#ui/search.ts'
import { useMay } from '#ui/session.ts'
import { sentenceCase } from '#ui/words.ts'
import { actionWords } from './action-words.ts'
import { Outcome } from './audit-outcome.tsx'
import { Chain } from './chain.tsx'
import { EventDrawer } from './event-drawer.tsx'
import { ExportButton } from './export-button.tsx'
import { Filters } from './filters.tsx'
import { searchSchema, type Change } from './search.ts'

const kindWords: Readonly<Record<AuditEventView['actorKind'], string>> = {
  user: '',
  key: 'by a key',
  system: 'by itself',
  nobody: 'not signed in',
}

const columns: readonly Column<AuditEventView>[] = [
  { id: 'at', title: 'When', cell: ({ at }) => <Instant at={at} /> },
  {
    id: 'who',
    title: 'Who',
    cell: ({ actorName, actorKind }) => (
      <>
        {actorName}
        {kindWords[actorKind] !== '' && (
          <Text size="xs" c="dimmed">
            {kindWords[actorKind]}
          </Text>
        )}
      </>
    ),
  },
]

const furtherColumns: readonly Column<AuditEventView>[] = [
  {
    id: 'subject',
    title: 'About',
    cell: ({ subjectKind, subjectName, subjectId }) =>
      subjectKind === null ? '—' : `${sentenceCase(subjectKind)} ${subjectName ?? subjectId ?? ''}`,
  },
  { id: 'outcome', title: 'Outcome', cell: ({ outcome }) => <Outcome outcome={outcome} /> },
  { id: 'reason', title: 'Reason', cell: ({ reason }) => reason ?? '—', isHidden: true },
  { id: 'address', title: 'From', cell: ({ address }) => address, isHidden: true },
  { id: 'seq', title: 'Number', cell: ({ seq }) => seq, isNumber: true, isHidden: true },
]

function actionColumn(onChange: Change): Column<AuditEventView> {
  return { id: 'action', title: 'What', cell: (event) => <Action of={event} onChange={onChange} /> }
}

function Action({ of: { id, action }, onChange }: { readonly of: AuditEventView; readonly onChange: Change }) {
  return (
    <>
      <Anchor component="button" type="button" size="sm" ta="start" onClick={() => onChange({ event: id })}>
        {action}
      </Anchor>
      <Text size="xs" c="dimmed" lineClamp={1}>
        {actionWords(action)}
      </Text>
    </>
  )
}

export function Audit() {
  const [search, change] = useSearchState(searchSchema)
  const [text, setText] = useState('')
  const { event, page, pageSize, ...filters } = search
  const reply = useReply(audit.list, { query: { ...filters, page, pageSize, ...(text.trim() !== '' && { search: text.trim() }) } })
  const shown = useMemo(() => [...columns, actionColumn(change), ...furtherColumns], [change])
  const may = useMay()
  return (
    <Page
      title="Audit trail"
      lead="Who did what, when, from where and why; refused attempts too. Nobody can change it without being seen."
      actions={
        <>
          {may('audit.export') && <ExportButton from={search.from} to={search.to} />}
          <Button variant="default" leftSection={<IconPrinter size={16} aria-hidden />} onClick={() => window.print()}>
            Print this page
          </Button>
        </>
      }
    >
      <Chain />
      <Section title="Events">
        <Filters
          search={search}
          onChange={change}
          text={text}
          onText={(wanted) => {
            setText(wanted)
            change({ page: 1 })
          }}
        />
        <Loaded
          reply={reply}
          skeleton={<TableSkeleton rows={10} />}
          isEmpty={({ total }) => total === 0}
          empty={
            <Placeholder icon={<IconShieldCheck size={36} aria-hidden />} title="No event is like that">
              Take a filter away, or choose a longer time.
            </Placeholder>
          }
        >
          {({ rows, total }) => (
            <DataTable
              label="Events of the audit trail"
              noun="event"
              columns={shown}
              rows={rows}
              keyOf={({ id }) => id}
              paging={{ page, pageSize, total, onChange: change }}
              onOpen={({ id }) => change({ event: id })}
              isOld={reply.isPlaceholderData}
              hasColumnChoice
            />
          )}
        </Loaded>
      </Section>
      <EventDrawer id={event} onClose={() => change({ event: undefined })} />
    </Page>
  )
}

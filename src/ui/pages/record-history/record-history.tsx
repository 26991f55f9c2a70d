import { Button, Group, Stack, Text } from '@mantine/core'
import { IconPrinter } from '@tabler/icons-react'
import { useParams } from '@tanstack/react-router'
import { durations } from '#base/units.ts'
import { systems, type SystemView } from '#contract/systems.ts'
import { useReply } from '#ui/call.ts'
import { useHandedRecord } from '#ui/handed-record.ts'
import { Facts } from '#ui/parts/facts.tsx'
import { CardSkeletons, Denied, Failed, Loaded } from '#ui/parts/loaded.tsx'
import { Page, Section } from '#ui/parts/page.tsx'
import { Instant, useNow } from '#ui/parts/time.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { useMay, useMe } from '#ui/session.ts'
import { counted, toldOf } from '#ui/words.ts'
import { ComparePoints } from './compare-points.tsx'
import { HistoryForm } from './history-form.tsx'
import { readBackups } from './history-points.ts'
import { HistoryTables } from './history-tables.tsx'
import { HistoryTimeline } from './history-timeline.tsx'
import { LeftOut } from './left-out.tsx'
import { useHistory, type HistoryAnswer, type HistoryOrder } from './use-history.ts'
import { Verdict } from './verdict.tsx'

/** What became of one record: read from the backups alone, so also when the system itself is gone. */
export function RecordHistoryPage() {
  const { id = '' } = useParams({ strict: false }) as { id?: string }
  const reply = useReply(systems.details, { params: { id } })
  const may = useMay()
  return (
    <Loaded
      reply={reply}
      skeleton={
        <Page title="History of one record" trail={[{ title: 'Systems', to: '/systems' }]}>
          <CardSkeletons />
        </Page>
      }
    >
      {(system) =>
        may('backups.download', system.tenantId) ? (
          <OfSystem key={system.id} system={system} />
        ) : (
          <Denied fact="To see what stands in backups needs the permission backups.download for this system" />
        )
      }
    </Loaded>
  )
}

function OfSystem({ system }: { readonly system: SystemView }) {
  const { id, title, name } = system
  const handed = useHandedRecord('history')
  const { answer, error, pending, ask, giveUp } = useHistory(id)
  return (
    <Page
      title="History of one record"
      lead={`One patient, one study, through all backups of ${title}: what came, what changed, what went, and between which two backups.`}
      trail={[
        { title: 'Systems', to: '/systems' },
        { title: name, to: `/systems/${id}` },
      ]}
      actions={
        answer && (
          <Button variant="default" leftSection={<IconPrinter size={16} aria-hidden />} onClick={() => window.print()}>
            Print
          </Button>
        )
      }
    >
      <div className="no-print">
        <HistoryForm
          system={system}
          handed={handed?.id === id ? handed.wish : undefined}
          isBusy={pending !== undefined}
          onAsk={(order) => ask(order)}
        />
      </div>
      {pending && <Reading since={pending.since} onGiveUp={giveUp} />}
      {error && pending === undefined && <NotRead error={error} />}
      {answer && <Answer system={system} answer={answer} pending={pending?.order} onMore={(order) => ask(order, 'more')} />}
    </Page>
  )
}

/** Nothing tells how far it is: what is known is how long it takes already, and how long it may. */
function Reading({ since, onGiveUp }: { readonly since: Date; readonly onGiveUp: () => void }) {
  const now = useNow(durations.second)
  const seconds = Math.max(0, Math.round((now.getTime() - since.getTime()) / durations.second))
  return (
    <Section title="Reading every backup">
      <Group justify="space-between">
        <Text size="sm">
          For {seconds} s now. It takes seconds where little changed from backup to backup, and ends after 5 minutes at the latest. Nothing
          is changed by it.
        </Text>
        <Button variant="default" size="xs" onClick={onGiveUp}>
          Give up
        </Button>
      </Group>
    </Section>
  )
}

/** No such record is an answer, too. */
function NotRead({ error }: { readonly error: Error }) {
  const { code, fact, hint } = toldOf(error)
  if (code !== 'ENTITY_UNKNOWN' && code !== 'BACKUP_NOT_FOUND') return <Failed error={error} />
  return (
    <div role="alert">
      <Note tone="warning" title={fact}>
        <Text size="sm">{hint}</Text>
        <Text size="sm">
          The key is compared with what stands in the table, letter by letter. Look also whether backups from before it went are kept.
        </Text>
      </Note>
    </div>
  )
}

interface AnswerProps {
  readonly system: SystemView
  readonly answer: HistoryAnswer
  /** More of the same record, which is being read. */
  readonly pending: HistoryOrder | undefined
  readonly onMore: (order: HistoryOrder) => void
}

function Answer({ system, answer, pending, onMore }: AnswerProps) {
  const { order, history } = answer
  return (
    <Stack gap="lg">
      <WhatWasRead system={system} answer={answer} />
      <HistoryTimeline system={system} wish={order} history={history} />
      <HistoryTables
        history={history}
        opened={order.tables?.[0]}
        opening={pending?.tables?.[0]}
        onOpen={(table) => onMore({ ...order, tables: [table], rowsMax: 1000 })}
      />
      {readBackups(history).length > 1 && <ComparePoints history={history} />}
      <LeftOut history={history} />
    </Stack>
  )
}

/** Whose history it is, of what, and who looked when: what paper needs to be understood alone. */
function WhatWasRead({ system, answer: { order, history, at } }: Pick<AnswerProps, 'system' | 'answer'>) {
  const { data: person } = useMe()
  const read = readBackups(history)
  return (
    <Section title={`${order.kind} ${order.key}`}>
      <Stack gap="md">
        <Facts
          rows={[
            ['System', `${system.title} (${system.name})`],
            ['Backups read', `${read.length} of ${counted(history.backups.length, 'backup')}`],
            ['From', <Instant key="from" at={read[0]?.at} absent="none" />],
            ['To', <Instant key="to" at={read.at(-1)?.at} absent="none" />],
            ['Looked at', <Instant key="at" at={at} />],
            ['By', person?.name ?? 'not known'],
            ['Told', 'rows of databases; files are not followed'],
          ]}
        />
        <Verdict history={history} />
      </Stack>
    </Section>
  )
}

import { Button, Drawer, Group, Stack, Text, Textarea, Title } from '@mantine/core'
import { IconArrowRight } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { alerts, type AlertView } from '#contract/alerts.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import { useAct, useReply } from '#ui/call.ts'
import { Facts } from '#ui/parts/facts.tsx'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { Loaded, TextSkeleton } from '#ui/parts/loaded.tsx'
import { Ago, Instant } from '#ui/parts/time.tsx'
import { Badge, Note } from '#ui/parts/tone.tsx'
import { useMay } from '#ui/session.ts'
import { capitalized, sentenceCase, severityWords } from '#ui/words.ts'
import { leadOf } from './about.ts'
import { AlertState } from './alert-table.tsx'
import { historyOf } from './history.ts'

interface AlertDrawerProps {
  readonly id: string | undefined
  readonly onClose: () => void
}

/** Everything about one alert, and what to do about it. */
export function AlertDrawer({ id, onClose }: AlertDrawerProps) {
  return (
    <Drawer opened={id !== undefined} onClose={onClose} position="right" size="lg" title={<Text fw={650}>Alert</Text>}>
      {id !== undefined && <Details id={id} />}
    </Drawer>
  )
}

function Details({ id }: { readonly id: string }) {
  const reply = useReply(alerts.details, { params: { id } })
  return (
    <Loaded reply={reply} skeleton={<TextSkeleton lines={8} />}>
      {(alert) => (
        <Stack gap="lg">
          <Stack gap={6}>
            <Title order={2}>{alert.title}</Title>
            <Group gap="xs">
              <Badge tone={severityWords[alert.severity].tone}>{severityWords[alert.severity].words}</Badge>
              <AlertState alert={alert} />
            </Group>
          </Stack>
          <Note tone={alert.settledAt === null ? severityWords[alert.severity].tone : 'neutral'} title={`${capitalized(alert.fact)}.`}>
            <Text size="sm">
              <strong>What to do:</strong> {alert.hint}
            </Text>
          </Note>
          <LeadButton alert={alert} />
          <About alert={alert} />
          <History alert={alert} />
          {alert.settledAt === null && <Acts alert={alert} />}
        </Stack>
      )}
    </Loaded>
  )
}

function LeadButton({ alert }: { readonly alert: AlertView }) {
  const may = useMay()
  const lead = leadOf(alert)
  if (lead === undefined || !may(lead.permission, alert.tenantId ?? undefined)) return null
  return (
    <Button
      style={{ alignSelf: 'flex-start' }}
      rightSection={<IconArrowRight size={16} aria-hidden />}
      renderRoot={(props) => <Link to={lead.to} {...props} />}
    >
      {lead.words}
    </Button>
  )
}

function About({ alert }: { readonly alert: AlertView }) {
  const facts = Object.entries(alert.facts).map(([name, value]) => [wordsOfKey(name), printed(value)] as const)
  return (
    <Facts
      rows={[
        ['System', alert.systemName ?? 'none: it concerns the whole installation'],
        ...(alert.subjectName === null ? [] : [['About', alert.subjectName] as const]),
        ['Open since', <Instant key="opened" at={alert.openedAt} />],
        ['Found', alert.times === 1 ? 'once' : `${alert.times} times`],
        ['Last found', <Ago key="seen" at={alert.seenAt} />],
        ...facts,
      ]}
    />
  )
}

/** `backupId` → `Backup id`. */
function wordsOfKey(name: string): string {
  return sentenceCase(name.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toLowerCase())
}

function printed(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : JSON.stringify(value)
}

function History({ alert }: { readonly alert: ReplyOf<typeof alerts.details> }) {
  return (
    <section aria-label="History">
      <Title order={3} mb={6}>
        History
      </Title>
      <Stack component="ol" gap={6} m={0} pl={0} style={{ listStyle: 'none' }}>
        {historyOf(alert).map(({ at, words }) => (
          <Text component="li" size="sm" key={`${at} ${words}`} style={{ overflowWrap: 'anywhere' }}>
            <Text span size="sm" c="dimmed">
              <Instant at={at} />
            </Text>{' '}
            {words}
          </Text>
        ))}
      </Stack>
    </section>
  )
}

function Acts({ alert }: { readonly alert: AlertView }) {
  const may = useMay()
  const acknowledge = useAct(alerts.acknowledge, ['alerts', 'health'])
  const settle = useAct(alerts.settle, ['alerts', 'health'])
  const [kind, setKind] = useState<'acknowledge' | 'settle'>()
  const [note, setNote] = useState('')
  if (!may('alerts.acknowledge', alert.tenantId ?? undefined)) return null
  const end = () => {
    setKind(undefined)
    setNote('')
  }
  if (kind === undefined)
    return (
      <Group gap="xs" className="no-print">
        {alert.acknowledgedAt === null && <Button onClick={() => setKind('acknowledge')}>Acknowledge</Button>}
        <Button variant="default" onClick={() => setKind('settle')}>
          Settle
        </Button>
      </Group>
    )
  const act = kind === 'acknowledge' ? acknowledge : settle
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        act.mutate({ params: { id: alert.id }, body: { note } }, { onSuccess: end })
      }}
    >
      <Text size="sm" mb="xs">
        {kind === 'acknowledge'
          ? 'You take care of it: it stays open, and people are not told of it again.'
          : 'It is closed by hand, for what cannot become good by itself. When it is found so again, it opens again.'}
      </Text>
      <Textarea
        label="Note"
        description="Kept with the alert and in the audit trail. No patient data."
        required
        autosize
        minRows={2}
        maxLength={500}
        data-autofocus
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      <Refusal error={act.error} />
      <FormButtons
        submit={kind === 'acknowledge' ? 'Acknowledge it' : 'Settle it'}
        isBusy={act.isPending}
        isDisabled={note.trim() === ''}
        onCancel={end}
      />
    </form>
  )
}

import { Drawer, Group, Stack, Table, Text, Title } from '@mantine/core'
import { audit, type AuditEventView } from '#contract/audit.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import { useReply } from '#ui/call.ts'
import { Facts } from '#ui/parts/facts.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { CopyButton } from '#ui/parts/copy-button.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { useMe } from '#ui/session.ts'
import { sentenceCase } from '#ui/words.ts'
import { actionWords } from './action-words.ts'
import { Outcome } from './audit-outcome.tsx'
import { fieldChanges, fieldsOf, type FieldChange } from './changes.ts'

type Details = ReplyOf<typeof audit.details>

export function EventDrawer({ id, onClose }: { readonly id: string | undefined; readonly onClose: () => void }) {
  return (
    <Drawer
      opened={id !== undefined}
      onClose={onClose}
      position="right"
      size="lg"
      title={
        <Text fw={650} component="span">
          Event of the audit trail
        </Text>
      }
    >
      {id !== undefined && <EventDetails id={id} />}
    </Drawer>
  )
}

function EventDetails({ id }: { readonly id: string }) {
  const reply = useReply(audit.details, { params: { id } })
  return (
    <Loaded reply={reply}>
      {(event) => (
        <Stack gap="lg">
          <div>
            <Group gap="sm" align="baseline">
              <Title order={2}>{event.action}</Title>
              <Outcome outcome={event.outcome} />
            </Group>
            <Text size="sm" c="dimmed">
              {actionWords(event.action)}
            </Text>
          </div>
          <Circumstances event={event} />
          <Changes event={event} />
          <FurtherFacts facts={event.facts} />
          <Link event={event} />
        </Stack>
      )}
    </Loaded>
  )
}

function Circumstances({ event }: { readonly event: Details }) {
  const { data: person } = useMe()
  const { seq, at, actorName, actorKind, address, subjectKind, subjectName, subjectId, reason, tenantId, requestId } = event
  const place = person?.tenants.find(({ id }) => id === tenantId)?.title
  return (
    <Facts
      rows={[
        ['Number', seq],
        ['When', <Instant key="at" at={at} />],
        ['Who', `${actorName} (${actorWords[actorKind]})`],
        ['From', address],
        ['About', subjectKind === null ? 'nothing in particular' : `${sentenceCase(subjectKind)} ${subjectName ?? ''}`],
        ...(subjectId === null ? [] : [['Its id', <code key="subject">{subjectId}</code>] as const]),
        ['Reason', reason ?? 'none was asked for'],
        ['Organization', tenantId === null ? 'the installation' : (place ?? tenantId)],
        ['Request', <code key="request">{requestId ?? 'none'}</code>],
      ]}
    />
  )
}

const actorWords: Readonly<Record<AuditEventView['actorKind'], string>> = {
  user: 'signed in',
  key: 'by a key',
  system: 'the service itself',
  nobody: 'not signed in',
}

function Changes({ event: { before, after } }: { readonly event: Details }) {
  const changes = fieldChanges(before, after)
  if (changes.length === 0) return <Text size="sm">It changed no fields.</Text>
  return (
    <div>
      <Title order={3} mb={4}>
        What it changed
      </Title>
      <Table aria-label="What it changed" className="stacking-table">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Field</Table.Th>
            <Table.Th>As it was</Table.Th>
            <Table.Th>As it became</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {changes.map((change) => (
            <ChangeRow key={change.field} change={change} />
          ))}
        </Table.Tbody>
      </Table>
    </div>
  )
}

function ChangeRow({ change: { field, before, after, isChanged } }: { readonly change: FieldChange }) {
  const weight = isChanged ? 600 : 400
  return (
    <Table.Tr style={{ overflowWrap: 'anywhere' }}>
      <Table.Td data-title="Field">
        {field}
        {!isChanged && (
          <Text span size="xs" c="dimmed">
            {' '}
            stayed
          </Text>
        )}
      </Table.Td>
      <Table.Td data-title="As it was">{before ?? '—'}</Table.Td>
      <Table.Td data-title="As it became" fw={weight}>
        {after ?? '—'}
      </Table.Td>
    </Table.Tr>
  )
}

function FurtherFacts({ facts }: Pick<Details, 'facts'>) {
  const known = [...fieldsOf(facts)]
  if (known.length === 0) return null
  return (
    <div>
      <Title order={3} mb={4}>
        Further facts
      </Title>
      <Facts rows={known} />
    </div>
  )
}

/** Its place in the chain, for whoever compares it with an export. */
function Link({ event: { hash, previousHash } }: { readonly event: Details }) {
  return (
    <div>
      <Title order={3} mb={4}>
        In the chain
      </Title>
      <Facts
        rows={[
          ['Hash', <code key="hash">{hash}</code>],
          ['Of the one before', <code key="previous">{previousHash}</code>],
        ]}
      />
      <Group mt="xs" className="no-print">
        <CopyButton text={hash}>Copy the hash</CopyButton>
      </Group>
    </div>
  )
}

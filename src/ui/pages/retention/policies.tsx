import { Anchor, Group, Stack, Text } from '@mantine/core'
import { IconCalendarStats } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { defaultRetention, retention, type PolicyInForce } from '#contract/retention.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import { useReply } from '#ui/call.ts'
import { DataTable, TableSkeleton, type Column } from '#ui/parts/data-table.tsx'
import { Loaded, Placeholder } from '#ui/parts/loaded.tsx'
import { useOrganizations } from '#ui/parts/organization-select.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Ago } from '#ui/parts/time.tsx'
import { Badge } from '#ui/parts/tone.tsx'
import { counted } from '#ui/words.ts'
import { classInWords, keepInWords, sourceWords } from './policy-words.ts'

type SystemPolicy = ReplyOf<typeof retention.policies>['rows'][number]

const columns: readonly Column<SystemPolicy>[] = [
  {
    id: 'system',
    title: 'System',
    cell: ({ systemId, systemName }) => (
      <Anchor size="sm" renderRoot={(props) => <Link to="/retention" search={{ system: systemId }} {...props} />}>
        {systemName}
      </Anchor>
    ),
  },
  { id: 'keeps', title: 'Keeps', cell: ({ policy }) => keepInWords(policy.keep) },
  { id: 'source', title: 'Policy', cell: ({ source }) => sourceWords[source] },
  { id: 'minimum', title: 'Minimum', cell: ({ policy }) => classInWords(policy) },
  { id: 'zone', title: 'Time zone', cell: ({ policy }) => policy.timeZone, isHidden: true },
  { id: 'evaluated', title: 'Last carried out', cell: ({ evaluatedAt }) => <Ago at={evaluatedAt} /> },
  {
    id: 'waits',
    title: 'Waits',
    cell: ({ waits }) =>
      waits === null ? (
        'no'
      ) : (
        <>
          <Badge tone="warning">Waits</Badge>{' '}
          <Text span size="sm">
            {waits}
          </Text>
        </>
      ),
  },
]

interface PoliciesProps {
  readonly page: number
  readonly pageSize: number
  readonly onChange: (change: { page?: number; pageSize?: number }) => void
}

/** Which policy holds for each system, and what each organization has set. */
export function Policies({ page, pageSize, onChange }: PoliciesProps) {
  const reply = useReply(retention.policies, { query: { page, pageSize } })
  return (
    <>
      <Section title="Organizations" lead="Holds for each system that has no policy of its own.">
        <Loaded reply={reply}>{({ organizations }) => <Organizations set={organizations} />}</Loaded>
      </Section>
      <Section title="Systems" lead="Open one to see what its policy keeps and removes now, with the reason for each backup.">
        <Loaded
          reply={reply}
          skeleton={<TableSkeleton />}
          isEmpty={({ total }) => total === 0}
          empty={
            <Placeholder icon={<IconCalendarStats size={36} aria-hidden />} title="There is no system yet">
              Policies apply to systems: connect one first.
            </Placeholder>
          }
        >
          {({ rows, total }) => (
            <DataTable
              label="Policies of systems"
              noun="system"
              columns={columns}
              rows={rows}
              keyOf={({ systemId, tenantId }) => systemId ?? tenantId}
              paging={{ page, pageSize, total, onChange }}
              isOld={reply.isPlaceholderData}
              hasColumnChoice
            />
          )}
        </Loaded>
        <Grace />
      </Section>
    </>
  )
}

function Organizations({ set }: { readonly set: readonly PolicyInForce[] }) {
  const known = useOrganizations('retention.read')
  const [first] = known
  if (first === undefined) return <Text size="sm">You belong to no organization.</Text>
  return (
    <Stack gap="xs">
      {known.map(({ id, title }) => {
        const own = set.find(({ tenantId }) => tenantId === id)
        const policy = own?.policy ?? defaultRetention
        return (
          <Group key={id} gap="sm">
            <Anchor size="sm" fw={600} renderRoot={(props) => <Link to="/retention" search={{ organization: id }} {...props} />}>
              {title}
            </Anchor>
            <Text size="sm">
              keeps {keepInWords(policy.keep)}, {classInWords(policy)} ({own ? 'set by the organization' : sourceWords.default})
            </Text>
          </Group>
        )
      })}
    </Stack>
  )
}

/** How long what was deleted can be taken back. */
function Grace() {
  const { data } = useReply(retention.grace, {})
  return (
    <Text size="sm" c="dimmed" mt="sm">
      {data === undefined
        ? 'What is deleted stays for the grace period; until then the deletion can be taken back.'
        : `What is deleted stays ${counted(data.days, 'day')} before it is removed; until then the deletion can be taken back.`}{' '}
      The grace period is set for the whole installation, under Settings.
    </Text>
  )
}

import { Button, Group, Stack, Text } from '@mantine/core'
import { IconSignature } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { restores, type RestoreView } from '#contract/restores.ts'
import { useReply } from '#ui/call.ts'
import { Facts } from '#ui/parts/facts.tsx'
import { CardSkeletons, Loaded, Placeholder, TextSkeleton } from '#ui/parts/loaded.tsx'
import { Page, Section } from '#ui/parts/page.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { useMe } from '#ui/session.ts'
import { counted } from '#ui/words.ts'
import { PlanLeft } from '#ui/pages/restore-wizard/effect-step.tsx'
import { LossStatement } from '#ui/pages/restore-wizard/loss-statement.tsx'
import { CancelRestore } from './cancel-restore.tsx'
import { waitingQuery } from './waiting.ts'

/** What waits for a second person, with what they need to decide. */
export function Approvals() {
  // No event tells of an order that waits: no job has begun.
  const reply = useReply(restores.history, { query: waitingQuery }, { everyMs: 15_000 })
  return (
    <Page title="Approvals" lead="Restores that begin when a second person has read the plan and signed.">
      <Loaded
        reply={reply}
        skeleton={<CardSkeletons />}
        isEmpty={({ total }) => total === 0}
        empty={
          <Placeholder icon={<IconSignature size={36} aria-hidden />} title="Nothing waits for a signature">
            Restores of systems that want a second approver appear here as soon as somebody has ordered one.
          </Placeholder>
        }
      >
        {({ rows, total }) => (
          <Stack gap="lg">
            {rows.map((restore) => (
              <Waiting key={restore.id} restore={restore} />
            ))}
            {total > rows.length && <Text size="sm">and {counted(total - rows.length, 'older one')}</Text>}
          </Stack>
        )}
      </Loaded>
    </Page>
  )
}

function Waiting({ restore }: { readonly restore: RestoreView }) {
  const { id, systemName, restoredBy, createdAt, reason, withoutSafetyBackupReason } = restore
  const plan = useReply(restores.plan, { params: { id } })
  const { data: person } = useMe()
  const isOwn = person?.name === restoredBy
  return (
    <Section title={`Restore of ${systemName}`}>
      <Stack gap="md">
        <Facts
          rows={[
            ['Ordered by', isOwn ? `${restoredBy} (you)` : restoredBy],
            ['Ordered', <Instant key="ordered" at={createdAt} />],
            ['Reason', reason],
            ['Safety backup', withoutSafetyBackupReason === null ? 'yes, first' : `none, because: ${withoutSafetyBackupReason}`],
            ['Time left', plan.data ? <PlanLeft key="left" plan={plan.data} /> : 'not known yet'],
          ]}
        />
        <Loaded reply={plan} skeleton={<TextSkeleton />}>
          {({ summary }) => summary && <LossStatement summary={summary} />}
        </Loaded>
        {isOwn && (
          <Note tone="neutral" title="You ordered this restore, so you cannot approve it">
            <Text size="sm">Somebody else who may approve restores signs it.</Text>
          </Note>
        )}
        <Group>
          <Button
            variant={isOwn ? 'default' : 'filled'}
            renderRoot={(props) => <Link to="/restore/plans/$id" params={{ id }} {...props} />}
          >
            {isOwn ? 'Open the plan' : 'Read the plan and decide'}
          </Button>
          {isOwn && <CancelRestore restore={restore} label="Take it back" />}
        </Group>
      </Stack>
    </Section>
  )
}

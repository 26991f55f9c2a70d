import { Anchor, Button, SimpleGrid, Stack, Text } from '@mantine/core'
import { IconPencil } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { drills } from '#contract/drills.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import { schedules } from '#contract/schedules.ts'
import type { SystemView } from '#contract/systems.ts'
import { useReply } from '#ui/call.ts'
import { Facts } from '#ui/parts/facts.tsx'
import { Loaded, TextSkeleton } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { choiceWords } from '#ui/pages/drills/drill-words.ts'
import { PolicyEditor } from '#ui/pages/drills/policy-editor.tsx'
import { useMay } from '#ui/session.ts'

type Policy = NonNullable<ReplyOf<typeof drills.policy>['policy']>

/** What happens by itself: backups by the clock, and drills that prove them. */
export function PoliciesSection({ system }: { readonly system: SystemView }) {
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }}>
      <Schedules systemId={system.id} />
      <DrillPolicy system={system} />
    </SimpleGrid>
  )
}

function Schedules({ systemId }: { readonly systemId: string }) {
  const planned = useReply(schedules.list, { query: { systemId, pageSize: 50 } })
  return (
    <Section title="Schedules">
      <Loaded
        reply={planned}
        skeleton={<TextSkeleton lines={3} />}
        isEmpty={({ total }) => total === 0}
        empty={
          <Note tone="warning" title="No schedule">
            Nothing is backed up unless somebody does it by hand.
          </Note>
        }
      >
        {({ rows }) => (
          <Stack gap="xs">
            {rows.map(({ id, name, words, isActive, nextRunAt }) => (
              <div key={id}>
                <Anchor size="sm" fw={650} renderRoot={(props) => <Link to="/schedules/$id" params={{ id }} {...props} />}>
                  {name}
                </Anchor>
                <Text size="sm" component="div">
                  {words}; {isActive ? 'next ' : 'switched off'}
                  {isActive && <Instant at={nextRunAt} absent="none" />}
                </Text>
              </div>
            ))}
          </Stack>
        )}
      </Loaded>
    </Section>
  )
}

function DrillPolicy({ system: { id, tenantId } }: { readonly system: SystemView }) {
  const may = useMay()
  const [isOpen, setIsOpen] = useState(false)
  const reply = useReply(drills.policy, { params: { id } })
  return (
    <Section
      title="Drills"
      lead="A backup is proven when it was restored and compared."
      actions={
        may('drills.write', tenantId) &&
        reply.data && (
          <Button variant="default" size="xs" leftSection={<IconPencil size={14} aria-hidden />} onClick={() => setIsOpen(true)}>
            {reply.data.policy === null ? 'Set up' : 'Change'}
          </Button>
        )
      }
    >
      <Loaded reply={reply} skeleton={<TextSkeleton lines={3} />}>
        {({ policy }) => (
          <>
            {policy === null ? (
              <Note tone="warning" title="Not drilled by itself">
                Somebody must think of it.
              </Note>
            ) : (
              <PolicyFacts policy={policy} />
            )}
            <PolicyEditor systemId={id} policy={policy} isOpen={isOpen} onClose={() => setIsOpen(false)} />
          </>
        )}
      </Loaded>
    </Section>
  )
}

function PolicyFacts({ policy }: { readonly policy: Policy }) {
  if (!policy.isActive)
    return (
      <Note tone="warning" title="Switched off">
        Nothing is drilled by itself.
      </Note>
    )
  return (
    <Facts
      rows={[
        ['By the clock', policy.cronExpression === null ? 'no' : `${policy.cronExpression} (${policy.timeZone})`],
        ['After so many backups', policy.everyNthBackup ?? 'no'],
        ['Restores', choiceWords[policy.choice]],
        ['Next', <Instant key="next" at={policy.nextRunAt} absent="not planned" />],
        ['People are told after', `${policy.overdueAfterDays} days without one that passed`],
      ]}
    />
  )
}

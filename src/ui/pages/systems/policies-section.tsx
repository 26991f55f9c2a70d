import { Anchor, Button, Modal, NumberInput, Select, SimpleGrid, Stack, Switch, Text, TextInput } from '@mantine/core'
import { IconPencil } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { drillChoices, drills, type DrillChoice } from '#contract/drills.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import { schedules } from '#contract/schedules.ts'
import type { SystemView } from '#contract/systems.ts'
import { useAct, useReply } from '#ui/call.ts'
import { Facts } from '#ui/parts/facts.tsx'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { Loaded, TextSkeleton } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { useMay } from '#ui/session.ts'

type Policy = NonNullable<ReplyOf<typeof drills.policy>['policy']>

const choiceWords: Readonly<Record<DrillChoice, string>> = {
  newest: 'the newest backup',
  'random-older': 'an older one, chosen at random',
  alternating: 'the newest and an older one in turn',
}

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
            <Modal opened={isOpen} onClose={() => setIsOpen(false)} title={<Text fw={650}>When it is drilled</Text>}>
              {isOpen && <PolicyForm systemId={id} policy={policy} onClose={() => setIsOpen(false)} />}
            </Modal>
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

interface PolicyFormProps {
  readonly systemId: string
  readonly policy: Policy | null
  readonly onClose: () => void
}

function PolicyForm({ systemId, policy, onClose }: PolicyFormProps) {
  const act = useAct(drills.setPolicy, ['drills', 'health'])
  const [isActive, setIsActive] = useState(policy?.isActive ?? true)
  const [cron, setCron] = useState(policy === null ? '0 4 * * 0' : (policy.cronExpression ?? ''))
  const [timeZone, setTimeZone] = useState(policy?.timeZone ?? readersZone())
  const [nth, setNth] = useState<number | ''>(policy?.everyNthBackup ?? '')
  const [choice, setChoice] = useState<DrillChoice>(policy?.choice ?? 'alternating')
  const [days, setDays] = useState<number | ''>(policy?.overdueAfterDays ?? 35)
  const body = {
    isActive,
    cronExpression: cron.trim() === '' ? null : cron.trim(),
    timeZone: timeZone.trim(),
    everyNthBackup: nth === '' ? null : nth,
    choice,
    overdueAfterDays: days === '' ? 35 : days,
  }
  const number = (set: (value: number | '') => void) => (value: string | number) => set(typeof value === 'number' ? value : '')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        act.mutate({ params: { id: systemId }, body }, { onSuccess: onClose })
      }}
    >
      <Stack gap="sm">
        <Switch label="Drill it by itself" checked={isActive} onChange={(event) => setIsActive(event.currentTarget.checked)} />
        <TextInput
          label="At these times"
          description="Minute, hour, day of month, month, day of week. 0 4 * * 0 is Sundays at 04:00. Empty: not by the clock."
          value={cron}
          onChange={(event) => setCron(event.currentTarget.value)}
        />
        <TextInput label="Time zone" value={timeZone} onChange={(event) => setTimeZone(event.currentTarget.value)} />
        <NumberInput label="And after so many backups" placeholder="no" min={1} max={1000} value={nth} onChange={number(setNth)} />
        <Select
          label="Restores"
          allowDeselect={false}
          data={drillChoices.map((value) => ({ value, label: choiceWords[value] }))}
          value={choice}
          onChange={(next) => setChoice(drillChoices.find((one) => one === next) ?? 'alternating')}
        />
        <NumberInput
          label="Tell people after so many days without one that passed"
          min={1}
          max={3650}
          value={days}
          onChange={number(setDays)}
        />
        <Refusal error={act.error} />
        <FormButtons submit="Save" isBusy={act.isPending} onCancel={onClose} />
      </Stack>
    </form>
  )
}

function readersZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone
}

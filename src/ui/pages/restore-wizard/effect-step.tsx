import { Button, Group, Stack, Text } from '@mantine/core'
import { hintOf } from '#ui/hints.ts'
import { IconArrowLeft, IconArrowRight, IconPrinter, IconRefresh } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { PlanView } from '#contract/restores.ts'
import { printLeft } from '#ui/instants.ts'
import { JobProgress } from '#ui/parts/job-progress.tsx'
import { Section } from '#ui/parts/page.tsx'
import { useNow } from '#ui/parts/time.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { useMay } from '#ui/session.ts'
import { capitalized } from '#ui/words.ts'
import { DownloadPlan } from './download-plan.tsx'
import { LookNow } from './integrity.tsx'
import { PlanEffect } from './plan-effect.tsx'
import { missingRoles, type BackupParts } from './scope-order.ts'
import { RecordsStep } from './records-step.tsx'
import { stateOfPlan } from './words-of-plan.ts'
import { isDecided } from './words-of-records.ts'

interface EffectProps {
  readonly plan: PlanView
  readonly parts: BackupParts | undefined
  /** The plan that this one was made in place of. */
  readonly from: string | undefined
  readonly onScope: () => void
  readonly onSign: () => void
  /** Another plan in place of this one. */
  readonly onPlan: (planId: string) => void
}

/** Step 3. What would happen, before anything does. */
export function EffectStep(props: EffectProps) {
  const { plan, onScope } = props
  const now = useNow(1_000)
  const state = stateOfPlan(plan, now)
  if (state === 'planning')
    return (
      <Section title="The plan is made" lead="The backup and the target are read and compared. Nothing is changed by it.">
        {plan.runId !== null && <JobProgress runId={plan.runId} />}
      </Section>
    )
  if (state === 'failed') return <NoPlan {...props} />
  if (plan.records !== null) {
    const { records } = plan
    return (
      <RecordsStep
        key={plan.id}
        plan={plan}
        records={records}
        from={props.from}
        onPlan={props.onPlan}
        next={state === 'expired' ? <Expired onScope={onScope} /> : <GoOn {...props} isBlocked={!isDecided(records)} />}
        nextWhileChanged={state === 'expired' ? <Expired onScope={onScope} /> : <GoOn {...props} isBlocked />}
      />
    )
  }
  return (
    <Stack gap="lg">
      {plan.summary && <PlanEffect systemName={plan.systemName} summary={plan.summary} systemId={plan.systemId} />}
      <Section title="Look once more" lead="Whether it could be carried out at this moment. Changes nothing.">
        <LookNow of={{ planId: plan.id }} label="Check this plan now" />
      </Section>
      {state === 'expired' ? <Expired onScope={onScope} /> : <GoOn {...props} />}
    </Stack>
  )
}

function GoOn({ plan, onScope, onSign, isBlocked = false }: EffectProps & { readonly isBlocked?: boolean }) {
  const may = useMay()
  const canOrder = may('restores.execute', plan.tenantId)
  return (
    <Stack gap="sm">
      {!canOrder && (
        <Note tone="neutral" title="Your role plans restores; somebody else orders them">
          <Text size="sm">
            Send the address of the plan to an administrator or a restore approver. Time left for it: <PlanLeft plan={plan} />.
          </Text>
        </Note>
      )}
      <Group justify="space-between">
        <Button variant="default" leftSection={<IconArrowLeft size={16} aria-hidden />} onClick={onScope}>
          Change what or where
        </Button>
        <Group>
          <Button
            variant="default"
            leftSection={<IconPrinter size={16} aria-hidden />}
            renderRoot={(props) => <Link to="/restore/plans/$id" params={{ id: plan.id }} {...props} />}
          >
            The plan as a page
          </Button>
          {plan.records && <DownloadPlan plan={plan} />}
          {canOrder && (
            <Button rightSection={<IconArrowRight size={16} aria-hidden />} disabled={isBlocked} onClick={onSign}>
              Go on to sign
            </Button>
          )}
        </Group>
      </Group>
      <Text size="sm" c="dimmed" ta="end">
        Nothing has happened yet. Time left for this plan: <PlanLeft plan={plan} />.
      </Text>
    </Stack>
  )
}

/** `23 h 59 min`, counting down. */
export function PlanLeft({ plan: { expiresAt } }: { readonly plan: Pick<PlanView, 'expiresAt'> }) {
  const now = useNow(1_000)
  if (expiresAt === null) return <>not known</>
  return <time dateTime={expiresAt}>{printLeft(expiresAt, now)?.replace(/ left$/, '') ?? 'none'}</time>
}

function Expired({ onScope }: Pick<EffectProps, 'onScope'>) {
  return (
    <Note tone="warning" title="This plan has expired">
      <Text size="sm">What it was made from may have changed. Nothing was done by it.</Text>
      <Button mt="xs" leftSection={<IconRefresh size={16} aria-hidden />} onClick={onScope}>
        Plan again
      </Button>
    </Note>
  )
}

const advice: Readonly<Record<string, string>> = {
  RESTORE_ROLE_MISSING: 'Go back and choose under “Roles”: create them, or name another one that stands for them.',
  RESTORE_SPACE_UNKNOWN: 'Go back and say under “Free space” how much the server has free.',
  RESTORE_SPACE: 'Free space there, or restore elsewhere: another server, another directory.',
  ROOT_IN_USE: 'Stop the programs that have files open there, or give the system hooks that stop and start them. Or restore elsewhere.',
  ENTITY_UNKNOWN: 'Look at kind and key, or choose a backup from before the record was deleted.',
  ENTITY_KEY: 'Go back and type the key as the application shows it.',
  USAGE: 'Go back and choose another place or another scope.',
}

/** A plan that could not be made: why, and what to change. */
function NoPlan({ plan, parts, onScope }: EffectProps) {
  const { fault, runId } = plan
  const roles = fault && parts ? missingRoles(fault.fact, parts) : []
  return (
    <Stack gap="lg">
      <div role="alert">
        <Note tone="bad" title={capitalized(fault?.fact ?? 'the plan could not be made')}>
          <Text size="sm">{advice[fault?.code ?? ''] ?? (fault && hintOf(fault))}</Text>
          {fault?.code === 'RESTORE_ROLE_MISSING' && roles.length > 0 && <Text size="sm">Missing: {roles.join(', ')}</Text>}
          <Text size="sm">Nothing was changed.</Text>
          <Text size="xs" component="code">
            {fault?.code}
          </Text>
        </Note>
      </div>
      <Group>
        <Button leftSection={<IconArrowLeft size={16} aria-hidden />} onClick={onScope}>
          Change what or where
        </Button>
      </Group>
      {runId !== null && (
        <Section title="What the service tried">
          <JobProgress runId={runId} />
        </Section>
      )}
    </Stack>
  )
}

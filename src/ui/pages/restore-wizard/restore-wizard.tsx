import { Skeleton, Stack, Stepper, Text } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { backups } from '#contract/backups.ts'
import { restores, type PlanView } from '#contract/restores.ts'
import { systems } from '#contract/systems.ts'
import { useAct, useReply } from '#ui/call.ts'
import { useHandedRecord } from '#ui/handed-record.ts'
import { CardSkeletons, Loaded } from '#ui/parts/loaded.tsx'
import { Page } from '#ui/parts/page.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { useSearchState } from '#ui/search.ts'
import { RestoreBody } from '#ui/pages/restores/restore-body.tsx'
import { ChooseBackup } from './choose-backup.tsx'
import { EffectStep } from './effect-step.tsx'
import { firstChoice, withHanded, type BackupParts, type ScopeChoice } from './scope-order.ts'
import { SignRecords } from './records-sign.tsx'
import { ScopeStep } from './scope-step.tsx'
import { SignStep } from './sign-step.tsx'
import { stepOf, wizardSchema, wizardSteps, type WizardAddress, type WizardStep } from './wizard-address.ts'

const stepWords: Readonly<Record<WizardStep, string>> = {
  backup: 'Backup',
  scope: 'What and where',
  effect: 'What would happen',
  sign: 'Sign',
  restore: 'Restore',
}

type Move = (part: Partial<WizardAddress>) => void

/** From a backup to the receipt. Every step stands in the address: it can be left, sent on, and come back to. */
export function RestoreWizard() {
  const [address, change] = useSearchState(wizardSchema)
  const navigate = useNavigate()
  // A step forward is one step back for the browser's own button.
  const move: Move = (part) => void navigate({ to: '.', search: (before: Record<string, unknown>) => ({ ...before, ...part }) })
  const plan = useReply(restores.plan, { params: { id: address.plan ?? '' } }, { isAsked: address.plan !== undefined })
  const known = plan.data?.id === address.plan ? plan.data : undefined
  const step = stepOf(address, known !== undefined && known.usedAt !== null)
  const [choices, setChoices] = useState<Readonly<Record<string, ScopeChoice>>>({})
  const handed = useHandedRecord('restore')
  const top = useFocusOnStep(step)
  const keep = (backupId: string, choice: ScopeChoice) => setChoices((before) => ({ ...before, [backupId]: choice }))
  return (
    <Page title="Restore" lead="Nothing is changed before the last step, and what a restore replaces can be put back.">
      <Steps step={step} />
      <div ref={top} tabIndex={-1} role="region" aria-label={`Step: ${stepWords[step]}`} style={{ outline: 'none' }}>
        {step === 'backup' && (
          <ChooseBackup address={address} change={change} onGoOn={(backup) => move({ backup, step: 'scope', plan: undefined })} />
        )}
        {step === 'scope' && <Scope backupId={address.backup!} choices={choices} handed={handed} keep={keep} move={move} />}
        {(step === 'effect' || step === 'sign' || step === 'restore') && (
          <Loaded reply={plan} skeleton={<CardSkeletons />}>
            {(data) =>
              data.id === address.plan ? <Planned plan={data} step={step} from={address.from} move={move} /> : <Skeleton height={200} />
            }
          </Loaded>
        )}
      </div>
    </Page>
  )
}

/** Whoever hears the page, or uses the keyboard, is led to the new step; not when the page was just opened. */
function useFocusOnStep(step: WizardStep) {
  const top = useRef<HTMLDivElement>(null)
  const before = useRef(step)
  useEffect(() => {
    if (before.current !== step) {
      top.current?.focus({ preventScroll: true })
      window.scrollTo({ top: 0 })
    }
    before.current = step
  }, [step])
  return top
}

function Steps({ step }: { readonly step: WizardStep }) {
  const active = wizardSteps.indexOf(step)
  return (
    <>
      <Stepper
        active={active}
        size="xs"
        iconSize={28}
        visibleFrom="sm"
        className="no-print"
        aria-label={`Step ${active + 1} of 5: ${stepWords[step]}`}
      >
        {wizardSteps.map((one) => (
          <Stepper.Step key={one} label={stepWords[one]} aria-current={one === step ? 'step' : undefined} />
        ))}
      </Stepper>
      <Text hiddenFrom="sm" fw={600}>
        Step {active + 1} of 5: {stepWords[step]}
      </Text>
    </>
  )
}

interface ScopePartProps {
  readonly backupId: string
  readonly choices: Readonly<Record<string, ScopeChoice>>
  /** A record whose history was looked at, and the backup from which it is wanted. */
  readonly handed: ReturnType<typeof useHandedRecord>
  readonly keep: (backupId: string, choice: ScopeChoice) => void
  readonly move: Move
}

function Scope({ backupId, choices, handed, keep, move }: ScopePartProps) {
  const backup = useReply(backups.details, { params: { id: backupId } })
  const systemId = backup.data?.systemId ?? null
  const system = useReply(systems.details, { params: { id: systemId ?? '' } }, { isAsked: systemId !== null })
  const preview = useAct(restores.preview, ['restores', 'jobs'])
  return (
    <Loaded reply={backup} skeleton={<CardSkeletons />}>
      {({ id, manifest, createdAt, type }) => {
        if (id !== backupId || (systemId !== null && system.data?.id !== systemId))
          return system.error ? <Loaded reply={system}>{() => null}</Loaded> : <CardSkeletons />
        if (manifest === null)
          return (
            <Note tone="bad" title="It is not known what this backup holds">
              <Text size="sm">Choose another one.</Text>
            </Note>
          )
        const own = systemId === null ? null : system.data!
        const choice = choices[backupId] ?? withHanded(firstChoice(manifest, own, type), handed?.id === backupId ? handed.wish : undefined)
        return (
          <Stack gap="lg">
            <Text>
              From the backup of{' '}
              <strong>
                <Instant at={createdAt} />
              </strong>
            </Text>
            <ScopeStep
              backupId={backupId}
              type={type}
              systemId={systemId}
              parts={manifest}
              own={own}
              choice={choice}
              change={(part) => keep(backupId, { ...choice, ...part })}
              isBusy={preview.isPending}
              error={preview.error}
              onPlan={(body) =>
                preview.mutate({ body }, { onSuccess: ({ planId }) => move({ plan: planId, from: undefined, step: undefined }) })
              }
              onBack={() => move({ step: undefined, plan: undefined })}
            />
          </Stack>
        )
      }}
    </Loaded>
  )
}

interface PlannedProps {
  readonly plan: PlanView
  readonly step: WizardStep
  readonly from: string | undefined
  readonly move: Move
}

function Planned({ plan, step, from, move }: PlannedProps) {
  const { summary, backupId } = plan
  const backup = useReply(backups.details, { params: { id: backupId } }, { isAsked: plan.status === 'failed' })
  const parts: BackupParts | undefined = backup.data?.manifest ?? undefined
  if (step === 'restore') return <RestoreBody id={plan.id} />
  if (step === 'sign' && plan.records !== null)
    return <SignRecords plan={plan} records={plan.records} onBack={() => move({ step: undefined })} />
  if (step === 'sign' && summary !== null) return <SignStep plan={{ ...plan, summary }} onBack={() => move({ step: undefined })} />
  return (
    <EffectStep
      plan={plan}
      parts={parts}
      from={from}
      onScope={() => move({ backup: backupId, plan: undefined, from: undefined, step: 'scope' })}
      onSign={() => move({ step: 'sign' })}
      onPlan={(planId) => move({ plan: planId, from: plan.id, step: undefined })}
    />
  )
}

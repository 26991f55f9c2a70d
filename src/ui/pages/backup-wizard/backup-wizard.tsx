import { Button, Group, Stack } from '@mantine/core'
import { IconArchive } from '@tabler/icons-react'
import { useState } from 'react'
import { z } from 'zod'
import { backups } from '#contract/backups.ts'
import { uuidSchema } from '#contract/shapes.ts'
import { systems, type SystemView } from '#contract/systems.ts'
import { useAct, useReply } from '#ui/call.ts'
import { Refusal } from '#ui/parts/refusal.tsx'
import { CardSkeletons, Loaded } from '#ui/parts/loaded.tsx'
import { Page, Section } from '#ui/parts/page.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { WizardSteps } from '#ui/parts/wizard-steps.tsx'
import { useSearchState } from '#ui/search.ts'
import { useMay } from '#ui/session.ts'
import { emptyBackup, fitted, lackIn, orderOf, type BackupDraft } from './backup-draft.ts'
import { BackupRun } from './backup-run.tsx'
import { ChooseStep, NoSystem } from './choose-step.tsx'
import { OptionsStep } from './options-step.tsx'
import { ReviewStep } from './review-step.tsx'

const searchSchema = z.object({ system: uuidSchema.optional(), run: uuidSchema.optional() })
const steps = ['What', 'Options', 'Review and start'] as const
const trail = [{ title: 'Backups', to: '/backups' }]

/** A run in the address: its progress and its result, also after the page was loaded again. */
export function BackupWizard() {
  const [{ run, system }, change] = useSearchState(searchSchema)
  const may = useMay()
  const reply = useReply(systems.list, { query: { pageSize: 200 } })
  if (run !== undefined) return <BackupRun runId={run} onAgain={() => change({ run: undefined })} />
  return (
    <Page title="Back up now" lead="A backup of one system, made at once." trail={trail}>
      <Loaded
        reply={reply}
        skeleton={<CardSkeletons count={2} />}
        isEmpty={({ rows }) => !rows.some(({ tenantId }) => may('backups.create', tenantId))}
        empty={<NoSystem />}
      >
        {({ rows }) => (
          <Wizard
            systems={rows.filter(({ tenantId }) => may('backups.create', tenantId))}
            systemId={system}
            onSystem={(id) => change({ system: id })}
            onStarted={(runId) => change({ run: runId })}
          />
        )}
      </Loaded>
    </Page>
  )
}

interface WizardProps {
  readonly systems: readonly SystemView[]
  readonly systemId: string | undefined
  readonly onSystem: (id: string) => void
  readonly onStarted: (runId: string) => void
}

function Wizard({ systems: known, systemId, onSystem, onStarted }: WizardProps) {
  const [draft, setDraft] = useState<BackupDraft>(emptyBackup)
  const [step, setStep] = useState(0)
  const act = useAct(backups.create, ['backups', 'jobs', 'health'])
  const system = known.find(({ id }) => id === systemId) ?? (known.length === 1 ? known[0] : undefined)
  const [isTried, setIsTried] = useState(false)
  const wanted = system ? fitted(draft, system) : draft
  const lack = lackIn(wanted, system?.settings.masks)
  const change = (part: Partial<BackupDraft>) => setDraft({ ...wanted, ...part })
  const goOn = (to: number) => {
    setIsTried(lack !== undefined)
    if (lack === undefined) setStep(to)
  }
  const start = () => system && act.mutate({ body: orderOf(system.id, wanted) }, { onSuccess: ({ runId }) => onStarted(runId) })
  return (
    <>
      <WizardSteps label="Back up now" steps={steps} active={step} onGo={setStep} />
      <Section title={steps[step]}>
        <form
          onSubmit={(event) => {
            event.preventDefault()
            if (step < 2) goOn(step + 1)
            else start()
          }}
        >
          <Stack gap="md" maw={900}>
            {step === 0 && <ChooseStep systems={known} system={system} draft={wanted} onSystem={onSystem} onChange={change} />}
            {step === 0 && isTried && lack !== undefined && (
              <div role="alert">
                <Note tone="bad" title={lack} />
              </div>
            )}
            {step === 1 && system && <OptionsStep system={system} draft={wanted} onChange={change} />}
            {step === 2 && system && <ReviewStep system={system} draft={wanted} />}
            <Refusal error={act.error} />
            <WizardButtons
              step={step}
              isReady={system !== undefined}
              isBusy={act.isPending}
              onBack={() => setStep(step - 1)}
              onSkip={() => goOn(2)}
            />
          </Stack>
        </form>
      </Section>
    </>
  )
}

interface WizardButtonsProps {
  readonly step: number
  readonly isReady: boolean
  readonly isBusy: boolean
  readonly onBack: () => void
  readonly onSkip: () => void
}

function WizardButtons({ step, isReady, isBusy, onBack, onSkip }: WizardButtonsProps) {
  return (
    <Group justify="flex-end">
      {step > 0 && (
        <Button variant="default" onClick={onBack}>
          Back
        </Button>
      )}
      {step === 0 && (
        <Button variant="default" disabled={!isReady} onClick={onSkip}>
          Skip the options
        </Button>
      )}
      <Button
        type="submit"
        disabled={!isReady}
        loading={isBusy}
        {...(step === 2 && { leftSection: <IconArchive size={16} aria-hidden /> })}
      >
        {step === 2 ? 'Start the backup' : `Next: ${steps[step + 1]!.toLowerCase()}`}
      </Button>
    </Group>
  )
}

import { Button, Group, Stack } from '@mantine/core'
import { useState } from 'react'
import { z } from 'zod'
import { RemoteFault } from '#contract/client.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import { systems } from '#contract/systems.ts'
import { uuidSchema } from '#contract/shapes.ts'
import { useAct } from '#ui/call.ts'
import { Refusal } from '#ui/parts/refusal.tsx'
import { Page, Section } from '#ui/parts/page.tsx'
import { WizardSteps } from '#ui/parts/wizard-steps.tsx'
import { useSearchState } from '#ui/search.ts'
import { capitalized } from '#ui/words.ts'
import { Connected } from './connected.tsx'
import { IdentityForm } from './identity-form.tsx'
import { RepositoryChoice } from './repository-choice.tsx'
import { SettingsForm } from './settings-form.tsx'
import { SourcesForm } from './sources-form.tsx'
import { bodyOf, emptyDraft, errorsBelow, errorsOf, type DraftErrors, type SystemDraft } from './system-draft.ts'
import { TestStep } from './test-step.tsx'

const searchSchema = z.object({ repository: uuidSchema.optional() })

const steps = ['What it is', 'What is backed up', 'Where to, and what is promised', 'Test and connect'] as const
/** Of which fields each step asks. */
const placesOf: readonly (readonly string[])[] = [
  ['name', 'title', 'description', 'tenantId'],
  ['databases', 'roots'],
  ['repositoryId', 'settings', 'requiresSecondApprover'],
]

export function ConnectSystem() {
  const connecting = useConnecting()
  const { step, made } = connecting
  if (made) return <Connected system={made} />
  return (
    <Page
      title="Connect a system"
      lead="A clinical application as your staff know it: its databases, its files, and where its backups go."
      trail={[{ title: 'Systems', to: '/systems' }]}
    >
      <WizardSteps label="Connect a system" steps={steps} active={step} onGo={connecting.go} />
      <Section title={steps[step]}>
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault()
            connecting.goOn()
          }}
        >
          <Stack gap="md" maw={860}>
            <StepContent {...connecting} />
            {step < 3 && <StepButtons step={step} onBack={() => connecting.go(step - 1)} />}
          </Stack>
        </form>
      </Section>
    </Page>
  )
}

type Connecting = ReturnType<typeof useConnecting>

/** The draft, the step at which it is, and what is wrong with it. */
function useConnecting() {
  const [{ repository = '' }] = useSearchState(searchSchema)
  const [draft, setDraft] = useState<SystemDraft>(() => emptyDraft(repository))
  const [step, setStep] = useState(0)
  const [isChecked, setIsChecked] = useState(false)
  const [refused, setRefused] = useState<DraftErrors>({})
  const [made, setMade] = useState<ReplyOf<typeof systems.register>>()
  const register = useAct(systems.register, ['systems', 'health', 'repositories', 'space'])
  const go = (to: number) => {
    setIsChecked(false)
    setStep(to)
  }
  /** To the step whose field it is about. */
  const refuse = (error: unknown) => {
    const field = error instanceof RemoteFault ? error.field : undefined
    const wrong = placesOf.findIndex((places) => Object.keys(errorsBelow({ [field ?? '']: '' }, places)).length > 0)
    if (field === undefined || wrong === -1) return
    setRefused({ [field]: capitalized((error as RemoteFault).message) })
    setStep(wrong)
  }
  return {
    draft,
    step,
    made,
    register,
    go,
    refuse,
    errors: isChecked ? { ...errorsOf(draft), ...refused } : refused,
    change: (part: Partial<SystemDraft>) => {
      setDraft((before) => ({ ...before, ...part }))
      setRefused({})
    },
    goOn: () => {
      const places = placesOf[step]
      if (places === undefined) return
      if (Object.keys(errorsBelow(errorsOf(draft), places)).length === 0) go(step + 1)
      else setIsChecked(true)
    },
    connect: () =>
      register.mutate(
        { body: { ...bodyOf(draft), name: draft.name.trim(), tenantId: draft.tenantId } },
        { onSuccess: setMade, onError: refuse },
      ),
  }
}

function StepContent({ step, draft, errors, change, register, refuse, connect }: Connecting) {
  const form = { draft, errors, onChange: change }
  if (step === 0) return <IdentityForm {...form} isNew />
  if (step === 1) return <SourcesForm {...form} />
  if (step === 2)
    return (
      <>
        <RepositoryChoice {...form} />
        <SettingsForm {...form} />
      </>
    )
  return (
    <>
      <TestStep draft={draft} isBusy={register.isPending} onRefused={refuse} onConnect={connect} />
      <Refusal error={register.error} />
    </>
  )
}

function StepButtons({ step, onBack }: { readonly step: number; readonly onBack: () => void }) {
  return (
    <Group justify="flex-end" mt="md">
      {step > 0 && (
        <Button variant="default" onClick={onBack}>
          Back
        </Button>
      )}
      <Button type="submit">Next: {steps[step + 1]!.toLowerCase()}</Button>
    </Group>
  )
}

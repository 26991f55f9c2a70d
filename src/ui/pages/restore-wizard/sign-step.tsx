import { Button, Group, Stack, Switch, Text, Textarea } from '@mantine/core'
import { IconArrowLeft } from '@tabler/icons-react'
import { useState } from 'react'
import { restores, type PlanView } from '#contract/restores.ts'
import { useAct } from '#ui/call.ts'
import { Section } from '#ui/parts/page.tsx'
import { ConfirmForm } from '#ui/parts/confirm.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { LossStatement } from './loss-statement.tsx'
import { PlanLeft } from './effect-step.tsx'
import { meaningOf, replaces } from './words-of-plan.ts'

interface SignProps {
  readonly plan: PlanView & { readonly summary: NonNullable<PlanView['summary']> }
  readonly onBack: () => void
}

/** Step 4. The last look, and the signature that begins it. */
export function SignStep({ plan, onBack }: SignProps) {
  const { id, systemName, summary, requiresSecondApprover } = plan
  const execute = useAct(restores.execute, ['restores', 'jobs', 'signatures', 'health'])
  const [isSafe, setIsSafe] = useState(true)
  const [without, setWithout] = useState('')
  const hasSafety = isSafe || !replaces(summary)
  return (
    <Stack gap="lg">
      <LossStatement summary={summary} />
      <Section
        title={requiresSecondApprover ? `Order the restore of ${systemName}` : `Restore ${systemName} now`}
        lead={
          <>
            To <Instant at={summary.backupAt} />, as planned. Time left for the plan: <PlanLeft plan={plan} />.
          </>
        }
      >
        <ConfirmForm
          typed={systemName}
          asksReason
          meaning={meaningOf('order', systemName, summary)}
          submit={requiresSecondApprover ? 'Sign, and ask a second person' : `Sign and restore ${systemName}`}
          isBusy={execute.isPending}
          error={execute.error}
          isBlocked={!hasSafety && without.trim() === ''}
          onConfirm={({ confirm, reason, signature }) =>
            execute.mutate({
              body: { planId: id, confirm, reason, signature, ...(!hasSafety && { withoutSafetyBackup: { reason: without.trim() } }) },
            })
          }
        >
          <WhatFollows isSecondNeeded={requiresSecondApprover} hasSafety={hasSafety} isReplacing={replaces(summary)} />
          {replaces(summary) && <SafetyChoice isSafe={isSafe} onSafe={setIsSafe} without={without} onWithout={setWithout} />}
        </ConfirmForm>
      </Section>
      <Group>
        <Button variant="default" leftSection={<IconArrowLeft size={16} aria-hidden />} onClick={onBack}>
          Back to what would happen
        </Button>
      </Group>
    </Stack>
  )
}

interface SafetyProps {
  readonly isSafe: boolean
  readonly onSafe: (isSafe: boolean) => void
  readonly without: string
  readonly onWithout: (reason: string) => void
}

function SafetyChoice({ isSafe, onSafe, without, onWithout }: SafetyProps) {
  return (
    <>
      <Switch
        label="Make a safety backup of what is live first"
        description="Leave it on unless every minute counts or there is nothing left worth keeping."
        checked={isSafe}
        onChange={(event) => onSafe(event.currentTarget.checked)}
      />
      {!isSafe && (
        <>
          <Note tone="bad" title="Without a safety backup, what is replaced exists in one place alone">
            <Text size="sm">It is kept on the same disks, until it is released. When those are lost, so is it.</Text>
          </Note>
          <Textarea
            label="Why without a safety backup"
            required
            maxLength={500}
            autosize
            minRows={2}
            value={without}
            onChange={(event) => onWithout(event.currentTarget.value)}
          />
        </>
      )}
    </>
  )
}

interface FollowsProps {
  readonly isSecondNeeded: boolean
  readonly hasSafety: boolean
  readonly isReplacing: boolean
}

function WhatFollows({ isSecondNeeded, hasSafety, isReplacing }: FollowsProps) {
  const steps = [
    ...(isSecondNeeded ? ['A second person reads the plan and signs as well. Until then nothing begins.'] : []),
    ...(isReplacing && hasSafety ? ['What is live is backed up.'] : []),
    'The backup is restored beside what is live, and every table, row and file is compared with the backup. A difference ends it here.',
    isReplacing
      ? 'Then both change places: only now does what is live change. What it replaced is kept for 24 hours and can be put back.'
      : 'Then it gets its name. What is live is not touched.',
  ]
  return (
    <Note
      tone={isSecondNeeded ? 'warning' : 'neutral'}
      title={isSecondNeeded ? 'This system wants two signatures' : 'What follows your signature'}
    >
      <ol style={{ margin: 0, paddingInlineStart: '1.2rem', fontSize: 'var(--mantine-font-size-sm)' }}>
        {steps.map((step) => (
          <li key={step}>
            <Text size="sm">{step}</Text>
          </li>
        ))}
      </ol>
    </Note>
  )
}

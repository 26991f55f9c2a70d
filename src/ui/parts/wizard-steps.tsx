import { Stepper } from '@mantine/core'

interface WizardStepsProps {
  readonly label: string
  readonly steps: readonly string[]
  readonly active: number
  /** Back to one that was passed. */
  readonly onGo: (step: number) => void
}

/** Where one is among the steps of a form in parts; those that were passed can be gone back to. */
export function WizardSteps({ label, steps, active, onGo }: WizardStepsProps) {
  return (
    <Stepper
      active={active}
      onStepClick={onGo}
      size="sm"
      iconSize={30}
      role="group"
      aria-label={`${label}: step ${active + 1} of ${steps.length}, ${steps[active]}`}
      className="wizard-steps no-print"
    >
      {steps.map((words, step) => (
        <Stepper.Step key={words} label={words} allowStepSelect={step < active} {...(step === active && { 'aria-current': 'step' })} />
      ))}
    </Stepper>
  )
}

import { z } from 'zod'
import { uuidSchema } from '#contract/shapes.ts'

export const ranges = ['day', 'week', 'month', 'year', 'all'] as const

/** All that the wizard shows stands in its address, but for what somebody is just filling in. */
export const wizardSchema = z.object({
  system: uuidSchema.optional(),
  backup: uuidSchema.optional(),
  plan: uuidSchema.optional(),
  /** The plan that this one was made in place of. */
  from: uuidSchema.optional(),
  step: z.enum(['scope', 'sign']).optional(),
  view: z.enum(['timeline', 'list']).default('timeline'),
  range: z.enum(ranges).default('month'),
  page: z.coerce.number().int().min(1).default(1),
})
export type WizardAddress = z.output<typeof wizardSchema>

export const wizardSteps = ['backup', 'scope', 'effect', 'sign', 'restore'] as const
export type WizardStep = (typeof wizardSteps)[number]

/** A plan that was taken is being carried out, or was: then that is what there is to see. */
export function stepOf({ backup, plan, step }: Pick<WizardAddress, 'backup' | 'plan' | 'step'>, isPlanUsed: boolean): WizardStep {
  if (plan !== undefined) return isPlanUsed ? 'restore' : step === 'sign' ? 'sign' : 'effect'
  return backup !== undefined && step === 'scope' ? 'scope' : 'backup'
}

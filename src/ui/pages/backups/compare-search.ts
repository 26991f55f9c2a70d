import { z } from 'zod'
import { tableChanges } from '#contract/backup-content.ts'
import { pageQuery, uuidSchema } from '#contract/shapes.ts'

export const compareSearchSchema = z.object({
  ...pageQuery,
  a: uuidSchema.optional().catch(undefined),
  b: uuidSchema.optional().catch(undefined),
  change: z
    .enum([...tableChanges, 'any', 'different'])
    .default('different')
    .catch('different'),
})

export interface CompareState {
  readonly search: z.output<typeof compareSearchSchema>
  readonly onChange: (change: Partial<z.input<typeof compareSearchSchema>>) => void
}

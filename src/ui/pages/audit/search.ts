import { z } from 'zod'
import { instantSchema, pageQuery, uuidSchema } from '#contract/shapes.ts'

/** What stands in the address. What somebody searches for as text does not: nobody knows what they type. */
export const searchSchema = z.object({
  ...pageQuery,
  actorId: uuidSchema.optional(),
  actorKind: z.enum(['user', 'key', 'system', 'nobody']).optional(),
  action: z.string().max(100).optional(),
  outcome: z.enum(['done', 'refused']).optional(),
  subjectId: z.string().max(64).optional(),
  tenantId: uuidSchema.optional(),
  from: instantSchema.optional(),
  to: instantSchema.optional(),
  /** The one whose details are open. */
  event: uuidSchema.optional(),
})
export type Search = z.output<typeof searchSchema>
export type Change = (change: Partial<z.input<typeof searchSchema>>) => void

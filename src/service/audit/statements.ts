import { z } from 'zod'
import { signatureSchema } from '#engine/repository/proof-key.ts'

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/)

const placeSchema = {
  format: z.literal(1),
  installation: z.string().regex(/^[0-9a-f]{32}$/),
  seq: z.number().int().nonnegative(),
  hash: sha256Schema,
}

/** Where the trail ends, signed anew with each event: whoever cuts events off cannot say where it ended before. */
export const headSchema = z.strictObject({ kind: z.literal('audit-head'), ...placeSchema, signature: signatureSchema })
export type SignedHead = z.infer<typeof headSchema>

/** What the trail was at an instant. A copy lies in each repository. */
export const checkpointSchema = z.strictObject({
  kind: z.literal('audit-checkpoint'),
  ...placeSchema,
  at: z.iso.datetime(),
  signature: signatureSchema,
})
export type SignedCheckpoint = z.infer<typeof checkpointSchema>

import { z } from 'zod'
import { isSignatureValid, signatureSchema } from '#engine/repository/proof-key.ts'
import { checkpointSchema, type SignedCheckpoint } from '#engine/repository/checkpoints.ts'

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/)
const installationSchema = z.string().regex(/^[0-9a-f]{32}$/)
const seqSchema = z.number().int().nonnegative()

/** Where the trail ends, signed anew with each event: whoever cuts events off cannot say where it ended before. */
export const headSchema = z.strictObject({
  kind: z.literal('audit-head'),
  format: z.literal(1),
  installation: installationSchema,
  seq: seqSchema,
  hash: sha256Schema,
  signature: signatureSchema,
})
export type SignedHead = z.infer<typeof headSchema>

/** The first line of an export: what the lines below it hold, signed when it was made. */
export const exportHeaderSchema = z.strictObject({
  kind: z.literal('audit-export'),
  format: z.literal(1),
  installation: installationSchema,
  firstSeq: seqSchema,
  lastSeq: seqSchema,
  previousHash: sha256Schema,
  lastHash: sha256Schema,
  /** What was asked for; null: no bound. */
  from: z.string().nullable(),
  to: z.string().nullable(),
  /** Whose events are shown; null: everybody's. */
  tenants: z.array(z.string()).nullable(),
  /** Of the installation up to now, in their order: with the one that signed this, all of them are known. */
  keys: z.array(sha256Schema).max(1_000),
  at: z.iso.datetime(),
  by: z.string(),
  signature: signatureSchema,
})
export type ExportHeader = z.infer<typeof exportHeaderSchema>

const eventSchema = z.strictObject({
  seq: seqSchema,
  id: z.string(),
  tenantId: z.string().nullable(),
  at: z.string(),
  actorKind: z.enum(['user', 'key', 'system', 'nobody']),
  actorId: z.string().nullable(),
  actorName: z.string(),
  address: z.string(),
  requestId: z.string().nullable(),
  action: z.string(),
  outcome: z.enum(['done', 'refused']),
  subjectKind: z.string().nullable(),
  subjectId: z.string().nullable(),
  subjectName: z.string().nullable(),
  reason: z.string().nullable(),
  before: z.unknown(),
  after: z.unknown(),
  facts: z.record(z.string(), z.unknown()),
})

/** The lines below the first. */
export const exportLineSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('event'), event: eventSchema, previousHash: sha256Schema, hash: sha256Schema }),
  // An event that whoever asked may not read, or that is out of what was asked for: in its place, without what it says.
  z.strictObject({ kind: z.literal('other'), seq: seqSchema, contentHash: sha256Schema }),
  checkpointSchema,
  headSchema,
])
export type ExportLine = z.infer<typeof exportLineSchema>

export type Statement = SignedHead | SignedCheckpoint | ExportHeader

/** Whoever may write the catalog may write anything where a signature stood. */
export function isTrue(statement: Statement): boolean {
  return signatureSchema.safeParse(statement.signature).success && isSignatureValid(statement)
}

import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { idParamsSchema, instantSchema, pageOf, pageQuery, textSchema, uuidSchema } from './shapes.ts'

const actorKindSchema = z.enum(['user', 'key', 'system', 'nobody'])
const outcomeSchema = z.enum(['done', 'refused'])
const seqSchema = z.number().int().nonnegative()

export const auditEventSchema = z.object({
  /** Its place in the trail, from 1. */
  seq: seqSchema,
  id: uuidSchema,
  tenantId: uuidSchema.nullable(),
  at: instantSchema,
  actorKind: actorKindSchema,
  actorId: uuidSchema.nullable(),
  actorName: z.string(),
  address: z.string(),
  action: z.string(),
  outcome: outcomeSchema,
  subjectKind: z.string().nullable(),
  subjectId: z.string().nullable(),
  subjectName: z.string().nullable(),
  reason: z.string().nullable(),
})
export type AuditEventView = z.infer<typeof auditEventSchema>

export const auditEventDetailsSchema = auditEventSchema.extend({
  requestId: uuidSchema.nullable(),
  /** What the act changed, as it was and as it became. */
  before: z.unknown(),
  after: z.unknown(),
  facts: z.record(z.string(), z.unknown()),
  previousHash: z.string(),
  hash: z.string(),
})

const findingSchema = z.object({
  kind: z.enum(['edited', 'inserted', 'missing', 'truncated', 'rewritten', 'statement', 'key']),
  /** The first event that it is about. */
  seq: seqSchema,
  id: z.string().nullable(),
  at: z.string().nullable(),
  fact: z.string(),
})

const signingKeySchema = z.object({ publicKey: z.string(), fingerprint: z.string() })

export const trailReportSchema = z.object({
  /** True when each event is as it was written, none is missing, and none was added by another hand. */
  isWhole: z.boolean(),
  events: seqSchema,
  lastSeq: seqSchema,
  lastHash: z.string(),
  /** Signed ones that were compared, copies in repositories among them. */
  checkpoints: seqSchema,
  keys: z.array(signingKeySchema),
  /** Where copies were looked for, and what was found there. */
  repositories: z.array(
    z.object({ id: uuidSchema, name: z.string(), copies: seqSchema, lastSeq: seqSchema.nullable(), problem: z.string().nullable() }),
  ),
  /** The first ones, in the order of the trail. */
  findings: z.array(findingSchema),
  findingCount: seqSchema,
})

export const audit = {
  list: endpoint({
    name: 'audit.list',
    method: 'GET',
    path: '/api/v1/audit',
    summary: 'the trail, newest first',
    permission: 'audit.read',
    query: z.strictObject({
      ...pageQuery,
      actorId: uuidSchema.optional(),
      /** The whole name, of an endpoint or of what the system did; with a dot at its end, whatever begins so. */
      action: textSchema(100).optional(),
      outcome: outcomeSchema.optional(),
      actorKind: actorKindSchema.optional(),
      subjectKind: textSchema(64).optional(),
      subjectId: textSchema(64).optional(),
      tenantId: uuidSchema.optional(),
      from: instantSchema.optional(),
      to: instantSchema.optional(),
      /** Anywhere in the action, the actor, the subject or the reason. */
      search: textSchema(100).optional(),
    }),
    reply: pageOf(auditEventSchema),
  }),
  details: endpoint({
    name: 'audit.details',
    method: 'GET',
    path: '/api/v1/audit/{id}',
    summary: 'one event with what it changed',
    permission: 'audit.read',
    params: idParamsSchema,
    reply: auditEventDetailsSchema,
  }),
  checkpoints: endpoint({
    name: 'audit.checkpoints',
    method: 'GET',
    path: '/api/v1/audit/checkpoints',
    summary: 'the signed checkpoints of the trail, newest first, and the key that signs now',
    permission: 'audit.read',
    query: z.strictObject(pageQuery),
    reply: pageOf(z.object({ seq: seqSchema, hash: z.string(), at: instantSchema, ...signingKeySchema.shape })).extend({
      key: signingKeySchema,
      /** Of the trail as it is by now. */
      lastSeq: seqSchema,
      lastHash: z.string(),
    }),
  }),
  verify: endpoint({
    name: 'audit.verify',
    method: 'POST',
    path: '/api/v1/audit/verify',
    summary: 'look whether anybody changed the trail, and say which event',
    description:
      'Reads the whole trail: the hash and the stamp of each event, its link to the one before, every checkpoint, the signed end, and the copies of checkpoints in the repositories.',
    permission: 'audit.read',
    body: z.strictObject({
      /** False: the catalog alone, which is quicker and does not see a trail that was cut off together with its checkpoints and its end. */
      withRepositories: z.boolean().default(true),
    }),
    reply: trailReportSchema,
  }),
  export: endpoint({
    name: 'audit.export',
    method: 'GET',
    path: '/api/v1/audit/export',
    summary: 'the trail as JSON lines, which anybody can verify',
    description:
      'A signed first line, then events, checkpoints and the signed end. An event of a tenant that is not yours, or outside of the time asked for, is its hash alone: its place can be verified, what it says is not told.',
    permission: 'audit.export',
    isAudited: true,
    media: 'application/x-ndjson',
    query: z.strictObject({ from: instantSchema.optional(), to: instantSchema.optional() }),
  }),
  rotateKey: endpoint({
    name: 'audit.rotate-key',
    method: 'POST',
    path: '/api/v1/audit/key/rotate',
    summary: 'sign the trail with a new key from now on',
    description:
      'The key before signs a checkpoint over the event that names the new one, so that a verifier who trusts one trusts the other.',
    permission: 'settings.write',
    body: z.strictObject({ reason: textSchema(500) }),
    reply: z.object({ before: signingKeySchema, after: signingKeySchema }),
  }),
} as const

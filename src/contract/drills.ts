import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { faultSchema, idParamsSchema, instantSchema, pageOf, pageQuery, statusSchema, textSchema, uuidSchema } from './shapes.ts'

/** Why there is a drill: somebody asked for it, so many backups were made since the last one, or its time had come. */
export const drillCauses = ['by-hand', 'every-nth', 'newest', 'random-older'] as const
export type DrillCause = (typeof drillCauses)[number]

/** Which backup a drill that its time brought about restores. */
export const drillChoices = ['newest', 'random-older', 'alternating'] as const
export type DrillChoice = (typeof drillChoices)[number]

const countSchema = z.number().int().nonnegative()

export const drillSchema = z.object({
  id: uuidSchema,
  tenantId: uuidSchema,
  systemId: uuidSchema.nullable(),
  systemName: z.string(),
  backupId: uuidSchema,
  backupName: z.string(),
  backupCreatedAt: instantSchema,
  cause: z.enum(drillCauses),
  status: statusSchema,
  /** Null until something was found out. */
  outcome: z.enum(['proven', 'failed']).nullable(),
  /** Of a failure: the backup is wrong, or else the machine could not do it. */
  isBackupAtFault: z.boolean().nullable(),
  /** From a ready server to the last comparison. */
  restoredInMs: countSchema.nullable(),
  objectiveMs: countSchema.nullable(),
  /** Tables and files that are wrong. */
  findingCount: countSchema,
  fault: faultSchema.nullable(),
  hasReport: z.boolean(),
  runId: uuidSchema.nullable(),
  createdBy: z.string(),
  createdAt: instantSchema,
  endedAt: instantSchema.nullable(),
})
export type DrillView = z.infer<typeof drillSchema>

const assertionOutcomeSchema = z.object({
  name: z.string(),
  database: z.string().nullable(),
  outcome: z.enum(['holds', 'fails', 'refused', 'skipped']),
  fact: z.string().nullable(),
})

export const drillDetailsSchema = drillSchema.extend({
  stages: z.array(z.object({ stage: z.string(), what: z.string(), durationMs: countSchema })),
  /** What was read back from the restored databases and compared; `isVerified` false: it did not come to that. */
  databases: z.array(
    z.object({
      name: z.string(),
      isVerified: z.boolean(),
      tables: countSchema,
      rows: countSchema,
      constraints: countSchema.nullable(),
      indexes: countSchema.nullable(),
      sequences: countSchema.nullable(),
    }),
  ),
  roots: z.array(z.object({ name: z.string(), isVerified: z.boolean(), files: countSchema, bytes: countSchema, notRestored: countSchema })),
  assertions: z.array(assertionOutcomeSchema),
  /** The first of them; the report has all. */
  findings: z.array(z.object({ source: z.string(), what: z.string(), code: z.string(), fact: z.string() })),
})

export type DrillDetails = z.infer<typeof drillDetailsSchema>

export const drillPolicyFields = {
  isActive: z.boolean().default(true),
  /** A drill of the newest backup whenever so many were made since the last one. */
  everyNthBackup: z.number().int().min(1).max(1000).nullable().default(null),
  /** A drill at these times. */
  cronExpression: textSchema(120).nullable().default('0 4 * * 0'),
  timeZone: textSchema(80).default('UTC'),
  choice: z.enum(drillChoices).default('alternating'),
  /** After so long without a drill that passed, people are told. */
  overdueAfterDays: z.number().int().min(1).max(3650).default(35),
}

export const drillPolicySchema = z.object({
  systemId: uuidSchema,
  isActive: z.boolean(),
  everyNthBackup: z.number().int().nullable(),
  cronExpression: z.string().nullable(),
  timeZone: z.string(),
  choice: z.enum(drillChoices),
  overdueAfterDays: z.number().int(),
  nextRunAt: instantSchema.nullable(),
  changedAt: instantSchema,
})

export const drills = {
  start: endpoint({
    name: 'drills.start',
    method: 'POST',
    path: '/api/v1/drills',
    summary: 'restore a backup into a private place now, compare and question it, and keep the evidence',
    permission: 'drills.run',
    status: 202,
    body: z.strictObject({ backupId: uuidSchema }),
    reply: z.object({ drillId: uuidSchema, runId: uuidSchema }),
  }),
  list: endpoint({
    name: 'drills.list',
    method: 'GET',
    path: '/api/v1/drills',
    summary: 'the drills, the newest first',
    permission: 'drills.read',
    isShared: true,
    query: z.strictObject({
      ...pageQuery,
      systemId: uuidSchema.optional(),
      backupId: uuidSchema.optional(),
      outcome: z.enum(['proven', 'failed']).optional(),
    }),
    reply: pageOf(drillSchema),
  }),
  details: endpoint({
    name: 'drills.details',
    method: 'GET',
    path: '/api/v1/drills/{id}',
    summary: 'one drill: its steps, what was asked and answered, what was wrong',
    permission: 'drills.read',
    isShared: true,
    params: idParamsSchema,
    reply: drillDetailsSchema,
  }),
  report: endpoint({
    name: 'drills.report',
    method: 'GET',
    path: '/api/v1/drills/{id}/report',
    summary: 'the signed report of a drill, to the byte',
    description: '`integrum drill check` verifies it without a network.',
    permission: 'drills.report',
    isAudited: true,
    media: 'application/json',
    params: idParamsSchema,
  }),
  trend: endpoint({
    name: 'drills.trend',
    method: 'GET',
    path: '/api/v1/systems/{id}/drills/trend',
    summary: 'how long the restores of drills took, drill by drill, beside the objective',
    permission: 'drills.read',
    isShared: true,
    params: idParamsSchema,
    reply: z.object({
      objectiveMs: countSchema.nullable(),
      points: z.array(
        z.object({ drillId: uuidSchema, at: instantSchema, restoredInMs: countSchema, logicalBytes: countSchema.nullable() }),
      ),
      /** By the drills so far, robustly: how much longer a restore takes each month. Null with fewer than three. */
      growthMsPerMonth: z.number().nullable(),
      /** When it would take longer than the objective; null when it would not within ten years, or nobody can tell. */
      missedFrom: instantSchema.nullable(),
      inWords: z.string(),
    }),
  }),
  policy: endpoint({
    name: 'drills.policy',
    method: 'GET',
    path: '/api/v1/systems/{id}/drill-policy',
    summary: 'when the service drills a system by itself',
    permission: 'drills.read',
    params: idParamsSchema,
    reply: z.object({ policy: drillPolicySchema.nullable() }),
  }),
  setPolicy: endpoint({
    name: 'drills.set-policy',
    method: 'PUT',
    path: '/api/v1/systems/{id}/drill-policy',
    summary: 'say when the service drills a system by itself',
    permission: 'drills.write',
    params: idParamsSchema,
    body: z.strictObject(drillPolicyFields),
    reply: z.object({ policy: drillPolicySchema }),
  }),
} as const

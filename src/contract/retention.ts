import { z } from 'zod'
import { storedTypeSchema } from './backups.ts'
import { endpoint } from './endpoint.ts'
import { idParamsSchema, instantSchema, pageOf, pageQuery, textSchema, uuidSchema } from './shapes.ts'
import { signedWithMeaningSchema } from './signatures.ts'

const countSchema = z.number().int().nonnegative()
const daysMax = 36_500
const ruleSchema = (max: number) => z.number().int().min(0).max(max).default(0)
const reasonSchema = textSchema(500)

export const recordClasses = ['operational', 'record-retention'] as const

/** What a policy keeps of each kind of backup of a system. A rule that is 0 keeps nothing. */
export const keepRulesSchema = z
  .strictObject({
    /** Everything younger than so many days. */
    days: ruleSchema(daysMax),
    /** The newest ones. */
    last: ruleSchema(100_000),
    /** The newest of each day, ISO week, month and year that has any. */
    daily: ruleSchema(daysMax),
    weekly: ruleSchema(10_000),
    monthly: ruleSchema(2_000),
    yearly: ruleSchema(200),
  })
  .refine((keep) => Object.values(keep).some((count) => count > 0), 'a policy that keeps nothing is none: give at least one rule')
export type KeepRules = z.infer<typeof keepRulesSchema>

export const retentionPolicySchema = z
  .strictObject({
    keep: keepRulesSchema,
    /** Whose days, weeks, months and years are meant. */
    timeZone: z
      .string()
      .max(64)
      .regex(/^[A-Za-z][A-Za-z0-9_+/-]*$/, 'the name of a time zone, such as Europe/Berlin')
      .default('UTC'),
    recordClass: z.enum(recordClasses).default('operational'),
    /** Of `record-retention`: nothing younger is deleted, by the policy or by hand. */
    minimumDays: z.number().int().min(0).max(daysMax).default(0),
  })
  .refine(({ recordClass, minimumDays }) => (recordClass === 'operational') === (minimumDays === 0), {
    path: ['minimumDays'],
    message: 'the class record-retention has a minimum of at least one day, the class operational has none',
  })
export type RetentionPolicy = z.infer<typeof retentionPolicySchema>

/** DECISIONS: what holds until somebody sets another. */
export const defaultRetention: RetentionPolicy = {
  keep: { days: 0, last: 0, daily: 7, weekly: 5, monthly: 12, yearly: 0 },
  timeZone: 'UTC',
  recordClass: 'operational',
  minimumDays: 0,
}

const policyInForceSchema = z.object({
  tenantId: uuidSchema,
  /** Null: of the organization, for each system that has none of its own. */
  systemId: uuidSchema.nullable(),
  systemName: z.string().nullable(),
  policy: retentionPolicySchema,
  /** Whose it is: the system's own, the organization's, or what holds until somebody sets one. */
  source: z.enum(['system', 'organization', 'default']),
  changedAt: instantSchema.nullable(),
  changedBy: z.string().nullable(),
})
export type PolicyInForce = z.infer<typeof policyInForceSchema>

export const decisionSchema = z.object({
  backupId: uuidSchema,
  name: z.string(),
  type: storedTypeSchema,
  purpose: z.string(),
  createdAt: instantSchema,
  act: z.enum(['keep', 'remove']),
  /** Why, for both. */
  reasons: z.array(z.string()),
})
export type DecisionView = z.infer<typeof decisionSchema>

/** Of a system with very many backups: these decisions alone, a page of them. All of them without it. */
const shownSchema = z.strictObject({
  act: z.enum(['keep', 'remove']).optional(),
  backupId: uuidSchema.optional(),
  page: z.number().int().min(1).max(1_000_000).default(1),
  pageSize: z.number().int().min(1).max(200).default(25),
})
export type ShownDecisions = z.infer<typeof shownSchema>

const planSchema = z.object({
  systemId: uuidSchema,
  policy: retentionPolicySchema,
  /** Newest first; those that were asked for. `keeps`, `removes` and `digest` are of all of them. */
  decisions: z.array(decisionSchema),
  /** How many there are of what was asked for, on every page. */
  matching: countSchema,
  keeps: countSchema,
  removes: countSchema,
  /** So many at once are removed only when somebody signs it. */
  isMassDeletion: z.boolean(),
  /** In which rules the drafted policy keeps less than the one in force; it takes a signature then. */
  shortens: z.array(z.string()),
  /** Of the policy and every decision: what is run must be the same. */
  digest: z.string(),
})
export type RetentionPlanView = z.infer<typeof planSchema>

export const certificateRowSchema = z.object({
  id: uuidSchema,
  tenantId: uuidSchema,
  backupId: uuidSchema,
  backupName: z.string(),
  systemName: z.string(),
  removedAt: instantSchema,
})

const clockSchema = z.object({
  now: instantSchema,
  isSuspended: z.boolean(),
  /** What is wrong with the clock, while deletion waits. */
  fact: z.string().nullable(),
  /** The time that is trusted so far; null as long as nobody looked. */
  mark: instantSchema.nullable(),
})

const graceSchema = z.strictObject({ days: z.number().int().min(0).max(3650) })

export const retention = {
  policies: endpoint({
    name: 'retention.policies',
    method: 'GET',
    path: '/api/v1/retention/policies',
    summary: 'which policy holds for each system, and what each organization has set',
    permission: 'retention.read',
    isShared: true,
    query: z.strictObject({ ...pageQuery, systemId: uuidSchema.optional() }),
    reply: pageOf(
      policyInForceSchema.extend({
        /** When it was carried out last, and what keeps it from being carried out now. */
        evaluatedAt: instantSchema.nullable(),
        waits: z.string().nullable(),
      }),
    ).extend({ organizations: z.array(policyInForceSchema) }),
  }),
  set: endpoint({
    name: 'retention.set',
    method: 'PUT',
    path: '/api/v1/retention/policy',
    summary: 'set the policy of a system or of an organization; one that keeps less than before is signed',
    permission: 'retention.write',
    body: z.strictObject({
      /** Without it: of the organization. */
      systemId: uuidSchema.optional(),
      tenantId: uuidSchema.optional(),
      /** Null takes it back: the organization's holds again, or the default. */
      policy: retentionPolicySchema.nullable(),
      reason: reasonSchema,
      signature: signedWithMeaningSchema.optional(),
    }),
    reply: policyInForceSchema,
  }),
  preview: endpoint({
    name: 'retention.preview',
    method: 'POST',
    path: '/api/v1/retention/preview',
    summary: 'what the policy of a system, or a draft of one, would keep and remove now, with the reason for each',
    permission: 'retention.read',
    isAudited: false,
    body: z.strictObject({
      systemId: uuidSchema,
      policy: retentionPolicySchema.optional(),
      /** As if that schedule kept its backups for so many days; null: as if it had no days of its own. */
      schedule: z.strictObject({ id: uuidSchema, retentionDays: z.number().int().min(1).max(daysMax).nullable() }).optional(),
      shown: shownSchema.optional(),
    }),
    reply: planSchema,
  }),
  run: endpoint({
    name: 'retention.run',
    method: 'POST',
    path: '/api/v1/retention/run',
    summary: 'carry out a preview of the policy in force; a mass deletion is signed',
    permission: 'retention.write',
    body: z.strictObject({
      systemId: uuidSchema,
      digest: z.string().regex(/^[0-9a-f]{64}$/),
      reason: reasonSchema,
      signature: signedWithMeaningSchema.optional(),
      shown: shownSchema.optional(),
    }),
    reply: planSchema,
  }),
  certificates: endpoint({
    name: 'retention.certificates',
    method: 'GET',
    path: '/api/v1/retention/certificates',
    summary: 'the deletion certificates, the newest first',
    permission: 'retention.read',
    isShared: true,
    query: z.strictObject({ ...pageQuery, backupId: uuidSchema.optional() }),
    reply: pageOf(certificateRowSchema),
  }),
  certificate: endpoint({
    name: 'retention.certificate',
    method: 'GET',
    path: '/api/v1/retention/certificates/{id}',
    summary: 'a deletion certificate, signed, as a file',
    permission: 'retention.read',
    params: idParamsSchema,
    media: 'application/json',
  }),
  clock: endpoint({
    name: 'retention.clock',
    method: 'GET',
    path: '/api/v1/retention/clock',
    summary: 'whether the time is trusted to delete by',
    permission: 'retention.read',
    reply: clockSchema,
  }),
  acceptClock: endpoint({
    name: 'retention.accept-clock',
    method: 'POST',
    path: '/api/v1/retention/clock',
    summary: 'sign that the clock is right although it jumped: deletion goes on',
    permission: 'settings.write',
    isForSessions: true,
    body: z.strictObject({ reason: reasonSchema, signature: signedWithMeaningSchema }),
    reply: clockSchema,
  }),
  grace: endpoint({
    name: 'settings.removal-grace',
    method: 'GET',
    path: '/api/v1/settings/removal-grace',
    summary: 'how many days a deleted backup stays before it is removed',
    permission: 'retention.read',
    reply: graceSchema,
  }),
  setGrace: endpoint({
    name: 'settings.set-removal-grace',
    method: 'PUT',
    path: '/api/v1/settings/removal-grace',
    summary: 'how many days a backup that is deleted from now on stays before it is removed',
    permission: 'settings.write',
    isForSessions: true,
    body: graceSchema,
    reply: graceSchema,
  }),
} as const

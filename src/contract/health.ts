import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { idParamsSchema, instantSchema, pageOf, pageQuery, uuidSchema } from './shapes.ts'

export const protectionStates = ['protected', 'at-risk', 'unprotected'] as const
export const protectionStateSchema = z.enum(protectionStates)
export type ProtectionState = z.infer<typeof protectionStateSchema>

/** Why a system is not simply protected, and what to do about it. */
export const reasonSchema = z.object({ state: protectionStateSchema, fact: z.string(), hint: z.string() })
export type Reason = z.infer<typeof reasonSchema>

export const notCoveredSchema = z.object({
  /** `database`: of a server that is looked at, in no system at all. */
  kind: z.enum(['table', 'database']),
  /** The source of the system by which it was seen. */
  source: z.string(),
  name: z.string(),
})
export type NotCovered = z.infer<typeof notCoveredSchema>

export const notSeenSchema = z.object({ source: z.string(), fact: z.string() })
export type NotSeen = z.infer<typeof notSeenSchema>

const minutes = z.number().nonnegative()
const count = z.number().int().nonnegative()

export const systemHealthSchema = z.object({
  id: uuidSchema,
  tenantId: uuidSchema,
  name: z.string(),
  title: z.string(),
  state: protectionStateSchema,
  /** The worst first; empty when it is protected. */
  reasons: z.array(reasonSchema),
  /** Each with the newest good backup that has it. */
  sources: z.array(
    z.object({
      kind: z.enum(['database', 'files']),
      name: z.string(),
      backupId: uuidSchema.nullable(),
      recoveryPoint: instantSchema.nullable(),
    }),
  ),
  /** The data that would be lost now, of the source that would lose the most. */
  rpo: z.object({ objectiveMinutes: minutes.nullable(), limitMinutes: minutes, achievedMinutes: minutes.nullable() }),
  /** What the last restore or drill took, and what it would take at today's size. */
  rto: z.object({
    objectiveMinutes: minutes.nullable(),
    achievedMinutes: minutes.nullable(),
    projectedMinutes: minutes.nullable(),
    measuredBy: z.enum(['restore', 'drill']).nullable(),
    measuredAt: instantSchema.nullable(),
  }),
  lastBackup: z.object({ id: uuidSchema, name: z.string(), status: z.string(), at: instantSchema }).nullable(),
  lastProvenAt: instantSchema.nullable(),
  /** Of its backups that are there. */
  chain: z.object({ unverified: count, intact: count, proven: count, failed: count, missing: count }),
  lastRun: z
    .object({
      durationSeconds: z.number(),
      logicalBytes: count.nullable(),
      storedBytes: count.nullable(),
      bytesPerSecond: z.number().nullable(),
    })
    .nullable(),
  openAlerts: count,
  /** What a restore replaced is kept until then. */
  undoUntil: instantSchema.nullable(),
  coverage: z.object({ at: instantSchema, missing: z.array(notCoveredSchema), unseen: z.array(notSeenSchema) }).nullable(),
})
export type SystemHealth = z.infer<typeof systemHealthSchema>

export const healthSummarySchema = z.object({
  at: instantSchema,
  /** The worst of its systems; `protected` without any. */
  state: protectionStateSchema,
  systems: z.array(
    z.object({
      name: z.string(),
      title: z.string(),
      state: protectionStateSchema,
      reasons: z.array(z.string()),
      recoveryPoint: instantSchema.nullable(),
      lastProvenAt: instantSchema.nullable(),
    }),
  ),
})
export type HealthSummary = z.infer<typeof healthSummarySchema>

export const historyEntrySchema = z.object({
  runId: uuidSchema,
  kind: z.string(),
  status: z.string(),
  startedAt: instantSchema.nullable(),
  endedAt: instantSchema,
  durationSeconds: z.number().nullable(),
  logicalBytes: count.nullable(),
  storedBytes: count.nullable(),
  bytesPerSecond: z.number().nullable(),
  fault: z.object({ code: z.string(), fact: z.string() }).nullable(),
})

/** Whether what is protected could be brought back. */
export const health = {
  summary: endpoint({
    name: 'health.summary',
    method: 'GET',
    path: '/api/v1/health/summary',
    summary: 'the state of each system, small and stable, for a page of the application itself',
    permission: 'systems.read',
    isShared: true,
    reply: healthSummarySchema,
  }),
  systems: endpoint({
    name: 'health.systems',
    method: 'GET',
    path: '/api/v1/health/systems',
    summary: 'whether each system could be brought back, and why not',
    permission: 'systems.read',
    isShared: true,
    query: z.strictObject({ ...pageQuery }),
    reply: pageOf(systemHealthSchema),
  }),
  system: endpoint({
    name: 'health.system',
    method: 'GET',
    path: '/api/v1/health/systems/{id}',
    summary: 'the same of one system, and how long a running capture holds its databases back',
    permission: 'systems.read',
    params: idParamsSchema,
    reply: systemHealthSchema.extend({
      captures: z.array(
        z.object({
          database: z.string(),
          /** Of the oldest snapshot of ours that keeps VACUUM from removing rows; null when there is none. */
          snapshotSeconds: z.number().nullable(),
          /** Why it is not known. */
          fact: z.string().nullable(),
        }),
      ),
    }),
  }),
  history: endpoint({
    name: 'health.history',
    method: 'GET',
    path: '/api/v1/health/systems/{id}/history',
    summary: 'durations, sizes, speeds and failures of its jobs, the newest first',
    permission: 'systems.read',
    params: idParamsSchema,
    query: z.strictObject({
      ...pageQuery,
      kind: z.string().max(50).optional(),
      days: z.coerce.number().int().min(1).max(3660).default(90),
    }),
    reply: pageOf(historyEntrySchema),
  }),
  metrics: endpoint({
    name: 'health.metrics',
    method: 'GET',
    path: '/metrics',
    summary: 'the same for Prometheus, in its text format',
    description: 'With a key that may read systems, as a bearer token. It tells of the systems and repositories that the key may see.',
    permission: 'systems.read',
    media: 'text/plain; version=0.0.4',
  }),
} as const

import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { appliedRecordsSchema, recordPlanSchema, recordChoicesSchema, recordWishSchema } from './records.ts'
import {
  faultSchema,
  idParamsSchema,
  instantSchema,
  nameSchema,
  pageOf,
  pageQuery,
  statusSchema,
  textSchema,
  uuidSchema,
} from './shapes.ts'
import { signedWithMeaningSchema } from './signatures.ts'
import { directorySchema, testLineSchema, urlSchema } from './systems.ts'

const countSchema = z.number().int().nonnegative()
const listedSchema = z.object({ count: countSchema, first: z.array(z.string()) })
const roleSchema = z.string().min(1).max(63)

/** What a restore would do, as the engine planned it, for people. */
export const planSummarySchema = z.object({
  backupAt: instantSchema,
  backupName: z.string(),
  plannedAt: instantSchema,
  databases: z.array(
    z.object({
      name: z.string(),
      place: z.string(),
      /** False: nothing is replaced. */
      exists: z.boolean(),
      rowsInBackup: countSchema,
      rowsNow: countSchema.nullable(),
      tablesAdded: listedSchema,
      tablesRemoved: listedSchema,
      tablesChanged: z.object({
        count: countSchema,
        first: z.array(z.object({ table: z.string(), rowsNow: countSchema, rowsInBackup: countSchema })),
      }),
      tablesSame: countSchema,
      /** Only these rows; null: all. */
      tables: z.array(z.string()).nullable(),
      sessions: countSchema,
      /** Roles that the server lacks, and what was chosen for them. Plans from before it was told have none. */
      roles: z.array(z.object({ kind: z.enum(['create', 'map']), role: z.string(), to: z.string().nullable() })).default([]),
    }),
  ),
  roots: z.array(
    z.object({
      name: z.string(),
      path: z.string(),
      exists: z.boolean(),
      added: listedSchema,
      changed: listedSchema,
      removed: listedSchema,
      usedBy: z.array(z.string()),
    }),
  ),
  space: z.array(z.object({ place: z.string(), neededBytes: countSchema, freeBytes: countSchema.nullable() })),
  /** What exists now and would be gone. */
  loss: z.array(z.string()),
  lossRowsMax: countSchema.nullable(),
  warnings: z.array(z.string()),
})
export type PlanSummary = z.infer<typeof planSummarySchema>

/** The whole of something, or single records of it (`records.ts`). */
export const restoreExtents = ['whole', 'records'] as const

export const planSchema = z.object({
  id: uuidSchema,
  extent: z.enum(restoreExtents),
  tenantId: uuidSchema,
  systemId: uuidSchema.nullable(),
  /** To be typed to confirm it. */
  systemName: z.string(),
  backupId: uuidSchema,
  status: z.enum(['pending', 'ready', 'failed']),
  runId: uuidSchema.nullable(),
  /** Of exactly what was planned; a signature is bound to it. */
  digest: z.string().nullable(),
  summary: planSummarySchema.nullable(),
  /** Of single records; theirs is no summary. */
  records: recordPlanSchema.nullable(),
  fault: faultSchema.nullable(),
  requiresSecondApprover: z.boolean(),
  createdBy: z.string(),
  createdAt: instantSchema,
  expiresAt: instantSchema.nullable(),
  usedAt: instantSchema.nullable(),
})
export type PlanView = z.infer<typeof planSchema>

export const restoreKinds = ['restore', 'undo', 'release'] as const

/** What the engine verified, measured and noted. */
export const validationResultsSchema = z.object({
  verified: z.object({ tables: countSchema, rows: countSchema, files: countSchema, bytes: countSchema }).nullable().optional(),
  notRestored: z.array(z.string()).optional(),
  notes: z.array(z.string()).optional(),
  rowsWrittenMeanwhile: z.number().nullable().optional(),
  unreachableMs: z.number().nullable().optional(),
  swappedAt: instantSchema.nullable().optional(),
  /** Files that somebody wrote to the replaced tree after the swap. */
  changedAfterSwap: z.array(z.string()).optional(),
  releaseBackupId: uuidSchema.nullable().optional(),
  /** Of a hook that failed when everything was live already. */
  hookFault: faultSchema.optional(),
  /** Of single records. */
  records: appliedRecordsSchema.optional(),
})
export type ValidationResults = z.infer<typeof validationResultsSchema>

export const restoreSchema = z.object({
  id: uuidSchema,
  tenantId: uuidSchema,
  kind: z.enum(restoreKinds),
  extent: z.enum(restoreExtents),
  ofRestoreId: uuidSchema.nullable(),
  systemId: uuidSchema.nullable(),
  systemName: z.string(),
  backupId: uuidSchema,
  planId: uuidSchema.nullable(),
  status: statusSchema,
  /** Signed by one person; it begins when another one has signed. */
  waitsForApproval: z.boolean(),
  restoredBy: z.string(),
  approvedBy: z.string().nullable(),
  reason: z.string(),
  withoutSafetyBackupReason: z.string().nullable(),
  safetyBackupId: uuidSchema.nullable(),
  createdAt: instantSchema,
  startedAt: instantSchema.nullable(),
  completedAt: instantSchema.nullable(),
  /** What was replaced is kept until then at least. */
  undoUntil: instantSchema.nullable(),
  undoneAt: instantSchema.nullable(),
  releasedAt: instantSchema.nullable(),
  mayUndo: z.boolean(),
  fault: faultSchema.nullable(),
  runId: uuidSchema.nullable(),
  validationResults: validationResultsSchema,
})
export type RestoreView = z.infer<typeof restoreSchema>

export const restoreScopes = ['full', 'database', 'files', 'records'] as const

const previewFields = z.strictObject({
  backupId: uuidSchema,
  scope: z.enum(restoreScopes).default('full'),
  /** Named: only these, and there; without a URL to the system's own place. */
  databases: z
    .array(
      z.strictObject({
        name: nameSchema,
        url: urlSchema.optional(),
        password: z.string().min(1).max(1024).optional(),
        /** Of a server whose disks cannot be seen from here. */
        freeBytes: countSchema.max(Number.MAX_SAFE_INTEGER).optional(),
      }),
    )
    .max(50)
    .optional(),
  roots: z
    .array(z.strictObject({ name: nameSchema, path: directorySchema.optional() }))
    .max(50)
    .optional(),
  /** Only the rows of these, as `schema.table`, into a database that is not there yet. */
  tables: z.array(z.string().min(3).max(200)).min(1).max(1000).optional(),
  /** For each role that the target lacks. */
  roles: z
    .array(
      z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('create'), role: roleSchema }),
        z.strictObject({ kind: z.literal('map'), role: roleSchema, to: roleSchema }),
      ]),
    )
    .max(200)
    .default([]),
  /** Given up when more rows than this are written between plan and swap. */
  lossRowsMax: countSchema.max(Number.MAX_SAFE_INTEGER).optional(),
  /** Of the scope `records`: which ones. They go back to where the system has its database. */
  records: z.array(recordWishSchema).min(1).max(100).optional(),
  policy: recordChoicesSchema.optional(),
})

const wholeOnly = ['roots', 'tables', 'lossRowsMax'] as const

const previewBody = previewFields.superRefine((request, context) => {
  const refuse = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message })
  if (request.scope !== 'records') {
    for (const field of ['records', 'policy'] as const) if (request[field] !== undefined) refuse(field, 'goes with the scope records alone')
    return
  }
  if (request.records === undefined) refuse('records', 'name at least one record')
  for (const field of wholeOnly) if (request[field] !== undefined) refuse(field, 'does not go with the scope records')
  if ((request.databases?.length ?? 0) > 1) refuse('databases', 'records come back into one database at a time')
  if (request.databases?.some(({ url }) => url !== undefined)) refuse('databases', 'records go back to the database of the system')
})
export type PreviewRequest = z.output<typeof previewBody>

const reasonSchema = textSchema(500)
/** Both components, and what they stand for. */
const confirmed = { confirm: z.string().max(100), reason: reasonSchema, signature: signedWithMeaningSchema }

const begunSchema = z.object({
  restoreId: uuidSchema,
  /** Null while it waits for a second person. */
  runId: uuidSchema.nullable(),
  waitsForApproval: z.boolean(),
})

const acts = { method: 'POST', status: 202, isForSessions: true } as const

export const restores = {
  preview: endpoint({
    name: 'restores.preview',
    method: 'POST',
    path: '/api/v1/restore/preview',
    summary: 'plan a restore: what would come back, and what would be lost',
    description:
      'Changes nothing. It may take minutes: the reply names the plan, which is ready when its job has ended. With the scope `records` it lays single records beside what is live, row by row.',
    permission: 'restores.preview',
    status: 202,
    body: previewBody,
    reply: z.object({ planId: uuidSchema, runId: uuidSchema }),
  }),
  plan: endpoint({
    name: 'restores.plan',
    method: 'GET',
    path: '/api/v1/restore/plans/{id}',
    summary: 'one plan of a restore',
    permission: 'restores.read',
    params: idParamsSchema,
    reply: planSchema,
  }),
  validate: endpoint({
    name: 'restores.validate',
    method: 'POST',
    path: '/api/v1/restore/validate',
    summary: 'look whether a backup could be restored now',
    description: 'By a plan, or by a backup alone. Reads the backup quickly, then asks the target what a plan would ask.',
    permission: 'restores.preview',
    body: z
      .strictObject({ planId: uuidSchema.optional(), backupId: uuidSchema.optional() })
      .refine(({ planId, backupId }) => (planId === undefined) !== (backupId === undefined), {
        message: 'give either planId or backupId',
        path: ['backupId'],
      }),
    reply: z.object({ at: instantSchema, result: z.enum(['ok', 'warning', 'failed']), lines: z.array(testLineSchema) }),
  }),
  execute: endpoint({
    ...acts,
    name: 'restores.execute',
    path: '/api/v1/restore/execute',
    summary: 'carry a plan out, signed',
    permission: 'restores.execute',
    body: z.strictObject({
      planId: uuidSchema,
      ...confirmed,
      withoutSafetyBackup: z.strictObject({ reason: reasonSchema }).optional(),
    }),
    reply: begunSchema,
  }),
  approve: endpoint({
    ...acts,
    name: 'restores.approve',
    path: '/api/v1/restore/plans/{id}/approve',
    summary: 'sign a restore as the second person, so that it begins',
    permission: 'restores.approve',
    params: idParamsSchema,
    body: z.strictObject(confirmed),
    reply: begunSchema,
  }),
  history: endpoint({
    name: 'restores.history',
    method: 'GET',
    path: '/api/v1/restore/history',
    summary: 'restores, undos and releases, the newest first',
    permission: 'restores.read',
    isShared: true,
    query: z.strictObject({
      ...pageQuery,
      systemId: uuidSchema.optional(),
      kind: z.enum(restoreKinds).optional(),
      extent: z.enum(restoreExtents).optional(),
      status: statusSchema.optional(),
      /** Those that begin when a second person has signed. */
      waitsForApproval: z.enum(['true', 'false']).optional(),
      from: instantSchema.optional(),
      to: instantSchema.optional(),
    }),
    reply: pageOf(restoreSchema),
  }),
  details: endpoint({
    name: 'restores.details',
    method: 'GET',
    path: '/api/v1/restore/{id}',
    summary: 'one restore',
    permission: 'restores.read',
    params: idParamsSchema,
    reply: restoreSchema,
  }),
  undo: endpoint({
    ...acts,
    name: 'restores.undo',
    path: '/api/v1/restore/{id}/undo',
    summary: 'put back what a restore replaced, signed',
    permission: 'restores.execute',
    params: idParamsSchema,
    body: z.strictObject({ ...confirmed, lossRowsMax: countSchema.max(Number.MAX_SAFE_INTEGER).optional() }),
    reply: begunSchema,
  }),
  release: endpoint({
    ...acts,
    name: 'restores.release',
    path: '/api/v1/restore/{id}/release',
    summary: 'back up what a restore replaced, then let it go, signed',
    permission: 'restores.execute',
    params: idParamsSchema,
    body: z.strictObject({ ...confirmed, withoutBackup: z.strictObject({ reason: reasonSchema }).optional() }),
    reply: begunSchema,
  }),
  cancel: endpoint({
    name: 'restores.cancel',
    method: 'POST',
    path: '/api/v1/restore/{id}/cancel',
    summary: 'take back a restore that waits or has not swapped yet',
    permission: 'restores.execute',
    params: idParamsSchema,
    body: z.strictObject({ reason: reasonSchema }),
    reply: restoreSchema,
  }),
} as const

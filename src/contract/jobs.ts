import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { faultSchema, idParamsSchema, instantSchema, pageOf, pageQuery, statusSchema, textSchema, wholeNumberSchema } from './shapes.ts'

const countSchema = z.number().int().nonnegative()

/** A run, as lists, details and events show it. What is not known is null, never guessed. */
export const jobSchema = z.object({
  id: z.uuid(),
  tenantId: z.uuid(),
  kind: z.string(),
  title: z.string(),
  status: statusSchema,
  systemId: z.uuid().nullable(),
  repositoryId: z.uuid().nullable(),
  /** The backup or the restore that it is about. */
  subjectId: z.uuid().nullable(),
  /** 0 before the first worker has it. */
  attempt: countSchema,
  worker: z.string().nullable(),
  stage: z.string().nullable(),
  /** Of the stage, where its whole is known. */
  percent: z.number().min(0).max(100).nullable(),
  doneBytes: countSchema.nullable(),
  totalBytes: countSchema.nullable(),
  doneFiles: countSchema.nullable(),
  /** Measured over the last seconds. */
  bytesPerSecond: z.number().nonnegative().nullable(),
  leftSeconds: z.number().nonnegative().nullable(),
  /** Of the end, or of the last attempt when another one follows. */
  fault: faultSchema.nullable(),
  createdBy: z.string(),
  createdAt: instantSchema,
  startedAt: instantSchema.nullable(),
  progressAt: instantSchema.nullable(),
  endedAt: instantSchema.nullable(),
  cancelRequestedAt: instantSchema.nullable(),
  cancelRequestedBy: z.string().nullable(),
})
export type Job = z.infer<typeof jobSchema>

export const logLineSchema = z.object({
  seq: countSchema,
  attempt: countSchema,
  at: instantSchema,
  level: z.enum(['info', 'warning', 'error']),
  line: z.string(),
})

export const jobs = {
  list: endpoint({
    name: 'jobs.list',
    method: 'GET',
    path: '/api/v1/jobs',
    summary: 'jobs, the newest first',
    permission: 'jobs.read',
    isShared: true,
    query: z.strictObject({
      ...pageQuery,
      status: statusSchema.optional(),
      /** Those that wait or go on: `true`; those that are over: `false`. */
      isOpen: z.enum(['true', 'false']).optional(),
      kind: z
        .string()
        .regex(/^[a-z][a-z-]{0,62}$/)
        .optional(),
      systemId: z.uuid().optional(),
      order: z.enum(['newest', 'oldest']).default('newest'),
    }),
    reply: pageOf(jobSchema),
  }),
  read: endpoint({
    name: 'jobs.read',
    method: 'GET',
    path: '/api/v1/jobs/{id}',
    summary: 'one job with the last lines of its log',
    permission: 'jobs.read',
    isShared: true,
    params: idParamsSchema,
    reply: jobSchema.extend({ log: z.array(logLineSchema) }),
  }),
  log: endpoint({
    name: 'jobs.log',
    method: 'GET',
    path: '/api/v1/jobs/{id}/log',
    summary: 'the log of one job from its beginning, line by line',
    permission: 'jobs.read',
    params: idParamsSchema,
    query: z.strictObject({ page: pageQuery.page, pageSize: wholeNumberSchema(1, 1_000).default(200) }),
    reply: pageOf(logLineSchema),
  }),
  cancel: endpoint({
    name: 'jobs.cancel',
    method: 'POST',
    path: '/api/v1/jobs/{id}/cancel',
    summary: 'take a waiting job back, or ask for the end of one that goes on',
    description: 'A job that goes on is told at once, ends where nothing half-done is visible, and is `cancelled` then.',
    permission: 'jobs.cancel',
    params: idParamsSchema,
    body: z.strictObject({ reason: textSchema(500).optional() }),
    reply: jobSchema,
  }),
} as const

import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { noticeKinds, severities, type NoticeKind } from './notice-kinds.ts'
import { idParamsSchema, instantSchema, pageOf, pageQuery, textSchema, uuidSchema } from './shapes.ts'

export const severitySchema = z.enum(severities)
export const noticeKindSchema = z.enum(Object.keys(noticeKinds) as [NoticeKind, ...NoticeKind[]])

export const alertSchema = z.object({
  id: uuidSchema,
  /** Null: it is about the whole installation. */
  tenantId: uuidSchema.nullable(),
  kind: noticeKindSchema,
  title: z.string(),
  severity: severitySchema,
  systemId: uuidSchema.nullable(),
  systemName: z.string().nullable(),
  subjectKind: z.string().nullable(),
  subjectId: z.string().nullable(),
  subjectName: z.string().nullable(),
  fact: z.string(),
  /** What to do now. */
  hint: z.string(),
  facts: z.record(z.string(), z.unknown()),
  openedAt: instantSchema,
  /** When it was last found so, and how often. */
  seenAt: instantSchema,
  times: z.number().int().positive(),
  acknowledgedAt: instantSchema.nullable(),
  acknowledgedBy: z.string().nullable(),
  acknowledgedNote: z.string().nullable(),
  settledAt: instantSchema.nullable(),
  settledBecause: z.string().nullable(),
})
export type AlertView = z.infer<typeof alertSchema>

/** A time at which people were told of it, and what became of the messages. */
export const tellingSchema = z.object({
  at: instantSchema,
  occasion: z.enum(['opened', 'repeated', 'settled']),
  delivered: z.number().int().nonnegative(),
  waiting: z.number().int().nonnegative(),
  givenUp: z.number().int().nonnegative(),
})
export type Telling = z.infer<typeof tellingSchema>

const noteSchema = textSchema(500)

export const alerts = {
  list: endpoint({
    name: 'alerts.list',
    method: 'GET',
    path: '/api/v1/alerts',
    summary: 'what is in doubt, the newest first',
    permission: 'alerts.read',
    isShared: true,
    query: z.strictObject({
      ...pageQuery,
      state: z.enum(['open', 'settled', 'all']).default('open'),
      severity: severitySchema.optional(),
      kind: noticeKindSchema.optional(),
      systemId: uuidSchema.optional(),
    }),
    reply: pageOf(alertSchema),
  }),
  details: endpoint({
    name: 'alerts.details',
    method: 'GET',
    path: '/api/v1/alerts/{id}',
    summary: 'one alert, and when people were told of it, the oldest first',
    permission: 'alerts.read',
    params: idParamsSchema,
    reply: alertSchema.extend({
      /** On channels that the caller may see. */
      tellings: z.array(tellingSchema),
    }),
  }),
  acknowledge: endpoint({
    name: 'alerts.acknowledge',
    method: 'POST',
    path: '/api/v1/alerts/{id}/acknowledge',
    summary: 'say that somebody takes care of it; it stays open, and is not told again',
    permission: 'alerts.acknowledge',
    params: idParamsSchema,
    body: z.strictObject({ note: noteSchema }),
    reply: alertSchema,
  }),
  settle: endpoint({
    name: 'alerts.settle',
    method: 'POST',
    path: '/api/v1/alerts/{id}/settle',
    summary: 'close an alert by hand; when it is found so again, it opens again',
    permission: 'alerts.acknowledge',
    params: idParamsSchema,
    body: z.strictObject({ note: noteSchema }),
    reply: alertSchema,
  }),
} as const

import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { idParamsSchema, instantSchema, uuidSchema } from './shapes.ts'

const countSchema = z.number().int().nonnegative()

/** How a repository is read again and again, so that damage is found while there is something to repair it from. */
export const readingSchema = z.object({
  repositoryId: uuidSchema,
  isActive: z.boolean(),
  /** Every byte is read once in so many days, a share of as many a day. */
  everyDays: countSchema,
  dueAt: instantSchema,
  /** Of the job that reads a share now. */
  runId: uuidSchema.nullable(),
  shares: z.array(z.object({ share: countSchema, readAt: instantSchema, readBytes: countSchema, isIntact: z.boolean() })),
  /** Shares that were never read since the number of days was set. */
  unread: countSchema,
  /** No byte was read longer ago than this; null while there are unread shares. */
  readSince: instantSchema.nullable(),
  inWords: z.string(),
})

export const verification = {
  show: endpoint({
    name: 'verification.show',
    method: 'GET',
    path: '/api/v1/repositories/{id}/reading',
    summary: 'how often every byte of a repository is read, and when each share of it was',
    permission: 'repositories.read',
    isShared: true,
    params: idParamsSchema,
    reply: readingSchema,
  }),
  set: endpoint({
    name: 'verification.set',
    method: 'PUT',
    path: '/api/v1/repositories/{id}/reading',
    summary: 'say within how many days every byte of a repository is read',
    permission: 'repositories.write',
    params: idParamsSchema,
    body: z.strictObject({ isActive: z.boolean().default(true), everyDays: z.number().int().min(1).max(365) }),
    reply: readingSchema,
  }),
} as const

import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { idParamsSchema, instantSchema, pageOf, pageQuery, uuidSchema } from './shapes.ts'

const bytes = z.number().int().nonnegative()
const days = z.number().nonnegative().nullable()

export const spaceSchema = z.object({
  id: uuidSchema,
  tenantId: uuidSchema,
  name: z.string(),
  place: z.string(),
  /** Of the last look; null before the first. */
  at: instantSchema.nullable(),
  storedBytes: bytes.nullable(),
  /** Rows and files of every backup that is there, as often as they are in one. */
  logicalBytes: bytes,
  /** What that would take more if nothing were shared between backups; and if nothing were compressed. */
  savedByDedupBytes: bytes.nullable(),
  savedByCompressionBytes: bytes.nullable(),
  /** Null: the storage does not tell, and no quota is stated. */
  freeBytes: bytes.nullable(),
  freeBy: z.enum(['storage', 'quota']).nullable(),
  quotaBytes: bytes.nullable(),
  /** The largest that a backup added lately. */
  largestBackupBytes: bytes,
  growthBytesPerDay: z.number().nullable(),
  forecast: z.object({ fullInDays: days, earliestInDays: days, latestInDays: days, words: z.string() }),
  readBytesPerSecond: z.number().nullable(),
  /** Of the newest copy of the catalog in it. */
  catalogCopyAt: instantSchema.nullable(),
  state: z.enum(['ok', 'low', 'unknown']),
  /** Why it is low. */
  fact: z.string().nullable(),
})
export type SpaceView = z.infer<typeof spaceSchema>

/** What the repositories take, and when they are full. */
export const space = {
  list: endpoint({
    name: 'space.list',
    method: 'GET',
    path: '/api/v1/space',
    summary: 'what each repository takes and saves, what is free, and the day it fills',
    permission: 'repositories.read',
    isShared: true,
    query: z.strictObject({ ...pageQuery }),
    reply: pageOf(spaceSchema),
  }),
  days: endpoint({
    name: 'space.days',
    method: 'GET',
    path: '/api/v1/space/{id}',
    summary: 'one repository, with the last look of each day',
    permission: 'repositories.read',
    params: idParamsSchema,
    query: z.strictObject({ days: z.coerce.number().int().min(1).max(3660).default(90) }),
    reply: spaceSchema.extend({
      days: z.array(z.object({ at: instantSchema, storedBytes: bytes, plainBytes: bytes, freeBytes: bytes.nullable() })),
    }),
  }),
} as const

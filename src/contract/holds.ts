import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { idParamsSchema, instantSchema, pageOf, pageQuery, textSchema, uuidSchema } from './shapes.ts'
import { signedWithMeaningSchema } from './signatures.ts'

const reasonSchema = textSchema(500)
/** The matter that it is about, such as a docket number. */
const referenceSchema = textSchema(200)

export const holdSchema = z.object({
  id: uuidSchema,
  tenantId: uuidSchema,
  /** One backup; or those of a system, made in a time, or both. */
  backupId: uuidSchema.nullable(),
  backupName: z.string().nullable(),
  systemId: uuidSchema.nullable(),
  from: instantSchema.nullable(),
  to: instantSchema.nullable(),
  /** In words. */
  covers: z.string(),
  reason: z.string(),
  reference: z.string(),
  placedAt: instantSchema,
  placedBy: z.string(),
  releasedAt: instantSchema.nullable(),
  releasedBy: z.string().nullable(),
  releaseReason: z.string().nullable(),
  /** How many backups it keeps now. */
  held: z.number().int().nonnegative(),
})
export type HoldView = z.infer<typeof holdSchema>

export const heldBackupSchema = z.object({
  backupId: uuidSchema,
  name: z.string(),
  systemName: z.string(),
  createdAt: instantSchema,
  holds: z.array(z.object({ id: uuidSchema, reason: z.string(), reference: z.string() })),
})

export const holds = {
  list: endpoint({
    name: 'holds.list',
    method: 'GET',
    path: '/api/v1/holds',
    summary: 'the legal holds, the newest first',
    permission: 'holds.read',
    isShared: true,
    query: z.strictObject({ ...pageQuery, state: z.enum(['active', 'released', 'all']).default('active') }),
    reply: pageOf(holdSchema),
  }),
  details: endpoint({
    name: 'holds.details',
    method: 'GET',
    path: '/api/v1/holds/{id}',
    summary: 'a legal hold',
    permission: 'holds.read',
    params: idParamsSchema,
    reply: holdSchema,
  }),
  held: endpoint({
    name: 'holds.held',
    method: 'GET',
    path: '/api/v1/holds/backups',
    summary: 'which backups are held, and why',
    permission: 'holds.read',
    isShared: true,
    query: z.strictObject({ ...pageQuery, holdId: uuidSchema.optional(), backupId: uuidSchema.optional() }),
    reply: pageOf(heldBackupSchema),
  }),
  place: endpoint({
    name: 'holds.place',
    method: 'POST',
    path: '/api/v1/holds',
    summary: 'hold a backup, a system, or what was made in a time: nothing of it is deleted until the hold is released',
    permission: 'holds.place',
    status: 201,
    body: z
      .strictObject({
        tenantId: uuidSchema.optional(),
        backupId: uuidSchema.optional(),
        systemId: uuidSchema.optional(),
        /** Made at or after, and before; either may be left open. */
        from: instantSchema.optional(),
        to: instantSchema.optional(),
        reason: reasonSchema,
        reference: referenceSchema,
      })
      .refine(({ backupId, systemId, from, to }) => [backupId, systemId, from, to].some((given) => given !== undefined), {
        path: ['backupId'],
        message: 'say what is held: a backup, a system, or a time',
      })
      .refine(({ backupId, systemId, from, to }) => backupId === undefined || [systemId, from, to].every((given) => given === undefined), {
        path: ['backupId'],
        message: 'a hold is on one backup, or on those of a system and a time',
      })
      .refine(({ from, to }) => from === undefined || to === undefined || new Date(from) < new Date(to), {
        path: ['to'],
        message: 'the time ends before it begins',
      }),
    reply: z.object({
      hold: holdSchema,
      /** Whose deletion was taken back. */
      undeleted: z.array(uuidSchema),
      /** Being removed at this moment: too late. */
      tooLate: z.array(uuidSchema),
      /** All of that in words. */
      fact: z.string(),
    }),
  }),
  release: endpoint({
    name: 'holds.release',
    method: 'POST',
    path: '/api/v1/holds/{id}/release',
    summary: 'release a legal hold, signed',
    permission: 'holds.release',
    params: idParamsSchema,
    body: z.strictObject({ reason: reasonSchema, signature: signedWithMeaningSchema }),
    reply: holdSchema,
  }),
} as const

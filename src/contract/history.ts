import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { idParamsSchema, instantSchema, nameSchema, uuidSchema } from './shapes.ts'

const countSchema = z.number().int().nonnegative()

/** As the database wrote it; of what is longer than 16 KiB, how long it is and the SHA-256 of its COPY text. */
const valueSchema = z.union([z.string(), z.null(), z.object({ bytes: countSchema, sha256: z.string() })])

const eventKinds = ['appeared', 'changed', 'vanished', 'returned'] as const

const rowSchema = z.object({
  schema: z.string(),
  table: z.string(),
  /** Of the record itself; the others belong to it. */
  isRoot: z.boolean(),
  /** Null where the table has no key. */
  key: z.record(z.string(), valueSchema).nullable(),
  /** Oldest first. What the row was in a backup is what the events up to it have left. */
  events: z.array(
    z.object({
      kind: z.enum(eventKinds),
      /** The first to have it so. */
      backup: uuidSchema,
      /** It happened after this one; null in the oldest that was read. */
      since: uuidSchema.nullable(),
      /** All fields of a row that appeared, returned or vanished, and those that differ of one that changed. */
      fields: z.array(z.object({ column: z.string(), from: valueSchema.optional(), to: valueSchema.optional() })),
    }),
  ),
})

const tableSchema = z.object({
  schema: z.string(),
  table: z.string(),
  isRoot: z.boolean(),
  /** One for each backup that was read, oldest first. */
  moments: z.array(
    z.object({
      backup: uuidSchema,
      /** Of the record; null where the backup cannot say. */
      rows: countSchema.nullable(),
      counts: z.record(z.enum(eventKinds), countSchema),
      columnsAdded: z.array(z.string()),
      columnsRemoved: z.array(z.string()),
    }),
  ),
})

export const historySchema = z.object({
  kind: z.string(),
  /** A backup was left out, or cannot be told apart, because it is damaged. */
  isDamaged: z.boolean(),
  /** Oldest first. */
  backups: z.array(
    z.object({
      id: uuidSchema,
      name: z.string(),
      purpose: z.enum(['regular', 'safety', 'release']),
      /** The instant of its rows. */
      at: instantSchema,
      /** Why it says nothing of the record; null where it was read. */
      leftOut: z.enum(['not-whole', 'no-database', 'not-captured', 'no-references', 'no-such-kind', 'damaged']).nullable(),
      fact: z.string().nullable(),
    }),
  ),
  damagedSnapshots: z.array(z.object({ id: z.string(), fact: z.string() })),
  /** The table of the record first; those that never had a row of it are left out. */
  tables: z.array(tableSchema),
  rows: z.array(rowSchema),
  /** Of the tables that were asked for, beyond what fits. */
  rowsLeftOut: countSchema,
})

export const history = {
  read: endpoint({
    name: 'systems.history',
    method: 'POST',
    path: '/api/v1/systems/{id}/history',
    summary: 'one record through all backups of a system, field by field',
    description:
      'Read from the repository, in a process of its own; the key stands in no path, job or log. The rows of the record itself are told field by field, and those of the tables that are asked for; of the others, how many came, changed and went.',
    permission: 'backups.download',
    isLook: true,
    perMinuteMax: 60,
    params: idParamsSchema,
    body: z.strictObject({
      kind: nameSchema,
      key: z.string().min(1).max(1000),
      /** The database that the kind is in, where several have one. */
      database: nameSchema.optional(),
      /** As `schema.table`. */
      tables: z.array(z.string().min(1).max(200)).max(100).default([]),
      /** Changes of these columns only. */
      fields: z.array(z.string().min(1).max(63)).min(1).max(100).optional(),
      since: instantSchema.optional(),
      until: instantSchema.optional(),
      rowsMax: z.number().int().min(1).max(1000).default(200),
    }),
    reply: historySchema,
  }),
} as const

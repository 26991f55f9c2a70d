import { z } from 'zod'
import { ownerships } from '#base/settings.ts'
import { endpoint } from './endpoint.ts'
import { idParamsSchema, nameSchema, pageOf, pageQuery, wholeNumberSchema } from './shapes.ts'

const countSchema = z.number().int().nonnegative()

/** What people know one record by: its kind, and the key as the application shows it. Never in an address, in a log or in the trail. */
export const recordWishSchema = z.strictObject({
  kind: z.string().min(1).max(63),
  key: z
    .string()
    .min(1)
    .max(1000)
    // oxlint-disable-next-line no-control-regex
    .regex(/^[^\u0000]*$/, 'no null character'),
})
export type RecordWish = z.infer<typeof recordWishSchema>

const tableFields = { schema: z.string().min(1).max(63), table: z.string().min(1).max(63) }
const sides = z.enum(['backup', 'live'])

const sidesOrCopy = z.enum(['backup', 'live', 'copy'])

/**
 * What is done with rows that are not as in the backup. `changed`: rows that differ; `added`: rows written since; `conflicts`: rows that
 * belong, or belonged, to somebody else; `parents`: rows that have to exist and do not. The last two have no default: somebody has to
 * choose. `copy` puts the backup's row beside the live one, under a key of its own; `asCopy` does so with all of the record, and then
 * `tables` says nothing. `copyValues`: behind what a column holds of which each value may stand once. `triggers` that somebody made stay
 * quiet, or fire as ever.
 */
export const recordPolicySchema = z
  .strictObject({
    asCopy: z.boolean().default(false),
    changed: sidesOrCopy.default('backup'),
    added: sides.default('backup'),
    conflicts: sidesOrCopy.nullable().default(null),
    parents: z.literal('backup').nullable().default(null),
    triggers: z.enum(['fire', 'quiet']).default('quiet'),
    tables: z
      .array(
        z.strictObject({
          ...tableFields,
          changed: z.union([sidesOrCopy, z.strictObject({ columns: z.array(z.string().min(1).max(63)).min(1).max(1600) })]).optional(),
          added: sides.optional(),
          conflicts: sidesOrCopy.optional(),
          parents: z.literal('backup').optional(),
        }),
      )
      .max(1000)
      .default([]),
    copyValues: z
      .array(z.strictObject({ ...tableFields, column: z.string().min(1).max(63), suffix: z.string().min(1).max(63) }))
      .max(1000)
      .default([]),
  })
  .refine(({ asCopy, tables }) => !asCopy || tables.length === 0, {
    message: 'of a copy of everything nothing is said by table',
    path: ['tables'],
  })
export type RecordPolicy = z.output<typeof recordPolicySchema>

const openClasses = ['elsewhere', 'moved-here', 'parent-missing'] as const
const edgeSchema = z.object({
  child: z.string(),
  columns: z.array(z.string()),
  parent: z.string(),
  ownership: z.enum(ownerships),
  because: z.string(),
})

const keyTextSchema = z.string().max(10_000)

/** For one row alone, by its key as the comparison shows it. It may be a person's: it stands where `recordWishSchema` may. */
const rowChoiceSchema = z.strictObject({ ...tableFields, key: z.array(keyTextSchema).min(1).max(32), take: sidesOrCopy })
export type RowChoice = z.output<typeof rowChoiceSchema>

/** What somebody chose: for everything, for tables, and for single rows. */
export const recordChoicesSchema = recordPolicySchema
  .safeExtend({ rows: z.array(rowChoiceSchema).max(10_000).default([]) })
  .refine(({ asCopy, rows }) => !asCopy || rows.every(({ take }) => take !== 'backup'), {
    message: 'a copy of everything leaves live rows alone',
    path: ['rows'],
  })
export type RecordChoices = z.output<typeof recordChoicesSchema>

/** Rows that differ, by what the comparison found and before any choice. */
const differSchema = z.object({
  changed: countSchema,
  /** Written since. */
  added: countSchema,
  /** The backup's row belongs to somebody else by now; the live row belonged to somebody else then. */
  elsewhere: countSchema,
  movedHere: countSchema,
  parentMissing: countSchema,
})

/** What bringing records back would do, in numbers and names of tables and columns: nothing in it is about a person. */
export const recordPlanSchema = z.object({
  database: z.string(),
  /** One for each record. */
  kinds: z.array(z.string()),
  policy: recordPolicySchema,
  tables: z.array(
    z.object({
      schema: z.string(),
      table: z.string(),
      /** Copies among them. */
      inserts: countSchema,
      copies: countSchema.default(0),
      updates: countSchema,
      deletes: countSchema,
      unchanged: countSchema,
      /** Rows that only have to exist, and are as in the backup. */
      present: countSchema,
      /** Rows that are not as in the backup and stay so: by the policy, or because they are not of the record. */
      kept: countSchema,
      /** Rows that nothing is decided of yet. */
      open: z.array(z.object({ class: z.enum(openClasses), count: countSchema })),
      /** Rows with a value that the index lets in once, and a live row has it. */
      clashes: z.array(z.object({ index: z.string(), columns: z.array(z.string()).default([]), count: countSchema })),
      // Plans from before these were told have none of them.
      differ: differSchema.default({ changed: 0, added: 0, elsewhere: 0, movedHere: 0, parentMissing: 0 }),
      /** Rows that a choice of their own was made for. */
      chosenRows: countSchema.default(0),
      /** Rows that differ and would not be written, as `records.rows` shows them. */
      left: countSchema.default(0),
      /** That the backup has a value for, without those of the key. */
      columns: z.array(z.string()).default([]),
    }),
  ),
  /** Files of the records, root by root. */
  files: z.array(
    z.object({
      root: z.string(),
      adds: countSchema,
      replaces: countSchema,
      removes: countSchema,
      unchanged: countSchema,
      bytes: countSchema,
      /** Named by rows of others as well, and other than in the backup: they stay as they are. */
      sharedDifferent: countSchema,
      /** Devices, sockets and pipes. */
      notRestored: countSchema,
    }),
  ),
  ownership: z.array(edgeSchema),
  drift: z.object({
    addedColumns: z.array(z.string()),
    removedColumns: z.array(z.string()),
    retypedColumns: z.array(z.object({ column: z.string(), was: z.string(), is: z.string() })),
    removedTables: z.array(z.object({ table: z.string(), rows: countSchema })),
    addedTables: z.array(z.string()),
  }),
  /** Made by somebody, on tables that are written: `schema.table.trigger`. */
  triggers: z.array(z.string()),
  loss: z.array(z.string()),
  warnings: z.array(z.string()),
})
export type RecordPlan = z.output<typeof recordPlanSchema>

/** What was written and proven, in the transaction that wrote it. */
export const appliedRecordsSchema = z.object({
  rows: countSchema,
  /** Put in place, moved away, or exchanged. */
  files: countSchema,
  /** Every other row of so many tables, hashed before and after, and the same. */
  complement: z.object({ tables: countSchema, rows: countSchema }),
  /** Rows that triggers added. */
  effects: z.array(z.object({ table: z.string(), rowsAdded: z.number().int() })),
  quietTriggers: z.array(z.string()),
  sequences: z.array(z.object({ sequence: z.string(), from: z.string(), to: z.string() })),
})
export type AppliedRecords = z.output<typeof appliedRecordsSchema>

const keySchema = z.array(z.string())

/** Text of a value as the database writes it; a long one is known by its size alone. */
const valueSchema = z.union([z.string(), z.null(), z.object({ bytes: countSchema })])
export type RowValue = z.output<typeof valueSchema>

const rowClasses = ['insert', 'update', 'delete', ...openClasses] as const

export const changedRowSchema = z.object({
  /** `copy`: a new row, and before it the key of the one in the backup. `open`: somebody has yet to choose; `keep`: it differs and stays as it is. */
  action: z.enum(['insert', 'copy', 'update', 'delete', 'open', 'keep']),
  /** Of a row that is not written: what the comparison found. */
  class: z.enum(rowClasses).nullable(),
  key: z.array(valueSchema),
  /**
   * In the order of `columns`. `before`: live; `after`: as it would be, and of a row that is not written as the backup has it.
   * `isChanged`: the two are not the same.
   */
  fields: z.array(z.object({ before: valueSchema, after: valueSchema, isChanged: z.boolean() })),
})
export type ChangedRow = z.output<typeof changedRowSchema>

const modelSchema = z.object({
  database: z.string(),
  kinds: z.array(
    z.object({
      name: z.string(),
      table: z.string(),
      /** The column that people know one by. */
      key: z.string(),
      /** By the names in the database, and not by the settings. */
      isProposed: z.boolean(),
    }),
  ),
  edges: z.array(edgeSchema.extend({ kind: z.enum(['foreign-key', 'virtual', 'polymorphic']), isIndexed: z.boolean() })),
  files: z.array(z.object({ table: z.string(), root: z.string(), pattern: z.string() })),
  warnings: z.array(z.object({ kind: z.string(), table: z.string(), fact: z.string() })),
})
export type RecordModel = z.output<typeof modelSchema>

/** As the reply before it says; none: from the first. */
const afterSchema = z
  .string()
  .regex(/^\d{1,16}$/, 'as the reply said it')
  .optional()

export const changedFileSchema = z.object({
  /** Below the root, as it can be shown: what is no UTF-8, or would not be seen, stands for itself otherwise. */
  path: z.string(),
  change: z.enum(['add', 'replace', 'remove']),
  /** Of the live one, before; null where there is none. */
  sizeBytes: countSchema.nullable(),
  changedAt: z.string().nullable(),
})
export type ChangedFile = z.output<typeof changedFileSchema>

export const records = {
  kinds: endpoint({
    name: 'records.kinds',
    method: 'GET',
    path: '/api/v1/systems/{id}/record-kinds',
    summary: 'what a patient, a study, an organization is in each database of a system',
    description:
      'By its settings, and as the keys of the database suggest where they say nothing. Reads the definitions of the live database.',
    permission: 'systems.read',
    isShared: true,
    params: idParamsSchema,
    reply: z.object({ databases: z.array(modelSchema) }),
  }),
  tables: endpoint({
    name: 'records.tables',
    method: 'GET',
    path: '/api/v1/systems/{id}/tables',
    summary: 'the tables of the live databases of a system, by name, page by page',
    description: 'Partitions count as their root. Reads the definitions of the live database, and no row.',
    permission: 'systems.read',
    params: idParamsSchema,
    query: z.strictObject({ ...pageQuery, search: z.string().trim().min(1).max(120).optional() }),
    reply: pageOf(
      z.object({
        database: z.string(),
        schema: z.string(),
        table: z.string(),
        /** By statistics; null before the server has any. */
        rowsEstimate: countSchema.nullable(),
      }),
    ),
  }),
  find: endpoint({
    name: 'records.find',
    method: 'POST',
    path: '/api/v1/systems/{id}/records/find',
    summary: 'whether the live database has a record, and how much belongs to it',
    description: 'In one view of the database, which is not changed. The trail has the kind, and the key as a digest.',
    permission: 'records.read',
    params: idParamsSchema,
    body: z.strictObject({ ...recordWishSchema.shape, database: nameSchema.optional() }),
    reply: z.object({
      database: z.string(),
      isThere: z.boolean(),
      /** Rows that belong to it, and those that only have to exist. */
      own: countSchema,
      needed: countSchema,
      tables: z.array(z.object({ table: z.string(), own: countSchema, needed: countSchema })),
      files: z.array(z.object({ root: z.string(), own: countSchema, needed: countSchema, bytes: countSchema })),
      /** Tables that may hold more of it, which neither a key nor a setting says. */
      notCovered: z.array(z.string()),
    }),
  }),
  change: endpoint({
    name: 'records.change',
    method: 'GET',
    path: '/api/v1/restore/plans/{id}/records',
    summary: 'which records a plan brings back, with the keys of the rows that somebody has to decide on or did',
    permission: 'records.read',
    isAudited: true,
    params: idParamsSchema,
    reply: z.object({
      records: z.array(recordWishSchema),
      open: z.array(z.object({ ...tableFields, class: z.string(), count: countSchema, first: z.array(keySchema) })),
      clashes: z.array(
        z.object({
          ...tableFields,
          index: z.string(),
          /** Of the index. */
          columns: z.array(z.string()),
          count: countSchema,
          first: z.array(z.object({ row: keySchema, live: keySchema })),
        }),
      ),
      /** What was chosen for single rows. */
      rows: z.array(rowChoiceSchema),
    }),
  }),
  rows: endpoint({
    name: 'records.rows',
    method: 'GET',
    path: '/api/v1/restore/plans/{id}/rows',
    summary: 'the rows of one table that a plan would write, or that differ and are left, field by field as they are and as they would be',
    permission: 'records.read',
    isAudited: true,
    params: idParamsSchema,
    query: z.strictObject({
      ...tableFields,
      /** `left`: those that differ and would not be written. */
      part: z.enum(['written', 'left']).default('written'),
      after: afterSchema,
      limit: wholeNumberSchema(1, 200).default(25),
    }),
    reply: z.object({
      /** `isInBackup`: the backup has a value for it. */
      columns: z.array(z.object({ name: z.string(), type: z.string(), isInBackup: z.boolean() })),
      key: z.array(z.string()),
      rows: z.array(changedRowSchema),
      /** Null: that was all. */
      next: z.string().nullable(),
    }),
  }),
  files: endpoint({
    name: 'records.files',
    method: 'GET',
    path: '/api/v1/restore/plans/{id}/files',
    summary: 'the files below one root that a plan would put in place, exchange or take away',
    permission: 'records.read',
    isAudited: true,
    params: idParamsSchema,
    query: z.strictObject({ root: nameSchema, after: afterSchema, limit: wholeNumberSchema(1, 200).default(25) }),
    reply: z.object({
      files: z.array(changedFileSchema),
      /** Null: that was all. */
      next: z.string().nullable(),
    }),
  }),
  document: endpoint({
    name: 'records.document',
    method: 'GET',
    path: '/api/v1/restore/plans/{id}/document',
    summary: 'a plan of single records as one document: what was decided, every row and every file, with its digest',
    description:
      'JSON. `plan` is what the digest was taken of: SHA-256 over it, without its last member `digest` and without blanks. It has the SHA-256 of each list of rows and files, which follow in `rows` and `files`.',
    permission: 'records.read',
    isAudited: true,
    params: idParamsSchema,
    media: 'application/json',
  }),
} as const

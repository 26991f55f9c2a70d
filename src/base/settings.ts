import { z } from 'zod'
import { parseFilePattern } from './file-pattern.ts'
import { dataTypeName } from './selection.ts'
import { durationPattern, durations } from './units.ts'

export const sourceNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'a name is 1 to 63 of a-z, 0-9 and "-", not beginning with "-"')

const hookTimeoutMs = z
  .number()
  .int()
  .positive()
  .default(5 * durations.minute)

/** A program that the operator wants run, without a shell. */
export const commandHookSchema = z.strictObject({ command: z.array(z.string().min(1)).min(1), timeoutMs: hookTimeoutMs })
export type CommandHook = z.infer<typeof commandHookSchema>

/** Settings are shown, printed into plans and kept in journals: what opens a door stands in a file of its own. */
const secretHeaderPattern = /^(authorization|proxy-authorization|cookie)$|key|token|secret|password/i

/** What is asked of another server: whatever it answers beside 2xx is a failure, and it is not followed elsewhere. */
export const httpHookSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).refine(isPrivateUrl, 'https, or http to this machine itself, and no password in it'),
  method: z.enum(['POST', 'PUT']).default('POST'),
  headers: z
    .record(
      z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'the name of a header'),
      z.union([
        z
          .string()
          .max(1024)
          .regex(/^[\x20-\x7E]*$/, 'printable characters'),
        /** Its text without surrounding white space. */
        z.strictObject({ file: z.string().startsWith('/') }),
      ]),
    )
    .refine(
      (headers) => Object.entries(headers).every(([name, value]) => typeof value !== 'string' || !secretHeaderPattern.test(name)),
      'a header that holds a secret is written {"file": "/path"}',
    )
    .default({}),
  timeoutMs: hookTimeoutMs,
})
export type HttpHook = z.infer<typeof httpHookSchema>

export const hookSchema = z.union([commandHookSchema, httpHookSchema])
export type Hook = z.infer<typeof hookSchema>

function isPrivateUrl(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || url.username !== '' || url.password !== '') return false
  return url.protocol === 'https:' || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)
}

/** Rows that name files: every value of `column` is a path below `root`. */
export const fileReferenceSchema = z.strictObject({
  database: sourceNameSchema,
  schema: z.string().default('public'),
  table: z.string(),
  column: z.string(),
  root: sourceNameSchema,
  /** Taken off the front of a value before it is looked up, such as an absolute path. */
  prefix: z.string().default(''),
})
export type FileReference = z.infer<typeof fileReferenceSchema>

const durationText = z.string().regex(durationPattern, 'a duration is a number with s, m, h or d, such as 4h')

/** What the one value of an assertion must be. */
export const expectationSchema = z.union([
  z.boolean(),
  z.number(),
  z.string(),
  z
    .strictObject({ atLeast: z.number().optional(), atMost: z.number().optional() })
    .refine(({ atLeast, atMost }) => atLeast !== undefined || atMost !== undefined, 'atLeast, atMost, or both'),
  /** A time, no longer than this before the instant at which the database was captured. */
  z.strictObject({ within: durationText }),
])
export type Expectation = z.infer<typeof expectationSchema>

/** A query that must return exactly one row with one value, and what that value must be, in the restored database. */
export const assertionSchema = z.strictObject({
  name: z.string().min(1),
  /** May be left out where the backup has one database. */
  database: sourceNameSchema.optional(),
  sql: z.string().min(1),
  expect: expectationSchema.default(true),
  timeoutMs: z
    .number()
    .int()
    .positive()
    .default(5 * durations.minute),
})
export type Assertion = z.infer<typeof assertionSchema>

/** A name as PostgreSQL takes it. */
const identifier = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[^\u0000-\u001F\u007F]*$/, 'no control characters')
const tableFields = { database: sourceNameSchema.optional(), schema: identifier.default('public'), table: identifier }

/** Questions that most systems have: whoever wants one names tables and columns, and `ready-assertions.ts` writes the query. */
export const readyAssertionSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('count'), ...tableFields, atLeast: z.number().int().nonnegative() }),
  /** Every value of `column` stands in `ofTable`, or is null. */
  z.strictObject({
    kind: z.literal('no-orphans'),
    ...tableFields,
    column: identifier,
    ofSchema: identifier.default('public'),
    ofTable: identifier,
    ofColumn: identifier.default('id'),
  }),
  /** A column of times; `within` is the objective for the recovery point unless it is given. */
  z.strictObject({ kind: z.literal('newest'), ...tableFields, column: identifier, within: durationText.optional() }),
  /** No sequence gives out a number again that its column has; which ones there are is found in the restored database. */
  z.strictObject({ kind: z.literal('sequences'), database: sourceNameSchema.optional() }),
])
export type ReadyAssertion = z.infer<typeof readyAssertionSchema>

export const ownerships = ['own', 'reference', 'ignore'] as const
export type Ownership = (typeof ownerships)[number]

const entityTable = { schema: identifier.default('public'), table: identifier }
const kindName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'the name of a kind is 1 to 63 of a-z, 0-9 and "-", and begins with a letter')

/**
 * What a patient, a study, an organization is in a database: where each begins, and which rows belong to it beyond what the
 * foreign keys say. What is not said here is proposed by `integrum entities discover`.
 */
export const entityModelSchema = z.strictObject({
  /** The root table of each kind, and the column that people know it by. */
  kinds: z.record(kindName, z.strictObject({ ...tableFields, key: identifier })).default({}),
  /** For a foreign key, by its columns: what it means. */
  references: z
    .array(z.strictObject({ ...tableFields, columns: z.array(identifier).min(1).max(32), ownership: z.enum(ownerships) }))
    .default([]),
  /** A reference that no foreign key declares. */
  virtual: z
    .array(
      z
        .strictObject({
          ...tableFields,
          columns: z.array(identifier).min(1).max(32),
          ofSchema: identifier.default('public'),
          ofTable: identifier,
          ofColumns: z.array(identifier).min(1).max(32),
          ownership: z.enum(ownerships).default('own'),
        })
        .refine(({ columns, ofColumns }) => columns.length === ofColumns.length, { message: 'as many as columns', path: ['ofColumns'] }),
    )
    .default([]),
  /** Rows that say in one column of which table, in another one which row of it they belong to. */
  polymorphic: z
    .array(
      z.strictObject({
        ...tableFields,
        typeColumn: identifier,
        idColumn: identifier,
        /** By what stands in `typeColumn`. */
        targets: z.record(z.string().min(1).max(200), z.strictObject({ ...entityTable, column: identifier.default('id') })),
        ownership: z.enum(ownerships).default('own'),
      }),
    )
    .default([]),
  /** Files that no column names: `{code}/**` below a root is the folder of the row that has that code. */
  files: z
    .array(
      z.strictObject({
        ...tableFields,
        root: sourceNameSchema,
        pattern: z
          .string()
          .max(1000)
          .refine(
            (pattern) => parseFilePattern(pattern) !== undefined,
            'a pattern names at least one {column}, no wildcard stands in the same name with it, and no name is empty, "." or ".."',
          ),
      }),
    )
    .default([]),
})
export type EntityModelSettings = z.infer<typeof entityModelSchema>

const maskedColumn = { ...tableFields, column: identifier }

/** What becomes of the values of one column. What is NULL stays so. */
export const columnMaskSchema = z.discriminatedUnion('mask', [
  z.strictObject({ mask: z.literal('null'), ...maskedColumn }),
  /** NULL, or the column's default where it may not be NULL and the default is a constant. */
  z.strictObject({ mask: z.literal('exclude'), ...maskedColumn }),
  /** As PostgreSQL writes a value of the column's type. */
  z.strictObject({ mask: z.literal('fixed'), ...maskedColumn, value: z.string().max(10_000) }),
  /** A keyed pseudonym: equal values stay equal, different ones different. With `keepsFormat` digits stay digits, letters letters. */
  z.strictObject({ mask: z.literal('hash'), ...maskedColumn, keepsFormat: z.boolean().default(false) }),
  z.strictObject({ mask: z.literal('name'), ...maskedColumn, part: z.enum(['full', 'given', 'family']).default('full') }),
  z.strictObject({ mask: z.literal('email'), ...maskedColumn }),
  z.strictObject({ mask: z.literal('phone'), ...maskedColumn }),
  z.strictObject({ mask: z.literal('address'), ...maskedColumn }),
  /** All dates of one subject move by the same number of days, so that what lies between them stays. */
  z.strictObject({
    mask: z.literal('shift'),
    ...maskedColumn,
    /** The column that names the subject; where that is another table's, first the column of each reference that leads there. */
    subject: z.array(identifier).min(1).max(5),
    /** Forward or back, at most. */
    daysMax: z.number().int().min(1).max(36_500).default(365),
  }),
  /** Free text, which may say anything: all of it is taken away. */
  z.strictObject({ mask: z.literal('text'), ...maskedColumn }),
])
export type ColumnMask = z.infer<typeof columnMaskSchema>

/** What a masked backup does not hold as it was. Where a column is masked, those that refer to it are masked alike. */
export const masksSchema = z.strictObject({
  /** Their rows are left out. */
  excludedTables: z.array(z.strictObject(tableFields)).default([]),
  columns: z.array(columnMaskSchema).default([]),
  /** File roots and large objects are left out, because nothing masks them, unless this says that they may be taken as they are. */
  keptRoots: z.array(sourceNameSchema).default([]),
  keepsLargeObjects: z.boolean().default(false),
})
export type MaskSettings = z.infer<typeof masksSchema>

const objectiveMinutes = z
  .number()
  .positive()
  .max((365 * durations.day) / durations.minute)

/** What the operator says about one system; read from `--settings FILE`. */
export const systemSettingsSchema = z.strictObject({
  fileReferences: z.array(fileReferenceSchema).default([]),
  /** Patterns per file root, matched against the path below it; `*` within a name, `**` across names. */
  exclude: z.record(sourceNameSchema, z.array(z.string().min(1))).default({}),
  /** Roots that a container has mounted: their processes cannot be seen from here (SAFETY rule 5). */
  containerisedRoots: z.array(sourceNameSchema).default([]),
  assertions: z
    .array(assertionSchema)
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'each assertion has a name of its own')
    .default([]),
  readyAssertions: z.array(readyAssertionSchema).optional(),
  entities: entityModelSchema.optional(),
  masks: masksSchema.optional(),
  /** Tables that people ask for together, by the name of what they hold. */
  dataTypes: z.record(dataTypeName, z.array(z.strictObject(tableFields)).min(1)).optional(),
  /** When each row of a table is of: a date or a time. */
  timeColumns: z.array(z.strictObject({ ...tableFields, column: identifier })).optional(),
  /** What was promised: the most data, and time, that may be lost. What was achieved is set beside it. */
  objectives: z.strictObject({ rpoMinutes: objectiveMinutes.optional(), rtoMinutes: objectiveMinutes.optional() }).default({}),
  hooks: z
    .strictObject({
      /** Quiesce before the snapshot, resume after the last byte, also on failure. */
      beforeBackup: hookSchema.optional(),
      afterBackup: hookSchema.optional(),
      /** Stop or pause before the fence, restart or resume after it is lifted, also on failure. */
      beforeSwap: hookSchema.optional(),
      afterSwap: hookSchema.optional(),
    })
    .default({}),
})
export type SystemSettings = z.infer<typeof systemSettingsSchema>

export const defaultSettings: SystemSettings = systemSettingsSchema.parse({})

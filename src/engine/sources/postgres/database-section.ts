import { z } from 'zod'
import { databaseTargetSchema } from './target.ts'

const count = z.number().int().min(0)
const hex = z.string().regex(/^[0-9a-f]*$/)

/** Order-independent content hash `rows-v1` (SAFETY rule 18): the sum mod 2^128 of SipHash-2-4-128 of each COPY line. */
export const rowsHashSchema = z.object({
  rows: count,
  /** 32 hex digits, big-endian. */
  sum: hex.length(32),
})
export type RowsHash = z.infer<typeof rowsHashSchema>

export const columnSchema = z.object({ name: z.string(), type: z.string() })

export const tableSectionSchema = z.object({
  schema: z.string(),
  table: z.string(),
  /** Folder of the segments below `database/<db>/`: `data/<schema>/<table>`, percent-encoded. */
  path: z.string(),
  segments: count,
  /** In COPY order, without generated columns. */
  columns: z.array(columnSchema),
  copyBytes: count,
  hash: rowsHashSchema,
  /** A second hash over the generated columns alone (SAFETY rule 19). */
  generated: z.object({ columns: z.array(columnSchema), hash: rowsHashSchema }).optional(),
  /** Partitions whose rows must go through the root: hash partitions on an enum key (POSTGRES §2). */
  loadVia: z.object({ schema: z.string(), table: z.string() }).optional(),
  isUnlogged: z.boolean(),
})
export type TableSection = z.infer<typeof tableSectionSchema>

/** Objects whose rows stand in `rest.dump`, hashed all the same (SAFETY rule 19). */
const hashedSchema = z.object({
  schema: z.string(),
  name: z.string(),
  columns: z.array(columnSchema),
  condition: z.string().optional(),
  hash: rowsHashSchema,
})

/** One database in the manifest: everything that staging needs to build and to judge it. */
export const databaseSectionSchema = z.object({
  /** Its name as the operator calls it, the folder `database/<name>`. */
  name: z.string(),
  /** Where it was captured. `source.database` is its real name. */
  source: databaseTargetSchema,
  oid: count,
  systemIdentifier: z.string(),
  serverVersion: z.object({ number: count, text: z.string() }),
  clientVersion: z.string(),
  /** UTC time at which the snapshot was exported. Every row is as of this instant. */
  instant: z.iso.datetime(),
  lsn: z.string().nullable(),
  /** The list of session settings under which rows were read (SAFETY rule 17). */
  sessionSettings: z.object({ id: z.string(), values: z.record(z.string(), z.string()) }),
  properties: z.object({
    encoding: z.string(),
    collate: z.string(),
    ctype: z.string(),
    localeProvider: z.string(),
    /** ICU or builtin locale; null under libc. */
    icuLocale: z.string().nullable(),
    icuRules: z.string().nullable(),
    tablespace: z.string(),
    owner: z.string(),
    isTemplate: z.boolean(),
    allowConnections: z.boolean(),
    connectionLimit: z.number().int(),
    comment: z.string().nullable(),
    /** Text form of each aclitem; null = the default ACL of the owner. */
    acl: z.array(z.string()).nullable(),
    /** `ALTER DATABASE … SET` (role null) and `ALTER ROLE … IN DATABASE … SET`, each value as `name=value`. */
    settings: z.array(z.object({ role: z.string().nullable(), values: z.array(z.string()) })),
    securityLabels: z.array(z.object({ provider: z.string(), label: z.string() })),
  }),
  /** Random per backup; 32 hex digits. Secret enough: the manifest is sealed. */
  hashKey: hex.length(32),
  tables: z.array(tableSectionSchema),
  sequences: z.array(z.object({ schema: z.string(), name: z.string(), lastValue: z.string(), isCalled: z.boolean() })),
  largeObjects: z.object({ count, bytes: count, hash: rowsHashSchema }),
  extensionTables: z.array(hashedSchema),
  materializedViews: z.array(hashedSchema.extend({ isPopulated: z.boolean() })),
  extensions: z.array(z.object({ name: z.string(), version: z.string(), schema: z.string(), owner: z.string() })),
  roles: z.array(z.string()),
  tablespaces: z.array(z.string()),
  /** `pg_database_size`: what a staging takes, about. */
  sizeBytes: count,
  rows: count,
  copyBytes: count,
  /** SHA-256 of the file SHA256SUMS, which lists each segment. */
  segmentsSha256: hex.length(64),
  /** What will not be bit-exact after a restore, and why. */
  exactness: z.array(z.object({ what: z.string(), why: z.string() })),
})
export type DatabaseSection = z.infer<typeof databaseSectionSchema>

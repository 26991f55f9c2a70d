import { z } from 'zod'
import { instantSchema, uuidSchema } from './shapes.ts'

const countSchema = z.number().int().nonnegative()
const exactnessSchema = z.array(z.object({ what: z.string(), why: z.string() }))

/** What the manifest says, without the keys of its hashes and without its tables. */
export const backupSummarySchema = z.object({
  version: z.string(),
  hostname: z.string(),
  startedAt: instantSchema,
  isQuiesced: z.boolean(),
  compressionLevel: countSchema,
  databases: z.array(
    z.object({
      name: z.string(),
      database: z.string(),
      serverVersion: z.string(),
      clientVersion: z.string(),
      instant: instantSchema,
      lsn: z.string().nullable(),
      tables: countSchema,
      rows: countSchema,
      bytes: countSchema,
      sizeBytes: countSchema,
      largeObjects: countSchema,
      sequences: countSchema,
      extensions: z.array(z.object({ name: z.string(), version: z.string() })),
      roles: z.array(z.string()),
      exactness: exactnessSchema,
    }),
  ),
  roots: z.array(
    z.object({
      name: z.string(),
      path: z.string(),
      instant: instantSchema,
      files: countSchema,
      directories: countSchema,
      specials: countSchema,
      bytes: countSchema,
      /** Entries that changed after the instant of the database. */
      newer: countSchema,
      exactness: exactnessSchema,
    }),
  ),
  references: z.object({ checked: countSchema, dangling: countSchema }),
  gaps: z.array(z.object({ source: z.string(), kind: z.string(), what: z.string(), detail: z.string() })),
  /** What of the system it holds, when it does not hold all of it: how many records of each kind, and no keys. */
  selection: z
    .object({
      kinds: z.array(z.object({ kind: z.string(), count: countSchema })),
      tables: z.array(z.object({ schema: z.string(), table: z.string() })),
      dataTypes: z.array(z.string()),
      since: instantSchema.optional(),
      until: instantSchema.optional(),
      /** Rows that were selected, and rows that only have to exist for them. */
      own: countSchema,
      needed: countSchema,
      leftOut: z.object({ databases: z.array(z.string()), roots: z.array(z.string()) }),
      notCovered: z.array(z.object({ database: z.string(), table: z.string() })),
    })
    .optional(),
  /** Which values in it are not those of the system, when it is masked. */
  masks: z
    .object({
      keyedBy: z.enum(['repository', 'key-file']),
      /** The same in two backups whose values are masked alike. */
      key: z.string(),
      copyOf: uuidSchema.optional(),
      databases: z.array(
        z.object({
          name: z.string(),
          columns: z.array(z.object({ schema: z.string(), table: z.string(), column: z.string(), mask: z.string(), because: z.string() })),
          excludedTables: z.array(z.object({ schema: z.string(), table: z.string() })),
        }),
      ),
      keepsLargeObjects: z.boolean(),
      rootsKept: z.array(z.string()),
      rootsLeftOut: z.array(z.string()),
    })
    .optional(),
  imported: z.object({ kind: z.string(), at: instantSchema, file: z.string(), sha256: z.string(), format: z.string() }).optional(),
  statistics: z.object({
    readBytes: countSchema,
    newBytes: countSchema,
    newBlobs: countSchema,
    reusedBlobs: countSchema,
    storedBytes: countSchema.nullable(),
    /** Share of the logical bytes that was known before and not stored again. */
    dedupRatio: z.number().nullable(),
  }),
})
export type BackupSummary = z.infer<typeof backupSummarySchema>

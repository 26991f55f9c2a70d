import { z } from 'zod'
import { expectationSchema } from '#base/settings.ts'
import { proofHeadSchema } from '#engine/repository/proofs.ts'

const count = z.number().int().min(0)
const exactnessSchema = z.object({ source: z.string(), what: z.string(), why: z.string() })
const gapSchema = z.object({ source: z.string(), kind: z.string(), what: z.string(), detail: z.string() })

const databaseReportSchema = z.object({
  name: z.string(),
  instant: z.string(),
  serverVersion: z.string(),
  /** Every row of every table below was read back from the restored database and compared; false: it did not come to that. */
  isVerified: z.boolean(),
  /** As the backup has them. `hash` is rows-v1, keyed for this backup. */
  tables: z.array(z.object({ schema: z.string(), table: z.string(), rows: count, hash: z.string() })),
  rows: count,
  compared: z
    .object({
      hashes: count,
      objects: count,
      sequences: count,
      constraints: count,
      indexes: count,
      extensionTables: count,
      materializedViews: count,
      largeObjects: count,
      largeObjectBytes: count,
    })
    .nullable(),
  notes: z.array(z.string()),
})
export type DatabaseReport = z.infer<typeof databaseReportSchema>

const rootReportSchema = z.object({
  name: z.string(),
  instant: z.string(),
  /** Every file was read back and hashed, all metadata compared; false: it did not come to that. */
  isVerified: z.boolean(),
  /** Counted in the restored tree; as the backup has them when it did not come to that. */
  files: count,
  directories: count,
  specials: count,
  bytes: count,
  notRestored: z.array(z.string()),
})
export type RootReport = z.infer<typeof rootReportSchema>

const assertionReportSchema = z.object({
  name: z.string(),
  database: z.string().nullable(),
  expect: expectationSchema,
  /** `skipped`: the backup has no database, or the drill ended before it. */
  outcome: z.enum(['holds', 'fails', 'refused', 'skipped']),
  found: z.union([z.boolean(), z.number(), z.string()]).nullable(),
  fact: z.string().nullable(),
})
export type AssertionReport = z.infer<typeof assertionReportSchema>

/** What a drill did and found, as kept in the repository and handed to an auditor. */
export const drillReportSchema = proofHeadSchema.extend({
  kind: z.literal('drill'),
  outcome: z.enum(['proven', 'failed']),
  begunAt: z.iso.datetime(),
  backup: z.object({
    id: z.uuid(),
    system: z.string(),
    tree: z.string(),
    snapshot: z.string(),
    type: z.string(),
    purpose: z.string(),
    /** These are in its manifest, and null when that cannot be read. */
    name: z.string().nullable(),
    startedAt: z.string().nullable(),
    manifestChecksum: z.string().nullable(),
    gaps: z.object({ count, first: z.array(gapSchema) }),
  }),
  by: z.object({ user: z.string(), hostname: z.string() }),
  versions: z.object({ integrum: z.string(), node: z.string(), system: z.string(), postgres: z.string().nullable() }),
  stages: z.array(z.object({ stage: z.string(), what: z.string(), begunMs: count, durationMs: count })),
  databases: z.array(databaseReportSchema),
  roots: z.array(rootReportSchema),
  assertions: z.array(assertionReportSchema),
  /** What a restore does not bring back bit for bit, and why. */
  exactness: z.array(exactnessSchema),
  /** From a ready server to the last comparison: what this machine would have needed before a swap. */
  rto: z.object({ objectiveMs: count.nullable(), achievedMs: count.nullable() }),
  fault: z.object({ code: z.string(), fact: z.string(), hint: z.string() }).nullable(),
  /** When bytes were damaged: every table and file that is wrong. */
  findings: z.array(z.object({ code: z.string(), source: z.string(), what: z.string(), fact: z.string() })),
})
export type DrillReport = z.infer<typeof drillReportSchema>

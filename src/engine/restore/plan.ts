import { createHash } from 'node:crypto'
import { z } from 'zod'
import { Fault } from '#base/fault.ts'
import { parse } from '#base/parse.ts'
import { systemSettingsSchema } from '#base/settings.ts'
import { plannedMasksSchema } from '#engine/masking/sanitization.ts'
import { rootRecordSchema } from '#engine/sources/files/root-record.ts'
import { databaseRecordSchema } from '#engine/sources/postgres/database-record.ts'
import { roleChoiceSchema } from '#engine/sources/postgres/roles.ts'

const count = z.number().int().min(0)
const listed = z.object({ count, first: z.array(z.string()) })

const spaceSchema = z.object({
  place: z.string(),
  neededBytes: count,
  /** Null when it cannot be seen from here and nobody stated it. */
  freeBytes: count.nullable(),
})

export const plannedDatabaseSchema = z.object({
  name: z.string(),
  record: databaseRecordSchema,
  /** Stable hash of the live catalog; null when there is no live database. */
  schemaFingerprint: z.string().nullable(),
  roles: z.array(roleChoiceSchema),
  /** Only these tables' rows, as `schema.table`; null for all. */
  tables: z.array(z.string()).nullable(),
  effect: z.object({
    /** Tables that exist in the backup alone, now alone, and in both with another number of rows. */
    added: z.array(z.string()),
    removed: z.array(z.string()),
    changed: z.array(z.object({ table: z.string(), rowsNow: count, rowsInBackup: count })),
    unchangedCounts: count,
    rowsInBackup: count,
    rowsNow: count.nullable(),
  }),
  sessions: z.array(z.string()),
  /** Hot standbys whose sessions keep the replaced database until they connect again. */
  standbys: z.array(z.string()),
  /** As the operator stated it, for a server whose disks cannot be seen from here. */
  statedFreeBytes: count.nullable(),
})
export type PlannedDatabase = z.infer<typeof plannedDatabaseSchema>

export const plannedRootSchema = z.object({
  name: z.string(),
  record: rootRecordSchema,
  effect: z.object({ added: listed, changed: listed, removed: listed }),
  usedBy: z.array(z.string()),
})
export type PlannedRoot = z.infer<typeof plannedRootSchema>

/** What would be done, as data. Made by reading only, carried out once, refused when its target is another by then. */
export const restorePlanSchema = z.object({
  format: z.literal(1),
  restore: z.uuid(),
  createdAt: z.iso.datetime(),
  system: z.string(),
  backup: z.uuid(),
  snapshot: z.string(),
  backupName: z.string(),
  backupAt: z.iso.datetime(),
  repositoryId: z.string(),
  manifestChecksum: z.string(),
  settings: systemSettingsSchema,
  /** The rows are masked on their way, so that what is restored is a masked copy of the backup; absent for all others. */
  masks: plannedMasksSchema.optional(),
  databases: z.array(plannedDatabaseSchema),
  roots: z.array(plannedRootSchema),
  space: z.array(spaceSchema),
  /** What exists now and would be gone, as of `createdAt` (SAFETY rule 25). */
  loss: z.array(z.string()),
  /** More rows than this written between plan and fence: the swap is given up. Null: no bound was asked for. */
  lossRowsMax: count.nullable(),
  warnings: z.array(z.string()),
  digest: z.string(),
})
export type RestorePlan = z.infer<typeof restorePlanSchema>

/**
 * Over what must not have changed between planning and running (DECISIONS "Stale plan"): identities, schema, options.
 * Not over counts of rows and files: the application may write meanwhile, and the receipt records what there was.
 */
export function planDigest(plan: Omit<RestorePlan, 'digest'>): string {
  const databases = plan.databases.map(({ name, record, schemaFingerprint, roles, tables }) => ({
    name,
    server: record.systemIdentifier,
    live: record.live,
    liveOid: record.liveOid,
    schemaFingerprint,
    roles,
    tables,
  }))
  const roots = plan.roots.map(({ name, record }) => ({ name, path: record.path, live: record.live, method: record.method }))
  const { restore, system, backup, repositoryId, manifestChecksum, settings, lossRowsMax, masks } = plan
  return createHash('sha256')
    .update(JSON.stringify({ restore, system, backup, repositoryId, manifestChecksum, settings, lossRowsMax, databases, roots, masks }))
    .digest('hex')
}

export function printPlan(plan: RestorePlan): string {
  return `${JSON.stringify(plan, null, 2)}\n`
}

/** Reads a plan file. One that was changed by hand no longer fits its digest: PLAN_INVALID. */
export function parsePlan(text: string, file: string): RestorePlan {
  const plan = parse(restorePlanSchema, text, `plan ${file}`, 'PLAN_INVALID')
  if (planDigest(plan) !== plan.digest) throw new Fault('PLAN_INVALID', `plan ${file} is not as it was written`, { file })
  return plan
}

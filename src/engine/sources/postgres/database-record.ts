import { z } from 'zod'
import { databaseTargetSchema } from './target.ts'

const oid = z.number().int().min(1)

/** What belongs to a database as a whole and is keyed to its OID, so that a swap would lose it; apart from the owner, which each has from the start. */
const heldPropertiesSchema = z.object({
  allowConnections: z.boolean(),
  connectionLimit: z.number().int(),
  comment: z.string().nullable(),
  isTemplate: z.boolean(),
  /** Null = the default ACL. Text form of each aclitem, roles already mapped. */
  acl: z.array(z.string()).nullable(),
})

/**
 * All that is needed to finish or undo the swap of one database, from any machine, with nothing else at hand
 * (SAFETY rules 1, 3, 4, 7). It stands in the restore's journal and as a COMMENT on the staging and kept databases.
 */
export const databaseRecordSchema = z.object({
  kind: z.literal('database'),
  name: z.string(),
  /** How to reach the server; `live.database` is the live name. */
  live: databaseTargetSchema,
  systemIdentifier: z.string(),
  /** OID of the live database; null when there was none. Every DROP and RENAME checks OIDs first. */
  liveOid: oid.nullable(),
  /**
   * What takes the live name. Absent = `staging`; `kept` = an undo, the kept database of the restore comes back;
   * `nothing` = an undo of a restore to a place where there was no database, so the live name becomes free.
   */
  candidate: z.enum(['staging', 'kept', 'nothing']).optional(),
  stageName: z.string(),
  /** Null until the staging database is made, and for `nothing`. */
  stageOid: oid.nullable(),
  keptName: z.string(),
  /** `pg_postmaster_start_time()` when staging was verified; a change means verify again. */
  verifiedUnderStart: z.string().nullable(),
  /** Properties of the live database before it was fenced, to be put back on unfence and by an undo. */
  liveProperties: heldPropertiesSchema.nullable(),
  /** Properties that the staging database takes on in the rename transaction. */
  stageProperties: heldPropertiesSchema,
  isFenced: z.boolean(),
  /** xid8 of the rename transaction, journaled before its COMMIT; `pg_xact_status` of it decides. */
  xid: z.string().nullable(),
})
export type DatabaseRecord = z.infer<typeof databaseRecordSchema>

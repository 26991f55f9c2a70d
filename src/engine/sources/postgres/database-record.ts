import { z } from 'zod'
import { databaseTargetSchema } from './target.ts'

const oid = z.number().int().min(1)

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
  stageName: z.string(),
  /** Null until the staging database is made. */
  stageOid: oid.nullable(),
  keptName: z.string(),
  /** `pg_postmaster_start_time()` when staging was verified; a change means verify again. */
  verifiedUnderStart: z.string().nullable(),
  /** Properties of the live database before it was fenced, to be put back on unfence. */
  liveProperties: z
    .object({
      allowConnections: z.boolean(),
      connectionLimit: z.number().int(),
      comment: z.string().nullable(),
    })
    .nullable(),
  /** Properties that the staging database takes on in the rename transaction. */
  stageProperties: z.object({
    /** Staging belongs to whoever restores until then, since an owner may always connect. Already mapped. */
    owner: z.string(),
    allowConnections: z.boolean(),
    connectionLimit: z.number().int(),
    comment: z.string().nullable(),
    isTemplate: z.boolean(),
    /** Null = the default ACL. Text form of each aclitem, roles already mapped. */
    acl: z.array(z.string()).nullable(),
  }),
  isFenced: z.boolean(),
  /** xid8 of the rename transaction, journaled before its COMMIT; `pg_xact_status` of it decides. */
  xid: z.string().nullable(),
})
export type DatabaseRecord = z.infer<typeof databaseRecordSchema>

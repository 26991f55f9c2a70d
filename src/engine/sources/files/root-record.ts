import { z } from 'zod'

/** Identity of a directory that survives a rename: decimal `st_dev` and `st_ino`. */
export const inodeSchema = z.object({ device: z.string(), inode: z.string() })
export type Inode = z.infer<typeof inodeSchema>

/**
 * All that is needed to finish or undo the swap of one directory (SAFETY rules 3, 4, 6). RENAME_EXCHANGE is its own
 * inverse, so what was done is read from (device, inode), never replayed blindly.
 */
export const rootRecordSchema = z.object({
  kind: z.literal('root'),
  name: z.string(),
  path: z.string(),
  /** exchange: atomic. renames: two journaled renames. entries: a mount point, swapped entry by entry. */
  method: z.enum(['exchange', 'renames', 'entries']),
  live: inodeSchema.nullable(),
  stagePath: z.string(),
  stage: inodeSchema.nullable(),
  keptPath: z.string(),
  /** For `entries`: names (latin1 byte strings) to move out of and into the root. Known before the swap begins. */
  outgoing: z.array(z.string()).optional(),
  incoming: z.array(z.string()).optional(),
})
export type RootRecord = z.infer<typeof rootRecordSchema>

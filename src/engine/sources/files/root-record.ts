import { z } from 'zod'

/** Identity of a directory that survives a rename: decimal `st_dev` and `st_ino`. */
export const inodeSchema = z.object({ device: z.string(), inode: z.string() })
export type Inode = z.infer<typeof inodeSchema>

const timesSchema = z.object({ atimeNs: z.string(), mtimeNs: z.string() })

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
  /** True when swapping takes the root away and puts nothing there: the undo of a root that did not exist before. */
  isRemoval: z.boolean().optional(),
  /** For `entries`, known before the swap begins: names (latin1 byte strings) to move out of and into the root … */
  outgoing: z.array(z.string()).optional(),
  incoming: z.array(z.string()).optional(),
  /** … the directory made for what moves out … */
  kept: inodeSchema.optional(),
  /** … and the times that the root takes on, decimal nanoseconds, since moving entries changes those of the directories. */
  times: z.object({ live: timesSchema, stage: timesSchema }).optional(),
})
export type RootRecord = z.infer<typeof rootRecordSchema>

/** staged: nothing moved. swapped: all moved. partly: in between. foreign: not what this restore left. */
export type RootState = 'staged' | 'swapped' | 'partly' | 'foreign'

/** Called before each rename, for a journal (SAFETY rule 6). */
export type OnStep = (step: { readonly from: string; readonly to: string }) => Promise<void> | void

import { z } from 'zod'

const count = z.number().int().min(0)

/** One file root in the manifest. */
export const rootSectionSchema = z.object({
  /** Its name as the operator calls it, the folder `files/<name>`. */
  name: z.string(),
  /** Absolute path it was captured from. */
  path: z.string(),
  /** When its walk began: after the databases' snapshots were exported. */
  instant: z.iso.datetime(),
  isMountPoint: z.boolean(),
  files: count,
  directories: count,
  /** Symlinks, devices, fifos, sockets. */
  specials: count,
  bytes: count,
  /** Entries whose ctime is later than the databases' instant (SAFETY rule 16): how many, and the first thousand. */
  newer: z.object({ count, paths: z.array(z.string()) }),
  /** What will not be bit-exact after a restore, and why (sockets, owners when not root …). */
  exactness: z.array(z.object({ what: z.string(), why: z.string() })),
})
export type RootSection = z.infer<typeof rootSectionSchema>

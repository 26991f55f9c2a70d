import { z } from 'zod'
import type { ByteString } from '#engine/byte-string.ts'
import { fileIdentitySchema } from '#engine/sources/files/file-slots.ts'

const count = z.number().int().min(0)

/** What would be done to the files of a record below one root. */
export const changedRootSchema = z.object({
  name: z.string(),
  /** Where the root is, and the folder in which what is replaced waits for its return. */
  path: z.string(),
  slots: z.string(),
  adds: count,
  replaces: count,
  removes: count,
  unchanged: count,
  bytes: count,
  /** Named by rows of others as well, and other than in the backup: left as they are. */
  sharedDifferent: count,
  /** Devices, sockets and pipes of the record: not brought back one by one. */
  notRestored: count,
  file: z.string().nullable(),
  sha256: z.string().nullable(),
})
export type ChangedRoot = z.infer<typeof changedRootSchema>

/** One line of a root's file. Paths are byte strings (latin1), below the root. */
export const fileChangeSchema = z.object({
  path: z.string().transform((text) => text as ByteString),
  change: z.enum(['add', 'replace', 'remove']),
  before: fileIdentitySchema.nullable(),
  /** SHA-256 over what the backup's node says: content, mode, owner, times. */
  node: z.string().nullable(),
})
export type FileChange = z.infer<typeof fileChangeSchema>

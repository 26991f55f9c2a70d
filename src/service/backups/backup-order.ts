import { z } from 'zod'
import { backupTypeSchema } from '#contract/backups.ts'

/** What a job of the kind `backup` needs to know, without secrets; its subject is the backup. */
export const backupJobOrderSchema = z.object({
  name: z.string(),
  type: backupTypeSchema,
  description: z.string().optional(),
  compressionLevel: z.number().int(),
  isMasked: z.boolean().default(false),
  exclusions: z.record(z.string(), z.array(z.string())),
})

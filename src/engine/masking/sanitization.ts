import { z } from 'zod'
import { digestOf } from './pseudonyms.ts'
import type { MaskPlan } from './planned-mask.ts'

const place = z.object({ schema: z.string(), table: z.string() })

const originalSchema = z.object({
  name: z.string(),
  systemIdentifier: z.string(),
  oid: z.number().int().min(0),
  host: z.string(),
  port: z.number().int(),
  database: z.string(),
})
export type Original = z.infer<typeof originalSchema>

const maskedDatabaseSchema = z.object({
  name: z.string(),
  columns: z.array(place.extend({ column: z.string(), mask: z.string(), because: z.string() })),
  excludedTables: z.array(place),
})

/** What a manifest says of the masks of its backup. It names no value and no key. */
export const sanitizationSchema = z.object({
  keyedBy: z.enum(['repository', 'key-file']),
  /** 16 hex digits: the same in two backups whose values are masked alike. */
  key: z.string().regex(/^[0-9a-f]{16}$/),
  /** The backup that it is a masked copy of, and when that was begun; absent when the system itself was read. */
  copyOf: z.object({ backup: z.uuid(), startedAt: z.iso.datetime() }).optional(),
  /** Where the values that are not in it stand: there it is never restored. */
  originals: z.array(originalSchema),
  databases: z.array(maskedDatabaseSchema),
  keepsLargeObjects: z.boolean(),
  rootsLeftOut: z.array(z.string()),
  rootsKept: z.array(z.string()),
})
/** What a restore to another place does to the rows on their way, as its plan says it. */
export const plannedMasksSchema = sanitizationSchema.pick({
  keyedBy: true,
  key: true,
  databases: true,
  keepsLargeObjects: true,
  rootsKept: true,
})
export type PlannedMasks = z.infer<typeof plannedMasksSchema>

export type Sanitization = z.infer<typeof sanitizationSchema>

/** Tells keys apart and says nothing else of them. */
export function keyMarkOf(key: Uint8Array): string {
  return digestOf(key, 'mark', '').toString('hex').slice(0, 16)
}

export function printSanitization(name: string, { columns, excluded }: MaskPlan): Sanitization['databases'][number] {
  return {
    name,
    columns: columns.map(({ table, column, rule, because }) => ({
      schema: table.schema,
      table: table.name,
      column: column.name,
      mask: rule.mask,
      because,
    })),
    excludedTables: excluded.map((table) => ({ schema: table.schema, table: table.name })),
  }
}

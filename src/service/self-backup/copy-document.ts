import { z } from 'zod'
import type { House } from '#service/house.ts'

/** The files of a copy: rows, one a line behind a header; and the trail as an export that anybody verifies. */
export const rowsFile = 'catalog.jsonl'
export const trailFile = 'audit-trail.jsonl'

export const copyHeaderSchema = z.strictObject({
  kind: z.literal('integrum-catalog'),
  format: z.literal(1),
  at: z.iso.datetime(),
  version: z.string(),
  tenant: z.strictObject({ id: z.uuid(), name: z.string() }),
})
export type CopyHeader = z.infer<typeof copyHeaderSchema>

export const copyLineSchema = z.strictObject({ table: z.string(), row: z.record(z.string(), z.unknown()) })

/** An HMAC under the sealing key: whoever can write to a repository, and does not have the key, cannot make one. */
export function sealOfRows({ sealing }: Pick<House, 'sealing'>, sha256: string): string {
  return sealing.digest(sha256, 'catalog-copy')
}

import { z } from 'zod'
import { masksSchema } from '#base/settings.ts'
import { endpoint } from './endpoint.ts'
import { faultSchema, idParamsSchema } from './shapes.ts'

const countSchema = z.number().int().nonnegative()
const columnSchema = z.object({ schema: z.string(), table: z.string(), column: z.string() })

const findingSchema = columnSchema.extend({
  /** What it looks like, and the paragraph of 45 CFR 164.514(b)(2)(i). */
  kind: z.string(),
  paragraph: z.string(),
  because: z.array(z.string()),
  /** Null where no mask is allowed, for the reason in `refused`. */
  mask: z.string().nullable(),
  refused: z.string().nullable(),
  /** The settings mask it, or leave out its table. */
  isMasked: z.boolean(),
})
export type MaskFinding = z.output<typeof findingSchema>

const scannedSchema = z.object({
  database: z.string(),
  findings: z.array(findingSchema),
  /** Columns whose values nobody looked into, and why. */
  unread: z.array(columnSchema.extend({ why: z.string() })),
  /** What the settings mask, and what follows; null while they have no masks. */
  set: z
    .object({
      columns: z.array(columnSchema.extend({ mask: z.string(), because: z.string() })),
      excludedTables: z.array(z.object({ schema: z.string(), table: z.string() })),
      warnings: z.array(z.string()),
      /** What a masked backup would end with. */
      broken: z.array(faultSchema),
      untried: z.array(z.string()),
      rowsTried: countSchema,
      isAllTried: z.boolean(),
    })
    .nullable(),
  /** Why its masks cannot be what the settings say. */
  fault: faultSchema.nullable(),
})
export type MaskScan = z.output<typeof scannedSchema>

export const masks = {
  scan: endpoint({
    name: 'masks.scan',
    method: 'POST',
    path: '/api/v1/systems/{id}/masks/scan',
    summary: 'which columns look like identifiers, and which of them the settings mask',
    description:
      'Looks at the names and types of all columns of the live databases and at some rows of each table, and tries the masks of the settings on some rows. Changes nothing, and the reply has no value.',
    permission: 'systems.test',
    params: idParamsSchema,
    body: z.strictObject({}),
    reply: z.object({
      databases: z.array(scannedSchema),
      /** For the settings, to be read and corrected: a mask for each finding that may have one. */
      proposed: masksSchema,
    }),
  }),
} as const

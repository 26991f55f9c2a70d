import { z } from 'zod'

const name = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[^\u0000-\u001F\u007F]*$/, 'no control characters')

/** Names of groups of tables, such as `laboratory`. */
export const dataTypeName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'the name of a data type is 1 to 63 of a-z, 0-9 and "-", and begins with a letter')

export const selectedEntitySchema = z.strictObject({
  kind: z.string().min(1).max(63),
  /** As people write it. It may be a patient's, and stands in no name, tag, log or URL. */
  key: z.string().min(1).max(1000),
})

/** What of a system a backup takes, when it does not take all of it. */
export const selectionSchema = z
  .strictObject({
    entities: z.array(selectedEntitySchema).max(10_000).default([]),
    /** All their rows, and of other tables those that have to exist for them. */
    tables: z
      .array(z.strictObject({ schema: name, table: name }))
      .max(10_000)
      .default([]),
    /** Tables by the names of the settings. */
    dataTypes: z.array(dataTypeName).max(1000).default([]),
    /** At or after, by the columns that the settings declare. Of all tables when nothing else is given. */
    since: z.iso.datetime().optional(),
    /** Before. */
    until: z.iso.datetime().optional(),
  })
  .refine(
    ({ entities, tables, dataTypes, since, until }) =>
      entities.length + tables.length + dataTypes.length > 0 || since !== undefined || until !== undefined,
    'a selection names entities, tables, data types or times',
  )
  .refine(({ since, until }) => since === undefined || until === undefined || Date.parse(since) < Date.parse(until), {
    message: 'it lies before the end of the range',
    path: ['since'],
  })
export type Selection = z.infer<typeof selectionSchema>

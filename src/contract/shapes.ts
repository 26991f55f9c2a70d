import { z } from 'zod'
import { sourceNameSchema } from '#base/settings.ts'

export const uuidSchema = z.uuid()
export const instantSchema = z.iso.datetime({ offset: true })
/** Text that people write: no control characters but line ends and tabs. */
export const textSchema = (lengthMax: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(lengthMax)
    .regex(/^[^\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]*$/, 'no control characters')

export const idParamsSchema = z.strictObject({ id: uuidSchema })
export const nameSchema = sourceNameSchema

/** Numbers in a query arrive as text. */
export const wholeNumberSchema = (min: number, max: number) => z.coerce.number().int().min(min).max(max)

export const pageQuery = {
  /** From 1. */
  page: wholeNumberSchema(1, 1_000_000).default(1),
  pageSize: wholeNumberSchema(1, 200).default(25),
}

/** One page of a list, and how many there are in all. */
export function pageOf<Row extends z.ZodType>(row: Row) {
  return z.object({
    rows: z.array(row),
    total: z.number().int().nonnegative(),
    page: z.number().int().positive(),
    pageSize: z.number().int().positive(),
  })
}

/** An act that goes on after the reply: its run is followed by `GET /api/v1/jobs/{id}` and by the events. */
export const startedSchema = z.object({ runId: uuidSchema })

export const faultSchema = z.object({ code: z.string(), fact: z.string(), hint: z.string() })

export const statuses = ['pending', 'in_progress', 'completed', 'completed_with_gaps', 'failed', 'cancelled'] as const
export type Status = (typeof statuses)[number]
export const statusSchema = z.enum(statuses)

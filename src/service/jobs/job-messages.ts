import { z } from 'zod'
import { Fault, isFault } from '#base/fault.ts'
import { faultCodes, type FaultCode } from '#base/fault-codes.ts'
import type { Trail } from './job-kind.ts'

/** What a worker tells the process that does the work. */
export type ToChild =
  | {
      readonly type: 'begin'
      readonly work: string
      readonly input: unknown
      readonly attempt: number
      readonly previousTrail: Trail
      /** Of the databases, for this process alone. */
      readonly passwordFile: string | undefined
    }
  /** Again and again: a child that hears nothing has a worker that is frozen, and has been replaced by now. */
  | { readonly type: 'alive' }
  | { readonly type: 'cancel'; readonly fault: SentFault }
  /** Whether the trail was written down. */
  | { readonly type: 'trail'; readonly seq: number; readonly isKept: boolean }

const sentFaultSchema = z.object({
  code: z.enum(Object.keys(faultCodes) as [FaultCode, ...FaultCode[]]),
  fact: z.string(),
  facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
})
export type SentFault = z.infer<typeof sentFaultSchema>

const count = z.number().nonnegative().optional()
const progressSchema = z.object({
  stage: z.string(),
  doneBytes: count,
  totalBytes: count,
  doneFiles: count,
  totalFiles: count,
  what: z.string().optional(),
})
export type SentProgress = z.infer<typeof progressSchema>

/** What the process tells its worker, as it is parsed there. */
export const fromChildSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), progress: progressSchema }),
  z.object({ type: z.literal('log'), level: z.enum(['info', 'warning', 'error']), line: z.string() }),
  z.object({ type: z.literal('trail'), seq: z.number().int(), patch: z.record(z.string(), z.unknown()) }),
  z.object({ type: z.literal('done'), output: z.unknown() }),
  z.object({ type: z.literal('fault'), fault: sentFaultSchema }),
  /** Not of the world but of ours: the stack is for the log. */
  z.object({ type: z.literal('mistake'), message: z.string(), stack: z.string() }),
])
export type FromChild = z.infer<typeof fromChildSchema>

export function sentFault(fault: Fault): SentFault {
  return { code: fault.code, fact: fault.message, facts: fault.facts }
}

export function receivedFault({ code, fact, facts }: SentFault): Fault {
  return new Fault(code, fact, facts)
}

/** How a failure of the work is told. */
export function failureOf(error: unknown): FromChild {
  if (isFault(error)) return { type: 'fault', fault: sentFault(error) }
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  return { type: 'mistake', message, stack: stack ?? message }
}

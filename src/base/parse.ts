import type { z } from 'zod'
import { Fault } from './fault.ts'
import type { FaultCode } from './fault-codes.ts'

/** Parses JSON once, at the border. The fault names the field that is wrong. */
export function parse<T>(schema: z.ZodType<T>, text: string, what: string, code: FaultCode = 'INPUT_INVALID'): T {
  return parseValue(schema, parseJson(text, what, code), what, code)
}

/** For a reader of its own that is quicker than a schema. What it hands back is not looked at yet. */
export function parseJson(text: string, what: string, code: FaultCode = 'INPUT_INVALID'): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Fault(code, `${what} is not valid JSON`, { what }, { cause })
  }
}

export function parseValue<T>(schema: z.ZodType<T>, value: unknown, what: string, code: FaultCode = 'INPUT_INVALID'): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const field = ([...(issue?.path ?? []), ...unknownIn(issue)].join('.') || '(whole document)').slice(0, 200)
  // zod names every field that is not known: whoever sends a long one shall not fill a log with it.
  const message = (issue?.message ?? 'invalid').slice(0, 200)
  throw new Fault(code, `${what}: ${field}: ${message}`, { what, field }, { cause: result.error })
}

/** Of several the first: its place is where it stands, not the object around it. */
function unknownIn(issue: z.core.$ZodIssue | undefined): string[] {
  return issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
}

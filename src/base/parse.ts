import type { z } from 'zod'
import { Fault } from './fault.ts'
import type { FaultCode } from './fault-codes.ts'

/** Parses JSON once, at the border. The fault names the field that is wrong. */
export function parse<T>(schema: z.ZodType<T>, text: string, what: string, code: FaultCode = 'INPUT_INVALID'): T {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new Fault(code, `${what} is not valid JSON`, { what }, { cause })
  }
  return parseValue(schema, value, what, code)
}

export function parseValue<T>(schema: z.ZodType<T>, value: unknown, what: string, code: FaultCode = 'INPUT_INVALID'): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const field = issue?.path.join('.') || '(whole document)'
  throw new Fault(code, `${what}: ${field}: ${issue?.message ?? 'invalid'}`, { what, field }, { cause: result.error })
}

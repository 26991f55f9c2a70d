import { faultCodes, type FaultCode } from './fault-codes.ts'

/** Facts are short values for machines and logs. Never a secret, never patient data. */
export type Facts = Readonly<Record<string, string | number | boolean | null>>

/**
 * An expected failure of the world or of the bytes. The message states the fact in lower case without a full stop;
 * the hint, the exit code and whether a retry may help stand in the one table, `fault-codes.ts`.
 * What is our own mistake is an assertion instead, and crashes.
 */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly code: FaultCode
  readonly facts: Facts

  constructor(code: FaultCode, fact: string, facts: Facts = {}, options?: { cause?: unknown }) {
    super(fact, options)
    this.code = code
    this.facts = facts
  }

  get hint(): string {
    return faultCodes[this.code].hint
  }

  /** True when the same call may succeed later without anybody acting. Damage is never retried. */
  get retry(): boolean {
    return faultCodes[this.code].retry ?? false
  }

  /** True when bytes are wrong: an alarm, whatever else is going on. */
  get isDamage(): boolean {
    return this.code.startsWith('DAMAGE_')
  }

  /** The process exit code that this fault ends a command with: 1 failed, 2 usage. */
  get exitCode(): 1 | 2 {
    return faultCodes[this.code].usage ? 2 : 1
  }
}

export function isFault(error: unknown, code?: FaultCode): error is Fault {
  return error instanceof Fault && (code === undefined || error.code === code)
}

/** The innermost Fault of a chain of causes, for errors that a library has wrapped. */
export function faultWithin(error: unknown): Fault | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (current instanceof Fault) return current
  }
  return undefined
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Node's `errno` name (`ENOENT`, `ENOSPC` …) when the error carries one. */
export function errnoOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined
}

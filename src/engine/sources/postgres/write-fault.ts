import { Fault, isFault, messageOf } from '#base/fault.ts'
import { sqlStateOf } from './connection.ts'

/** What the server refuses while a change set is written, in words of it: by the names that it gives, never by its text, which may hold values. */
export function writeFault(error: unknown): unknown {
  const state = sqlStateOf(error)
  if (state === undefined) return error
  const details = { sqlState: state }
  if (state === '55P03' || state === '40P01')
    return new Fault('ENTITY_LOCKED', 'a table or row of the change set is locked by another session', details, { cause: error })
  if (state === '40001') return new Fault('PLAN_STALE', 'a row of the change set was written meanwhile', details, { cause: error })
  if (isFault(error) && error.code !== 'DATABASE_QUERY') return error
  const where = whereOf(error)
  const fact = refusal(state, where, error)
  return fact === undefined ? error : new Fault('ENTITY_WRITE', fact, { ...details, ...where }, { cause: error })
}

/** Of a server's error: where it says so (PostgreSQL, "Error and Notice Message Fields"). */
export interface Where {
  readonly table: string | null
  readonly column: string | null
  readonly constraint: string | null
}

function refusal(state: string, { table, column, constraint }: Where, error: unknown): string | undefined {
  const of = table ?? 'a table'
  const named = constraint ?? 'of its partitions'
  if (state === '23502') return `column ${column ?? ''} of ${of} must have a value, and a row that would be written has none`
  if (state === '23503')
    return `the foreign key ${named} of ${of} would be broken: a row that has to exist is not there, or one that is still named would go`
  if (state === '23505') return `the unique index ${named} of ${of} lets each value in once, and another row has one that would be written`
  if (state === '23514' && constraint === null) return `no partition of ${of} takes a row that would be written`
  if (state === '23514') return `the check ${constraint} of ${of} refuses a row that would be written`
  if (state === '23P01') return `the exclusion constraint ${named} of ${of} refuses a row beside one that another row has by now`
  if (state.startsWith('23')) return `a constraint of ${of} refuses what would be written`
  if (state.startsWith('P0')) return `a trigger refuses what would be written${functionOf(error)}`
  // Names of tables and of kinds of rules are all that this message holds.
  if (state === '0A000') return `a rule stands in the way: ${messageOf(error)}`
  return undefined
}

export function whereOf(error: unknown): Where {
  for (let current = error; current instanceof Error; current = current.cause) {
    const { schema, table, column, constraint } = current as Readonly<Record<string, unknown>> & Error
    const text = (value: unknown) => (typeof value === 'string' ? value : null)
    if (typeof table === 'string')
      return { table: typeof schema === 'string' ? `${schema}.${table}` : table, column: text(column), constraint: text(constraint) }
  }
  return { table: null, column: null, constraint: null }
}

/** The function that raised it, of which the server says no more than its name and line. */
function functionOf(error: unknown): string {
  for (let current = error; current instanceof Error; current = current.cause) {
    const { where } = current as { where?: unknown }
    const name = typeof where === 'string' ? /^PL\/pgSQL function (\S+?)(?:\(| line )/.exec(where)?.[1] : undefined
    if (name !== undefined) return `: function ${name}`
  }
  return ''
}

import { throwIfCancelled } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import type { Assertion, Expectation } from '#base/settings.ts'
import { durationMsOf } from '#base/units.ts'
import { connect, queryFault, sqlStateOf, type Connection } from './connection.ts'
import type { DatabaseTarget } from './target.ts'

export interface AssertionResult {
  readonly name: string
  readonly database: string
  readonly expect: Expectation
  /** `refused`: the server did not run it, or it did not return one row with one value. */
  readonly outcome: 'holds' | 'fails' | 'refused'
  /** A truth, a number or a time; never a text, which may be about a patient. */
  readonly found: boolean | number | string | null
  /** Why it does not hold. */
  readonly fact: string | null
}

export interface AssertionPlace {
  readonly target: DatabaseTarget
  /** The database as the operator calls it. */
  readonly name: string
  /** When it was captured. */
  readonly instant: string
}

/**
 * Runs one of the system's own queries in a restored database: read only, one statement, within its time. Whatever comes
 * of it is a result; only a server that is gone, or an abort, rejects.
 */
export async function runAssertion(place: AssertionPlace, assertion: Assertion, signal?: AbortSignal): Promise<AssertionResult> {
  const { name, expect } = assertion
  const result = { name, database: place.name, expect }
  await using session = await connect(place.target, signal)
  const cut = () => session.client.connection.stream.destroy()
  signal?.addEventListener('abort', cut, { once: true })
  try {
    const value = await queryValue(session, assertion)
    if (value === undefined) return { ...result, outcome: 'refused', found: null, fact: 'it did not return one row with one value' }
    const found = typeof value === 'string' ? null : value instanceof Date ? printTime(value) : value
    const holds = isExpected(value, expect, new Date(place.instant))
    return { ...result, outcome: holds ? 'holds' : 'fails', found, fact: holds ? null : `it returned ${printValue(value)}` }
  } catch (error) {
    throwIfCancelled(signal)
    const state = sqlStateOf(error)
    if (!isFault(error, 'DATABASE_QUERY') || state === undefined || /^(08|57P)/.test(state)) throw error
    return { ...result, outcome: 'refused', found: null, fact: refusal(state, error.message) }
  } finally {
    signal?.removeEventListener('abort', cut)
  }
}

/** What the server says of the statement itself; anything else may quote a value out of the data. */
function refusal(state: string, message: string): string {
  if (state === '57014') return 'it took longer than it may'
  return /^(42|25|0A)/.test(state) ? message : `the server refused it with SQLSTATE ${state}`
}

/** Through a cursor: a query and nothing else, and of its rows only two. Undefined unless it is one row with one value. */
async function queryValue(session: Connection, { sql, timeoutMs }: Assertion): Promise<Value | undefined> {
  await session.query('begin read only')
  await session.query(
    `select set_config('statement_timeout', $1, true), set_config('cursor_tuple_fraction', '1', true),
       set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO, YMD', true)`,
    [String(timeoutMs)],
  )
  try {
    // Named, so prepared: the server takes one statement then, and none that follows could leave the transaction.
    await session.client.query({ name: 'assertion', text: `declare integrum_assertion no scroll cursor for ${sql}` })
    const asText = { getTypeParser: () => (text: string) => text }
    const { rows, fields } = await session.client.query<(string | null)[]>({
      text: 'fetch 2 from integrum_assertion',
      rowMode: 'array',
      types: asText,
    })
    const value = rows[0]?.[0]
    if (rows.length !== 1 || fields.length !== 1 || value === undefined || value === null) return undefined
    return valueOf(value, fields[0]!.dataTypeID)
  } catch (cause) {
    throw queryFault(cause)
  }
}

type Value = boolean | number | Date | string

// pg_type.dat: bool; int8, int2, int4, float4, float8, numeric; date, timestamp, timestamptz.
const truth = 16
const numbers = new Set([20, 21, 23, 700, 701, 1700])
const times = new Set([1082, 1114, 1184])

function valueOf(text: string, type: number): Value {
  if (type === truth) return text === 't'
  if (numbers.has(type)) return Number(text)
  if (!times.has(type)) return text
  const [, day = '', time = '00:00:00', zone = '+00'] = /^(\S+?)(?: (\d[\d:.]*))?([+-]\d\d)?$/.exec(text) ?? []
  return new Date(`${day}T${time}${zone}:00`)
}

function isExpected(value: Value, expect: Expectation, instant: Date): boolean {
  if (typeof expect !== 'object') return value === expect
  if ('within' in expect) return value instanceof Date && instant.getTime() - value.getTime() <= durationMsOf(expect.within)
  const { atLeast = -Infinity, atMost = Infinity } = expect
  return typeof value === 'number' && value >= atLeast && value <= atMost
}

function printValue(value: Value): string {
  if (value instanceof Date) return printTime(value) ?? 'a time that is none'
  return typeof value === 'string' ? 'another text' : String(value)
}

function printTime(value: Date): string | null {
  return Number.isNaN(value.getTime()) ? null : value.toISOString()
}

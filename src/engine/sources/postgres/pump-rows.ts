import { Fault } from '#base/fault.ts'
import { sqlStateOf, type Connection } from './connection.ts'
import { copyOut } from './copy-out.ts'
import { copyIn } from './stage-copy-in.ts'

export interface Pump {
  readonly from: Connection
  /** `COPY … TO STDOUT`. */
  readonly read: string
  readonly to: Connection
  /** `COPY … FROM STDIN`, of as many columns. */
  readonly write: string
  /** Table that the rows are of, for whoever reads a refusal. */
  readonly what: string
  /** What the receiver's columns c0, c1 and so on stand for. */
  readonly columns?: readonly { readonly name: string }[]
}

/**
 * Rows of one session into another, through a fixed amount of memory. Both must write and read them under the same settings. Returns
 * how many there were. ENTITY_DRIFT when a column of the receiver does not take a value as its type.
 */
export async function pumpRows({ from, read, to, write, what, columns = [] }: Pump, signal: AbortSignal): Promise<number> {
  const out = copyOut(from, { statement: read }, signal)
  try {
    const counted = await copyIn(to, write, owned(out), signal)
    if (counted !== out.rows()) throw new Fault('DATABASE_QUERY', `${out.rows()} rows of ${what} were sent and ${counted} arrived`)
    return counted
  } catch (error) {
    throw typeFault(error, what, columns)
  }
}

/** Class 22, "Data Exception", and a value that a domain or NOT NULL refuses: the types are not what they were. */
export function typeFault(error: unknown, what: string, columns: NonNullable<Pump['columns']> = []): unknown {
  const state = sqlStateOf(error)
  if (!state?.startsWith('22') && state !== '23514' && state !== '23502') return error
  // What the server says holds the value itself, which may be about a person.
  const column = columns[placeOf(error)]?.name
  const fact = `a value in ${what} does not fit the type that ${column === undefined ? 'its column' : `the column ${column}`} has now`
  return new Fault('ENTITY_DRIFT', fact, { table: what, column: column ?? null, sqlState: state }, { cause: error })
}

/** From `COPY theirs, line 1, column c3: …`; -1 where the server says nothing of it. */
function placeOf(error: unknown): number {
  for (let current = error; current instanceof Error; current = current.cause) {
    const { where } = current as { where?: unknown }
    const place = typeof where === 'string' ? /^COPY [^,]+, line \d+, column c(\d+)/.exec(where)?.[1] : undefined
    if (place !== undefined) return Number(place)
  }
  return -1
}

/** What a COPY lends is used again at once; a socket may keep what it was given for longer. */
async function* owned(rows: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  for await (const bytes of rows) yield Buffer.from(bytes)
}

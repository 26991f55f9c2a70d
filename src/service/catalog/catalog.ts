import { Kysely, PostgresDialect, PostgresDriver, type Driver } from 'kysely'
import pg from 'pg'
import { Fault, messageOf } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { beginScoped } from './catalog.store.ts'
import type { Scope, Tx } from './scope.ts'
import type { Tables } from './tables.ts'

/**
 * The service's own database: what it knows of tenants, people, systems, backups and jobs. Row security of the server
 * keeps tenants apart (`migrations/0005`): a query that forgets its tenant finds nothing, instead of everything.
 */
export interface Catalog extends AsyncDisposable {
  /** One transaction in that scope: all of `work` or nothing. */
  as<T>(scope: Scope, work: (tx: Tx) => Promise<T>): Promise<T>
  /** Single statements, each its own transaction, about what belongs to no tenant: people and their sessions. */
  look<T>(work: (catalog: Kysely<Tables>) => Promise<T>): Promise<T>
  /** A pool's connections, for what brings its own SQL (pg-boss, LISTEN). */
  readonly pool: pg.Pool
  /** How to reach it from elsewhere in this process. */
  readonly connection: pg.ClientConfig
}

const types = new pg.TypeOverrides()
// Counts and sizes are asserted below 2^53 (DECISIONS "Names and paths").
types.setTypeParser(20, (text) => {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is no safe integer`)
  return value
})

export function openCatalog(connection: pg.ClientConfig): Catalog {
  const pool = new pg.Pool({
    ...connection,
    types,
    max: 16,
    application_name: 'integrum',
    // A process that is frozen in the middle of a transaction must not keep its rows from those that take its jobs over.
    idle_in_transaction_session_timeout: limits.catalogIdleMsMax,
  })
  // An idle connection that the server ends is replaced by the next query, which says what is wrong if anything is.
  pool.on('error', () => undefined)
  // One that is at work, likewise: its query rejects, or the next one does. Without somebody who hears it, the process would end.
  pool.on('connect', (client) => client.on('error', () => undefined))
  const database = new Kysely<Tables>({ dialect: new ScopedDialect(pool) })
  return {
    pool,
    connection,
    as: (scope, work) =>
      reached(
        database.transaction().execute(async (tx) => {
          await beginScoped(tx, scope)
          return await work(tx)
        }),
      ),
    look: (work) => reached(work(database)),
    [Symbol.asyncDispose]: () => database.destroy(),
  }
}

/** Leaves `begin` to `beginScoped`, which sends it with the scope: one way to the server and back, where there were two. */
class ScopedDialect extends PostgresDialect {
  readonly #pool: pg.Pool

  constructor(pool: pg.Pool) {
    super({ pool })
    this.#pool = pool
  }

  override createDriver(): Driver {
    return new ScopedDriver({ pool: this.#pool })
  }
}

class ScopedDriver extends PostgresDriver {
  override async beginTransaction(): Promise<void> {}
}

async function reached<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (error) {
    throw isLost(error) ? new Fault('CATALOG_UNREACHABLE', `the catalog does not answer: ${messageOf(error)}`, {}, { cause: error }) : error
  }
}

/** Of the connection, not of a statement: class 08, 57P0x, 25P03 (idle in transaction), Node's own, and what pg says without a code. */
function isLost(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code
  if (typeof code === 'string') return /^(08|57P0|25P03)/.test(code) || /^E[A-Z]+$/.test(code)
  return /^Connection terminated|connection error and is not queryable|timeout exceeded when trying to connect/.test(messageOf(error))
}

/** One connection outside of any scope, before there is a catalog to work with. */
export async function withCatalog<T>(connection: pg.ClientConfig, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(connection)
  try {
    await client.connect()
  } catch (cause) {
    throw new Fault('CATALOG_UNREACHABLE', `the catalog does not answer: ${messageOf(cause)}`, {}, { cause })
  }
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** PostgreSQL's 23505: the row is there already. */
export function isDuplicate(error: unknown, constraint?: string): boolean {
  const { code, constraint: violated } = (error ?? {}) as { code?: unknown; constraint?: unknown }
  return code === '23505' && (constraint === undefined || violated === constraint)
}

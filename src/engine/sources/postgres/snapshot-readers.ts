import { throwIfCancelled, type Clock } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import { Semaphore } from '#base/semaphore.ts'
import { connect, quoteName, sqlStateOf, type Connection } from './connection.ts'
import { copyOut } from './copy-out.ts'
import type { RowsHash } from './database-section.ts'
import { applySessionSettings, type SessionSettings } from './session-settings.ts'
import type { DatabaseTarget } from './target.ts'

export interface ReadersOptions {
  readonly target: DatabaseTarget
  readonly snapshot: string
  readonly settings: SessionSettings
  /** Of the rows, see `row-hash.ts`. */
  readonly hashKey: Uint8Array
  readonly applicationName: string
  readonly connections: number
  readonly lockWaitMsMax: number
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** One read under the shared snapshot. */
export interface Reading {
  /** `COPY … TO STDOUT`. */
  readonly statement: string
  /** The table whose lock is asked for first, without waiting; absent where LOCK does not apply. */
  readonly table?: { readonly schema: string; readonly name: string }
  /** Called in the same transaction, after the last row. */
  readonly after?: (connection: Connection) => Promise<void>
}

/** Reads rows as of a capture's snapshot. */
export interface RowReaders extends AsyncDisposable {
  /** Streams the rows; `onEnd` gets COPY's own count of them and the hash of what came. */
  read(reading: Reading, onEnd: (rows: number, hash: RowsHash) => void, signal: AbortSignal): AsyncGenerator<Uint8Array, void>
}

/**
 * Sessions that share one snapshot, at most `connections` at once; a reading waits for a free one. Each reading is a
 * transaction of its own, so no lock outlives it. Sessions are opened by `prepare` or when first needed, and closed with the scope.
 */
export class SnapshotReaders implements RowReaders {
  readonly #options: ReadersOptions
  readonly #free: Connection[] = []
  readonly #opening: Promise<Connection>[] = []
  readonly #all = new Set<Connection>()
  readonly #turns: Semaphore

  constructor(options: ReadersOptions) {
    this.#options = options
    this.#turns = new Semaphore(options.connections)
  }

  /** Opens the sessions beside whatever else is done until they are needed; the reading that gets one is told of a failure. */
  prepare(): void {
    for (let count = 0; count < this.#options.connections; count += 1) {
      const opening = this.#open()
      // The reading that gets the session hears of it; until then it must not count as unhandled.
      opening.catch(() => {})
      this.#opening.push(opening)
    }
  }

  async *read(reading: Reading, onEnd: (rows: number, hash: RowsHash) => void, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    await this.#turns.acquire()
    let connection: Connection | undefined
    let isWhole = false
    try {
      throwIfCancelled(signal)
      connection = await this.#session()
      await this.#begin(connection, reading.table)
      const copy = copyOut(connection, { statement: reading.statement, hashKey: this.#options.hashKey }, signal)
      yield* copy
      await reading.after?.(connection)
      await connection.query('COMMIT')
      isWhole = true
      onEnd(copy.rows(), copy.hash())
    } finally {
      if (connection) {
        if (isWhole) this.#free.push(connection)
        else await this.#discard(connection)
      }
      this.#turns.release()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#opening)
    await Promise.all([...this.#all].map((connection) => this.#discard(connection)))
  }

  async #session(): Promise<Connection> {
    return this.#free.pop() ?? (await (this.#opening.shift() ?? this.#open()))
  }

  async #open(): Promise<Connection> {
    const { target, settings, applicationName, signal } = this.#options
    const connection = await connect(target, signal)
    this.#all.add(connection)
    await connection.query(`SET application_name = '${applicationName}'`)
    await applySessionSettings(connection, settings)
    return connection
  }

  /**
   * Our control session holds the lock already, but behind a queued ALTER even a second ACCESS SHARE would wait for ever
   * (SAFETY rule 13): so it is asked for without waiting, again and again for as long as the limit allows.
   */
  async #begin(connection: Connection, table: Reading['table']): Promise<void> {
    const { snapshot, lockWaitMsMax, clock, signal } = this.#options
    const begin = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT '${snapshot}'; SET LOCAL lock_timeout = ${lockWaitMsMax}`
    const lock = table ? `; LOCK TABLE ONLY ${quoteName(table.schema, table.name)} IN ACCESS SHARE MODE NOWAIT` : ''
    const startedAtMs = clock.monotonicMs()
    for (;;) {
      try {
        await connection.query(begin + lock)
        return
      } catch (cause) {
        if (sqlStateOf(cause) !== '55P03') throw cause
        if (clock.monotonicMs() - startedAtMs > lockWaitMsMax) throw lockedFault(table, lockWaitMsMax, cause)
        await connection.query('ROLLBACK')
        await clock.sleep(Math.min(250, lockWaitMsMax), signal)
      }
    }
  }

  async #discard(connection: Connection): Promise<void> {
    this.#all.delete(connection)
    // In the middle of a COPY the server would end the session only once the rest was sent.
    connection.client.connection.stream.destroy()
    await connection[Symbol.asyncDispose]()
  }
}

function lockedFault(table: Reading['table'], lockWaitMsMax: number, cause: unknown): Fault {
  const what = table ? `table ${table.schema}.${table.name}` : 'a relation'
  return new Fault(
    'DATABASE_LOCKED',
    `${what} could not be locked for reading within ${lockWaitMsMax} ms: other sessions wait for it`,
    { lockWaitMsMax },
    { cause },
  )
}

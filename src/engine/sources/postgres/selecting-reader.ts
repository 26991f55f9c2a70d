import { throwIfCancelled } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import { Semaphore } from '#base/semaphore.ts'
import { connect, sqlStateOf, type Connection } from './connection.ts'
import { copyOut } from './copy-out.ts'
import type { RowsHash } from './database-section.ts'
import { lockAll } from './hold-snapshot.ts'
import { listRelations } from './list-tables.ts'
import type { SelectedRows, SelectRows } from './selected-rows.ts'
import { applySessionSettings } from './session-settings.ts'
import type { Reading, ReadersOptions, RowReaders } from './snapshot-readers.ts'

export type SelectingOptions = Omit<ReadersOptions, 'connections' | 'clock'> & { readonly select: SelectRows }

/**
 * The one session that has found the rows of a selection and that all of them are read through: what it found stands in temporary tables of
 * its own, in a transaction on the capture's snapshot.
 */
export class SelectingReader implements RowReaders {
  readonly #connection: Connection
  readonly #hashKey: Uint8Array
  readonly #turns = new Semaphore(1)
  /** What the selection takes. */
  readonly rows: SelectedRows

  private constructor(connection: Connection, { hashKey, rows }: { readonly hashKey: Uint8Array; readonly rows: SelectedRows }) {
    this.#connection = connection
    this.#hashKey = hashKey
    this.rows = rows
  }

  /** Faults: those of `select`, DATABASE_LOCKED, DATABASE_PRIVILEGE where the server takes no temporary tables. */
  static async begin(options: SelectingOptions): Promise<SelectingReader> {
    const { target, snapshot, settings, applicationName, lockWaitMsMax, hashKey, signal, select } = options
    await using stack = new AsyncDisposableStack()
    const connection = stack.use(await connect(target, signal))
    const giveUp = () => connection.client.connection.stream.destroy()
    signal.addEventListener('abort', giveUp, { once: true })
    stack.defer(() => signal.removeEventListener('abort', giveUp))
    await connection.query(`SET application_name = '${applicationName}'`)
    await applySessionSettings(connection, settings)
    await begin(connection, snapshot)
    await lockAll(connection, await listRelations(connection), { lockWaitMsMax })
    // Finding what belongs together joins whole tables; reading the rows afterwards looks them up by the keys that were found.
    await connection.query(`SET LOCAL work_mem = '256MB'`)
    const rows = await select(connection)
    const reader = new SelectingReader(connection, { hashKey, rows })
    reader.#open = stack.move()
    return reader
  }

  #open: AsyncDisposableStack | undefined

  async *read(reading: Reading, onEnd: (rows: number, hash: RowsHash) => void, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    await this.#turns.acquire()
    try {
      throwIfCancelled(signal)
      const copy = copyOut(this.#connection, { statement: reading.statement, hashKey: this.#hashKey }, signal)
      yield* copy
      await reading.after?.(this.#connection)
      onEnd(copy.rows(), copy.hash())
    } finally {
      this.#turns.release()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // In the middle of a COPY the server would end the session only once the rest was sent.
    this.#connection.client.connection.stream.destroy()
    await this.#open?.disposeAsync()
  }
}

/** Not READ ONLY, since the keys that are found go into temporary tables; nothing else is ever written. */
async function begin(connection: Connection, snapshot: string): Promise<void> {
  try {
    await connection.query(`BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE; SET TRANSACTION SNAPSHOT '${snapshot}'`)
  } catch (cause) {
    // feature_not_supported ("cannot set transaction read-write mode during recovery"), read_only_sql_transaction.
    const state = sqlStateOf(cause)
    if (state !== '0A000' && state !== '25006') throw cause
    const fact = 'the server is a standby and takes no temporary tables, into which what is selected is found'
    throw new Fault('DATABASE_PRIVILEGE', fact, {}, { cause })
  }
}

import { strict as assert } from 'node:assert'
import type pg from 'pg'
import { Fault } from '#base/fault.ts'
import { throwIfCancelled } from '#base/clock.ts'
import { queryFault, type Connection } from './connection.ts'
import { CopyReceiver } from './copy-receiver.ts'
import type { RowsHash } from './database-section.ts'
import { divert, type Diversion } from './session-socket.ts'

/** Bytes are valid until the next ones are asked for. */
export interface CopyOut extends AsyncIterable<Uint8Array> {
  /** Rows as COPY's own command tag counts them. Only after the last byte was read. */
  rows(): number
  /** `rows-v1` of what was received, when a key was given. Only after the last byte was read. */
  hash(): RowsHash
}

export interface CopyOutOptions {
  readonly statement: string
  /** Hashes the rows as they arrive. */
  readonly hashKey?: Uint8Array
}

/**
 * Streams `COPY … TO STDOUT` of one session through a fixed amount of memory. A reader that leaves early, or an abort,
 * destroys the session, since it is then in the middle of a COPY; its scope still has to close it.
 */
export function copyOut(connection: Connection, { statement, hashKey }: CopyOutOptions, signal?: AbortSignal): CopyOut {
  let ended: { readonly rows: number; readonly hash: RowsHash | undefined } | undefined
  return {
    rows() {
      assert(ended, 'COPY has not ended')
      return ended.rows
    },
    hash() {
      assert(ended?.hash, 'COPY has ended, and there was a key')
      return ended.hash
    },
    async *[Symbol.asyncIterator]() {
      throwIfCancelled(signal)
      using query = new CopyOutQuery(statement, hashKey)
      const abort = () => query.fail(new Fault('CANCELLED', 'cancelled while rows were read', {}, { cause: signal?.reason }))
      signal?.addEventListener('abort', abort, { once: true })
      try {
        connection.client.query(query)
        for (let bytes = await query.take(); bytes !== undefined; bytes = await query.take()) yield bytes
        ended = { rows: query.rows, hash: hashKey && query.hash() }
      } finally {
        signal?.removeEventListener('abort', abort)
      }
    },
  }
}

/** Takes pg's place on the socket while rows arrive, because pg makes an object of every row (ADR 0005). */
class CopyOutQuery implements Disposable {
  /** The server is ready for the next query, or the session is gone. */
  #isEnded = false
  readonly #text: string
  readonly #receiver: CopyReceiver
  #rows: number | undefined
  #failure: unknown
  #wake: (() => void) | undefined
  #diversion: Diversion | undefined
  #isStopped = false

  constructor(text: string, hashKey: Uint8Array | undefined) {
    this.#text = text
    this.#receiver = new CopyReceiver(hashKey, {
      ready: () => this.#wakeUp(),
      ended: (rest) => this.#diversion!.giveBack(rest),
    })
  }

  get rows(): number {
    assert(this.#rows !== undefined, 'COPY has ended')
    return this.#rows
  }

  hash(): RowsHash {
    return this.#receiver.digest()
  }

  /** The next bytes, `undefined` at the end. */
  async take(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure
      const bytes = this.#receiver.take()
      if (this.#isStopped && this.#receiver.hasRoom) {
        this.#isStopped = false
        this.#diversion?.stream.resume()
      }
      if (bytes) return bytes
      if (this.#isEnded) return undefined
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  fail(failure: unknown): void {
    this.#failure ??= failure
    this.#wakeUp()
  }

  [Symbol.dispose](): void {
    if (!this.#isEnded) this.#diversion?.stream.destroy()
    this.#receiver[Symbol.dispose]()
  }

  // What pg calls.

  submit(connection: pg.Connection): void {
    this.#diversion = divert(connection.stream, {
      room: () => this.#receiver.room(),
      received: (bytes) => {
        const isRoom = this.#receiver.received(bytes)
        this.#isStopped = !isRoom
        return isRoom
      },
    })
    connection.query(this.#text)
  }

  handleCommandComplete(message: { readonly text: string }): void {
    const tag = /^COPY (\d+)$/.exec(message.text)
    if (tag) this.#rows = Number(tag[1])
    else this.fail(new Fault('DATABASE_QUERY', `the server ended COPY with "${message.text}"`))
  }

  handleReadyForQuery(): void {
    this.#isEnded = true
    this.#wakeUp()
  }

  /** After it pg itself waits until the server is ready again. */
  handleError(error: unknown): void {
    this.#isEnded = true
    this.#diversion?.giveBack(new Uint8Array(0))
    this.fail(queryFault(error))
  }

  #wakeUp(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}

import { strict as assert } from 'node:assert'
import type { Duplex } from 'node:stream'
import type pg from 'pg'
import { Fault } from '#base/fault.ts'
import { throwIfCancelled } from '#base/clock.ts'
import { limits } from '#base/limits.ts'
import { queryFault, type Connection } from './connection.ts'

export interface CopyOut extends AsyncIterable<Uint8Array> {
  /** Rows as COPY's own command tag counts them. Only after the last byte was read. */
  rows(): number
}

/**
 * Streams `COPY … TO STDOUT` of one session, holding at most about two stream buffers. A reader that leaves early, or
 * an abort, destroys the session, since it is then in the middle of a COPY; its scope still has to close it.
 */
export function copyOut(connection: Connection, copyStatement: string, signal?: AbortSignal): CopyOut {
  const query = new CopyOutQuery(copyStatement)
  return {
    rows() {
      assert(query.rows !== undefined, 'COPY has not ended')
      return query.rows
    },
    async *[Symbol.asyncIterator]() {
      throwIfCancelled(signal)
      const abort = () => query.fail(new Fault('CANCELLED', 'cancelled while rows were read', {}, { cause: signal?.reason }))
      signal?.addEventListener('abort', abort, { once: true })
      try {
        connection.client.query(query)
        for (let bytes = await query.take(); bytes !== undefined; bytes = await query.take()) yield bytes
      } finally {
        signal?.removeEventListener('abort', abort)
        if (!query.isEnded) query.destroySession()
      }
    },
  }
}

const messageCodes = { copyOutResponse: 0x48, copyData: 0x64, notice: 0x4e, parameterStatus: 0x53, notification: 0x41 }
const passedOver: ReadonlySet<number> = new Set(Object.values(messageCodes))

/**
 * Takes the place of pg's own parser on the socket while rows arrive ("Frontend/Backend Protocol", COPY Operations),
 * because that one makes an object of every row. Message headers are squeezed out of each buffer in place.
 */
class CopyOutQuery {
  rows: number | undefined
  /** The server is ready for the next query, or the session is gone. */
  isEnded = false
  readonly #text: string
  readonly #queue: Uint8Array[] = []
  #queuedBytes = 0
  #failure: unknown
  #wake: (() => void) | undefined
  #socket: Duplex | undefined
  #parseRest: ((bytes: Buffer) => void) | undefined
  readonly #onBytes = (bytes: Buffer) => this.#parse(bytes)

  /** The message under way: bytes of its header seen so far, whether it is CopyData, payload bytes still to come. */
  readonly #header = Buffer.alloc(5)
  #headerFilled = 0
  #isData = false
  #remaining = 0

  constructor(text: string) {
    this.#text = text
  }

  /** The next bytes, `undefined` at the end. */
  async take(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure
      const bytes = this.#queue.shift()
      if (bytes) {
        this.#queuedBytes -= bytes.byteLength
        if (this.#queuedBytes < limits.streamBufferBytes) this.#socket?.resume()
        return bytes
      }
      if (this.isEnded) return undefined
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  fail(failure: unknown): void {
    this.#failure ??= failure
    this.#wakeUp()
  }

  destroySession(): void {
    this.#socket?.destroy()
  }

  // What pg calls.

  submit(connection: pg.Connection): void {
    const socket = connection.stream
    const listeners = socket.listeners('data') as ((bytes: Buffer) => void)[]
    assert.equal(listeners.length, 1, 'pg reads its socket with one listener')
    this.#socket = socket
    this.#parseRest = listeners[0]
    socket.removeListener('data', listeners[0]!)
    socket.on('data', this.#onBytes)
    connection.query(this.#text)
  }

  handleCommandComplete(message: { readonly text: string }): void {
    const tag = /^COPY (\d+)$/.exec(message.text)
    if (tag) this.rows = Number(tag[1])
    else this.fail(new Fault('DATABASE_QUERY', `the server ended COPY with "${message.text}"`))
  }

  handleReadyForQuery(): void {
    this.isEnded = true
    this.#wakeUp()
  }

  /** After it pg itself waits until the server is ready again. */
  handleError(error: unknown): void {
    this.isEnded = true
    this.#handBack(Buffer.alloc(0))
    this.fail(queryFault(error))
  }

  #parse(bytes: Buffer): void {
    let at = 0
    let filled = 0
    while (at < bytes.length) {
      if (this.#remaining > 0) {
        const length = Math.min(this.#remaining, bytes.length - at)
        if (this.#isData) {
          if (filled !== at) bytes.copyWithin(filled, at, at + length)
          filled += length
        }
        at += length
        this.#remaining -= length
        continue
      }
      if (this.#headerFilled === 0 && !passedOver.has(bytes[at]!)) break
      this.#header[this.#headerFilled] = bytes[at]!
      this.#headerFilled += 1
      at += 1
      if (this.#headerFilled === 5) {
        this.#isData = this.#header[0] === messageCodes.copyData
        this.#remaining = this.#header.readUInt32BE(1) - 4
        this.#headerFilled = 0
      }
    }
    if (filled > 0) this.#deliver(bytes.subarray(0, filled))
    // CopyDone, CommandComplete, an error: pg understands the rest.
    if (at < bytes.length) this.#handBack(bytes.subarray(at))
  }

  #deliver(bytes: Uint8Array): void {
    this.#queue.push(bytes)
    this.#queuedBytes += bytes.byteLength
    if (this.#queuedBytes >= limits.streamBufferBytes) this.#socket?.pause()
    this.#wakeUp()
  }

  #handBack(rest: Buffer): void {
    const parseRest = this.#parseRest
    if (!this.#socket || !parseRest) return
    this.#parseRest = undefined
    this.#socket.removeListener('data', this.#onBytes)
    this.#socket.on('data', parseRest)
    this.#socket.resume()
    if (rest.length > 0) parseRest(rest)
  }

  #wakeUp(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}

import type { Duplex } from 'node:stream'
import type pg from 'pg'
import { throwIfCancelled } from '#base/clock.ts'
import { queryFault, type Connection } from './connection.ts'

/**
 * Feeds `COPY … FROM STDIN` in one session, as fast as the server takes it, and returns the rows that the server counted.
 * When reading fails or `signal` aborts, the COPY is failed, so that nothing of it stays; the session lives on.
 */
export async function copyIn(
  connection: Connection,
  statement: string,
  source: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<number> {
  throwIfCancelled(signal)
  const query = new CopyInQuery(statement)
  connection.client.query(query)
  try {
    const socket = await query.opened
    for await (const bytes of source) {
      throwIfCancelled(signal)
      await query.send(socket, bytes)
    }
    throwIfCancelled(signal)
    query.finish()
  } catch (error) {
    await query.fail()
    throwIfCancelled(signal)
    throw error
  }
  return query.counted
}

/** "Frontend/Backend Protocol", COPY Operations: CopyData, CopyDone, CopyFail. */
class CopyInQuery {
  readonly #statement: string
  readonly #opened = Promise.withResolvers<Duplex>()
  readonly #counted = Promise.withResolvers<number>()
  #rows = 0
  #socket: Duplex | undefined
  #failure: unknown
  #wake: (() => void) | undefined

  constructor(statement: string) {
    this.#statement = statement
    // Whoever sends asks for it; until then a refusal must not count as unhandled.
    this.#counted.promise.catch(() => {})
  }

  get opened(): Promise<Duplex> {
    return this.#opened.promise
  }

  get counted(): Promise<number> {
    return this.#counted.promise
  }

  async send(socket: Duplex, bytes: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    socket.cork()
    socket.write(header('d', bytes.byteLength))
    const isTaken = socket.write(bytes)
    socket.uncork()
    if (isTaken) return
    await new Promise<void>((resolve) => {
      // The session may end while we wait, and then nothing ever drains.
      this.#wake = resolve
      socket.once('drain', resolve)
    })
  }

  finish(): void {
    this.#socket?.write(header('c', 0))
  }

  /** Takes back what was sent and waits until the server has said so. */
  async fail(): Promise<void> {
    if (this.#failure === undefined && this.#socket) {
      const reason = Buffer.from('given up\0', 'utf8')
      this.#socket.write(Buffer.concat([header('f', reason.byteLength), reason]))
    }
    await Promise.allSettled([this.#counted.promise])
  }

  // What pg calls.

  submit(connection: pg.Connection): void {
    connection.query(this.#statement)
  }

  handleCopyInResponse(connection: pg.Connection): void {
    this.#socket = connection.stream
    this.#opened.resolve(connection.stream)
  }

  handleCommandComplete(message: { readonly text: string }): void {
    this.#rows = Number(/^COPY (\d+)$/.exec(message.text)?.[1])
  }

  handleReadyForQuery(): void {
    this.#counted.resolve(this.#rows)
  }

  handleError(error: unknown): void {
    this.#failure = queryFault(error)
    this.#opened.reject(this.#failure)
    this.#counted.reject(this.#failure)
    this.#wake?.()
  }
}

function header(code: string, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(5)
  bytes.write(code, 'latin1')
  bytes.writeUInt32BE(length + 4, 1)
  return bytes
}

import { strict as assert } from 'node:assert'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { systemClock } from '#base/clock.ts'
import { KiB } from '#base/units.ts'

/** Takes the bytes that a server sends while a COPY runs, in place of pg. */
export interface Receiver {
  /** Where the next bytes may go. */
  room(): Uint8Array
  /** They have come. False when there is no room for more until `resume` of the socket. */
  received(bytes: Uint8Array): boolean
}

export interface Diversion {
  readonly stream: Duplex
  /** From here on pg reads again, first of all `rest`. */
  giveBack(rest: Uint8Array): void
}

/** Sends what comes from the server to `receiver`. */
export function divert(stream: Duplex, receiver: Receiver): Diversion {
  if (stream instanceof SessionSocket) {
    stream.divertTo(receiver)
    return { stream, giveBack: (rest) => stream.giveBack(rest) }
  }
  // An encrypted session: what comes is decrypted into buffers of Node's own.
  const [parse, ...others] = stream.listeners('data') as ((bytes: Buffer) => void)[]
  assert(parse && others.length === 0, 'pg reads its socket with one listener')
  const divertData = (bytes: Buffer) => {
    if (!receiver.received(bytes)) stream.pause()
  }
  stream.removeListener('data', parse)
  stream.on('data', divertData)
  return {
    stream,
    giveBack(rest) {
      stream.removeListener('data', divertData)
      stream.on('data', parse)
      stream.resume()
      if (rest.byteLength > 0) parse(Buffer.from(rest))
    },
  }
}

/**
 * The socket of a session. It reads into memory of its own and, for the length of a COPY, into that of a receiver: a
 * buffer made anew for each read is collected late, and rows come by the gigabyte.
 */
export class SessionSocket extends Socket {
  readonly #buffer = Buffer.allocUnsafeSlow(plainBytes)
  #receiver: Receiver | undefined

  constructor() {
    super({
      onread: {
        buffer: () => this.#receiver?.room() ?? this.#buffer,
        callback: (length, buffer) => this.#take(buffer.subarray(0, length)),
      },
    })
  }

  divertTo(receiver: Receiver): void {
    this.#receiver = receiver
  }

  giveBack(rest: Uint8Array): void {
    this.#receiver = undefined
    this.resume()
    if (rest.byteLength > 0) this.#take(rest)
  }

  #take(bytes: Uint8Array): boolean {
    if (this.#receiver) return this.#receiver.received(bytes) && this.#mayReadOn(bytes)
    this.emit('data', Buffer.from(bytes))
    return true
  }

  /**
   * A server sends rows in pieces of 8 KiB, and would have to wake us for each: so after a small read there is a break,
   * in which more gathers. The socket holds what a server makes in twice the time.
   */
  #mayReadOn(bytes: Uint8Array): boolean {
    if (bytes.byteLength >= largeReadBytes || !this.#receiver) return true
    void systemClock.sleep(gatherMs).then(() => this.resume())
    return false
  }
}

const largeReadBytes = 96 * KiB
const gatherMs = 1

const plainBytes = 64 * KiB

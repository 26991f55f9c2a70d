import { strict as assert } from 'node:assert'
import { KiB } from '#base/units.ts'
import { loadWasm } from '#host/wasm.ts'
import type { RowsHash } from './database-section.ts'
import { beginRowHash, digestOf, stateOf, type RowHashModule } from './row-hash.ts'
import type { Receiver } from './session-socket.ts'

export interface ReceiverEvents {
  /** There is something to take. */
  readonly ready: () => void
  /** The first bytes that are no rows any more: the server has said all it had. */
  readonly ended: (rest: Uint8Array) => void
}

/**
 * Receives the messages of one COPY: they arrive in a region of WebAssembly memory, are squeezed in place to the rows
 * alone, hashed when a key is given, and handed on as they lie there. A region is used again once it was let go.
 */
export class CopyReceiver implements Receiver, Disposable {
  readonly #wasm = idle.pop() ?? loadWasm<RowHashModule>('row-hash')
  readonly #memory = new Uint8Array(this.#wasm.memory.buffer)
  readonly #free: number[] = []
  readonly #ready: { readonly bytes: Uint8Array; readonly region: number | undefined }[] = []
  readonly #events: ReceiverEvents
  readonly #isHashed: boolean
  #region: number
  #filled: number
  /** Lent to the reader. */
  #taken: number | undefined
  #isEnded = false

  constructor(hashKey: Uint8Array | undefined, events: ReceiverEvents) {
    this.#events = events
    this.#isHashed = hashKey !== undefined
    if (hashKey) beginRowHash(this.#wasm, hashKey)
    this.#wasm.beginMessages()
    this.#region = this.#wasm.region(0)
    this.#filled = this.#region
    for (let number = 1; number < this.#wasm.regions(); number += 1) this.#free.push(this.#wasm.region(number))
  }

  /** The session no longer reads into it, and nothing taken from it is in use. */
  [Symbol.dispose](): void {
    idle.push(this.#wasm)
  }

  room(): Uint8Array {
    return this.#memory.subarray(this.#filled, this.#end)
  }

  received(bytes: Uint8Array): boolean {
    assert(!this.#isEnded, 'the COPY goes on')
    if (bytes.buffer === this.#memory.buffer) return this.#takeMessages(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
    let isRoom = true
    for (let at = 0; at < bytes.byteLength; at += roomBytesMin) {
      const part = bytes.subarray(at, at + roomBytesMin)
      const from = this.#filled
      this.#memory.set(part, from)
      isRoom = this.#takeMessages(from, from + part.byteLength, bytes.subarray(at + roomBytesMin))
      if (this.#isEnded) break
    }
    return isRoom
  }

  /** The next rows, valid until the next call. Undefined when there are none yet. */
  take(): Uint8Array | undefined {
    if (this.#taken !== undefined) this.#free.push(this.#taken)
    const next = this.#ready.shift()
    this.#taken = next?.region
    return next?.bytes
  }

  get hasRoom(): boolean {
    return this.#free.length > 0
  }

  digest(): RowsHash {
    assert(this.#isHashed && this.#isEnded)
    return digestOf(stateOf(this.#wasm))
  }

  get #end(): number {
    return this.#region + this.#wasm.regionSize()
  }

  #takeMessages(from: number, end: number, behind: Uint8Array = nothing): boolean {
    this.#filled = this.#wasm.take(from, end, this.#filled, this.#isHashed)
    const stopped = this.#wasm.stoppedAt()
    if (stopped < end) {
      this.#isEnded = true
      const rest = Buffer.concat([this.#memory.subarray(stopped, end), behind])
      if (this.#filled > this.#region) this.#handOn()
      this.#events.ended(rest)
      return true
    }
    if (this.#end - this.#filled < roomBytesMin) this.#handOn()
    return this.hasRoom
  }

  #handOn(): void {
    const bytes = this.#memory.subarray(this.#region, this.#filled)
    const next = this.#free.pop()
    // A stream that was told to stop may still bring something: then this region must serve again at once.
    this.#ready.push(next === undefined ? { bytes: bytes.slice(), region: undefined } : { bytes, region: this.#region })
    this.#region = next ?? this.#region
    this.#filled = this.#region
    this.#events.ready()
  }
}

/** Modules between two COPYs. */
const idle: RowHashModule[] = []

/** A region with less room than this is handed on. */
const roomBytesMin = 64 * KiB

const nothing = new Uint8Array(0)

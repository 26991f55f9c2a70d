import { setImmediate } from 'node:timers'
import { limits } from '#base/limits.ts'
import { openBlob, type BlobDamage } from './blob.ts'
import type { OpeningThreads } from './opening-threads.ts'
import type { PackedBlob } from './pack.ts'
import type { SealingKey } from './seal.ts'
import type { SharedBuffers } from './shared-buffers.ts'

/** Bytes in memory that is used again: whoever has them calls `release` once, and reads them no more. */
export interface Lent {
  readonly bytes: Uint8Array
  readonly release: () => void
}

export type LentBlob = { readonly kind: 'whole'; readonly lent: Lent } | { readonly kind: 'damaged'; readonly damage: BlobDamage }

interface Asked {
  readonly blob: PackedBlob
  readonly resolve: (opened: LentBlob) => void
  readonly reject: (error: unknown) => void
}

/**
 * Opens small blobs in threads, many at a time: on its own each would cost less than the way to a thread and back. What is
 * asked for within one turn of the event loop goes together; a single one is opened here and now.
 */
export class OpeningBatches {
  readonly #key: SealingKey
  readonly #threads: OpeningThreads
  readonly #buffers: SharedBuffers
  #asked: Asked[] = []
  #sealed: SharedArrayBuffer | undefined
  #sealedBytes = 0
  #plainBytes = 0
  #openedHere = 0

  constructor(key: SealingKey, threads: OpeningThreads, buffers: SharedBuffers) {
    this.#key = key
    this.#threads = threads
    this.#buffers = buffers
  }

  async open(blob: PackedBlob, sealed: Uint8Array): Promise<LentBlob> {
    const isFull = this.#sealedBytes + sealed.byteLength > batchBytesMax || this.#plainBytes + blob.plainSizeBytes > batchBytesMax
    if (isFull || this.#asked.length === limits.readBatchBlobsMax) this.#send()
    // Above what a batch takes: a small frame may hold a long run of equal bytes.
    if (blob.plainSizeBytes > batchBytesMax) return this.#openHere(blob, sealed)
    if (this.#asked.length === 0) setImmediate(() => this.#send())
    this.#sealed ??= this.#buffers.take(batchBytesMax)
    new Uint8Array(this.#sealed, this.#sealedBytes, sealed.byteLength).set(sealed)
    const offset = this.#sealedBytes
    this.#sealedBytes += sealed.byteLength
    this.#plainBytes += blob.plainSizeBytes
    return await new Promise((resolve, reject) => this.#asked.push({ blob: { ...blob, offset }, resolve, reject }))
  }

  #send(): void {
    const asked = this.#asked
    const sealed = this.#sealed
    if (asked.length === 0 || !sealed) return
    const used = { sealedBytes: this.#sealedBytes, plainBytes: this.#plainBytes }
    this.#asked = []
    this.#sealed = undefined
    this.#sealedBytes = 0
    this.#plainBytes = 0
    if (asked.length > 1 && this.#isWorthThreads()) return void this.#openAside(asked, sealed, used)
    this.#openedHere += asked.length
    for (const { blob, resolve } of asked) resolve(this.#openHere(blob, new Uint8Array(sealed, blob.offset, blob.sizeBytes)))
    this.#buffers.give(sealed)
  }

  /** Starting them takes as long as opening so many: who asks for a few listings does without. */
  #isWorthThreads(): boolean {
    return this.#threads.width > 0 && (this.#threads.isStarted || this.#openedHere >= limits.openedBeforeThreads)
  }

  #openHere(blob: PackedBlob, sealed: Uint8Array): LentBlob {
    const opened = openBlob(this.#key, blob, sealed)
    return opened.kind === 'whole' ? { kind: 'whole', lent: { bytes: opened.plain, release: () => {} } } : opened
  }

  async #openAside(asked: readonly Asked[], sealed: SharedArrayBuffer, used: { sealedBytes: number; plainBytes: number }): Promise<void> {
    const into = this.#buffers.take(used.plainBytes)
    let lent = asked.length
    const release = () => {
      lent -= 1
      if (lent === 0) this.#buffers.give(into)
    }
    try {
      const blobs = asked.map(({ blob }) => blob)
      const { damage } = await this.#threads.open(new Uint8Array(sealed, 0, used.sealedBytes), blobs, { kind: 'memory', memory: into })
      this.#buffers.give(sealed)
      let at = 0
      for (const [index, { blob, resolve }] of asked.entries()) {
        const wrong = damage[index]
        const bytes = new Uint8Array(into, at, blob.plainSizeBytes)
        at += blob.plainSizeBytes
        if (wrong === undefined) resolve({ kind: 'whole', lent: { bytes, release } })
        else {
          release()
          resolve({ kind: 'damaged', damage: wrong })
        }
      }
    } catch (error) {
      for (const { reject } of asked) reject(error)
    }
  }
}

const batchBytesMax = limits.readRunBytesMax

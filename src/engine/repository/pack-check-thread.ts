import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { PackId } from '#base/ids.ts'
import type { PackCheckDone, PackCheckJob } from './pack-check.worker.ts'
import type { PackedBlob } from './pack.ts'
import type { SealingKey } from './seal.ts'

/** One thread that looks at whole packs, one after the other. */
export class PackCheckThread implements AsyncDisposable {
  readonly #worker: Worker

  constructor(key: SealingKey) {
    this.#worker = new Worker(new URL('./pack-check.worker.ts', import.meta.url), {
      workerData: { key: key.bytes },
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    })
    // `check` waits for it with `once`, which rejects; between two packs there is nobody to tell.
    this.#worker.on('error', () => {})
  }

  /** `bytes` is given away. `indexed` is empty for a pack that no index names. */
  async check(id: PackId, bytes: Buffer, indexed: readonly PackedBlob[]): Promise<PackCheckDone> {
    // A part of a larger buffer is copied, so that giving it away takes nothing along.
    const owned = bytes.buffer.byteLength === bytes.byteLength ? bytes : Uint8Array.from(bytes)
    const job: PackCheckJob = { id, bytes: owned, indexed }
    this.#worker.postMessage(job, [owned.buffer as ArrayBuffer])
    const [done] = (await once(this.#worker, 'message')) as [PackCheckDone]
    assert.equal(done.id, id)
    return done
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate()
  }
}

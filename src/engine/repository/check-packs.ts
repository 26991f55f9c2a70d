import { throwIfCancelled } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { PackId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import type { CheckProgress, Findings } from './check-findings.ts'
import { PackCheckThread } from './pack-check-thread.ts'
import type { DocumentPlace } from './document.ts'
import type { PackIndex } from './pack-index.ts'

export interface PacksToCheck {
  readonly place: DocumentPlace
  readonly index: PackIndex
  /** Every pack file there is, named by an index or not. */
  readonly sizes: ReadonlyMap<PackId, number>
  readonly findings: Findings
}

/**
 * Reads every byte of every pack: the file's hash is its name, its header fits the index, every blob is what its name says.
 * As many threads as cores; in memory are at most `limits.checkBytesMax` of packs, or one pack that is larger.
 */
export async function checkPacks(
  packs: PacksToCheck,
  onProgress: ((progress: CheckProgress) => void) | undefined,
  signal?: AbortSignal,
): Promise<{ readBytes: number }> {
  const totalBytes = packs.sizes.values().reduce((sum, sizeBytes) => sum + sizeBytes, 0)
  const waiting = packs.sizes.entries()
  const budget = new ByteBudget(limits.checkBytesMax)
  const stop = new AbortController()
  const either = AbortSignal.any([stop.signal, ...(signal ? [signal] : [])])
  let readBytes = 0

  const lane = async () => {
    await using thread = new PackCheckThread(packs.place.key)
    // One pack is read while the one before it is looked at.
    let looking: Promise<void> = Promise.resolve()
    try {
      for (const [id, sizeBytes] of waiting) {
        throwIfCancelled(either)
        const release = await budget.take(sizeBytes)
        const fetching = fetchPack(packs, id, either)
        looking = Promise.all([fetching, looking])
          .then(([bytes]) => lookAt(thread, packs, { id, bytes }))
          .finally(release)
        // Awaited in the end; until then a failure must not count as unhandled.
        looking.catch(() => {})
        const bytes = await fetching
        // In one step: the other lane counts too, and `+=` around an await would forget what it counted.
        readBytes += bytes?.byteLength ?? 0
        onProgress?.({ stage: 'packs', doneBytes: readBytes, totalBytes })
      }
    } finally {
      // Before the thread ends with this scope, whether all went well or not.
      await looking
    }
  }
  // A thread costs more to start than a few packs to look at.
  const lanes = Math.min(limits.threads, Math.ceil(totalBytes / limits.packSizeBytesTarget))
  await allOrStop(Array.from({ length: Math.max(1, lanes) }, lane), stop)
  return { readBytes }
}

/** Waits for all lanes, also when one fails, and then throws what failed first. */
async function allOrStop(lanes: readonly Promise<void>[], stop: AbortController): Promise<void> {
  let failed: { readonly error: unknown } | undefined
  const settle = async (lane: Promise<void>) => {
    try {
      await lane
    } catch (error) {
      failed ??= { error }
      stop.abort()
    }
  }
  await Promise.all(lanes.map(settle))
  if (failed) throw failed.error
}

async function fetchPack({ place, findings }: PacksToCheck, id: PackId, signal?: AbortSignal): Promise<Buffer | undefined> {
  let bytes: Buffer | undefined
  await findings.collect(`data/${id}`, 'DAMAGE_MISSING_PACK', async () => {
    bytes = await place.storage.get(`data/${id}`, undefined, signal)
  })
  return bytes
}

async function lookAt(
  thread: PackCheckThread,
  packs: PacksToCheck,
  { id, bytes }: { id: PackId; bytes: Buffer | undefined },
): Promise<void> {
  if (!bytes) return
  const { damage } = await thread.check(id, bytes, packs.index.blobsOf(id))
  // A wrong size was told already; it says more than a wrong hash.
  if (damage === undefined || packs.findings.has(`data/${id}`)) return
  packs.findings.add(new Fault('DAMAGE_PACK', `pack ${id} ${damage}`, { pack: id }), `data/${id}`)
}

/** Lets so many bytes be held at once; what is larger than all of it is let in alone. */
class ByteBudget {
  readonly #maxBytes: number
  #heldBytes = 0
  readonly #waiting: { readonly sizeBytes: number; readonly enter: () => void }[] = []

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Returns what gives the bytes back. */
  async take(wantedBytes: number): Promise<() => void> {
    const sizeBytes = Math.min(wantedBytes, this.#maxBytes)
    if (this.#waiting.length > 0 || this.#heldBytes + sizeBytes > this.#maxBytes) {
      await new Promise<void>((enter) => this.#waiting.push({ sizeBytes, enter }))
    } else {
      this.#heldBytes += sizeBytes
    }
    return () => {
      this.#heldBytes -= sizeBytes
      for (let next = this.#waiting[0]; next && this.#heldBytes + next.sizeBytes <= this.#maxBytes; next = this.#waiting[0]) {
        this.#waiting.shift()
        this.#heldBytes += next.sizeBytes
        next.enter()
      }
    }
  }
}

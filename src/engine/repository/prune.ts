import assert from 'node:assert/strict'
import { throwIfCancelled } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { PackId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import { marksFolder } from '#engine/storage/storage.ts'
import { coreOf, type RepositoryCore } from './core.ts'
import { indexFileIds, saveIndex, type IndexedPack } from './index-file.ts'
import type { BlobLocation } from './pack-index.ts'
import { addMark, loadMarks, removeMark } from './prune-marks.ts'
import { survey, type PackAct, type PackDecision, type PrunePlan, type PruneSurvey } from './prune-plan.ts'
import { assertRemoved } from './read-back.ts'
import { repack, type Repacked } from './repacking.ts'
import type { Lease, Repository } from './repository.ts'
import { loadIndexFiles, rethrow, snapshotIds } from './stored.ts'

export interface PruneResult {
  readonly markedPacks: number
  readonly markedBytes: number
  readonly unmarkedPacks: number
  /** Marked packs whose grace period runs on. */
  readonly waitingPacks: number
  readonly repackedPacks: number
  readonly newPacks: number
  readonly copiedBytes: number
  readonly deletedPacks: number
  readonly deletedBytes: number
  /** `deletedBytes` where removing frees space; `undefined` where only the storage's owner knows (SAFETY rule 30). */
  readonly freedBytes: number | undefined
  /** What interrupted writers had left behind. */
  readonly leftovers: number
}

/** SAFETY rule 30. To be said instead of a number of freed bytes where `freedBytes` is not known. */
export const spaceNotice =
  'Files were deleted. Where the storage keeps versions or locks objects, their space is free only when the old versions are purged or the locks end.'

/**
 * Carries a plan out, once, under the exclusive lock. Everything is decided again there; PLAN_STALE is the answer to any
 * difference. The order is the reverse of a backup's: new packs, new index, marks; then the old index goes, and last the
 * packs. Interrupted anywhere, every snapshot stays whole, and the next prune finishes.
 */
export async function executePrune(repository: Repository, plan: PrunePlan, signal?: AbortSignal): Promise<PruneResult> {
  if (used.has(plan)) throw new Fault('PLAN_USED', 'this plan was carried out already', { digest: plan.digest })
  const core = coreOf(repository)
  const { graceMs, wasteShareMax, clockReason } = plan
  const wishes = { graceMs, wasteShareMax, ...(clockReason !== undefined && { clockReason }) }
  const result = await repository.exclusively(async (lease) => {
    const found = await survey(core, wishes, signal)
    if (found.plan.digest !== plan.digest) {
      throw new Fault('PLAN_STALE', 'snapshots, packs or marks have changed since the plan was made', {
        digest: plan.digest,
        now: found.plan.digest,
      })
    }
    used.add(plan)
    return await carryOut(new Pruning(core, lease, found), signal)
  }, signal)
  await repository.refreshIndex(signal)
  return result
}

const used = new WeakSet<PrunePlan>()

async function carryOut(pruning: Pruning, signal?: AbortSignal): Promise<PruneResult> {
  const copies = await pruning.copyNeeded(signal)
  await pruning.confirm(signal)
  const oldIndexes = await pruning.writeIndex(copies, signal)
  await pruning.mark(signal)
  // From here on something is taken away. What no snapshot needed a while ago is looked at once more.
  await pruning.confirm(signal)
  await pruning.proveNothingLost(oldIndexes, signal)
  await pruning.removeFiles(
    oldIndexes.map((id) => `index/${id}` as const),
    signal,
  )
  await pruning.confirm(signal)
  await pruning.removeFiles(
    pruning.packs('delete').map((pack) => `data/${pack}` as const),
    signal,
  )
  await pruning.removeMarks(signal)
  return await pruning.result(copies, signal)
}

class Pruning {
  readonly #core: RepositoryCore
  readonly #lease: Lease
  readonly #found: PruneSurvey
  readonly #byAct: Partial<Record<PackAct, PackDecision[]>>

  constructor(core: RepositoryCore, lease: Lease, found: PruneSurvey) {
    this.#core = core
    this.#lease = lease
    this.#found = found
    this.#byAct = Object.groupBy(found.plan.decisions, (decision) => decision.act)
  }

  packs(act: PackAct): PackId[] {
    return (this.#byAct[act] ?? []).map((decision) => decision.pack)
  }

  /** Our lock stands, and no snapshot appeared that some other program wrote in spite of it. */
  async confirm(signal?: AbortSignal): Promise<void> {
    await this.#lease.confirm(signal)
    const unseen = (await snapshotIds(this.#core, signal)).find((id) => !this.#found.snapshots.has(id))
    if (unseen)
      throw new Fault('PLAN_STALE', `snapshot ${unseen.slice(0, 8)} appeared during the prune; nothing it may need is deleted`, {
        snapshot: unseen,
      })
  }

  async copyNeeded(signal?: AbortSignal): Promise<Repacked> {
    const decisions = this.#byAct.repack ?? []
    const copies = await repack(this.#core, this.#neededOf(decisions), signal)
    const neededBytes = decisions.reduce((sum, decision) => sum + decision.neededBytes, 0)
    assert.equal(copies.copiedBytes, neededBytes, 'every needed blob was copied once')
    return copies
  }

  /** New index files first name all that stays; returns the ones they replace. */
  async writeIndex(copies: Repacked, signal?: AbortSignal): Promise<string[]> {
    const { index, files } = this.#found.indexes
    const going = new Set([...this.packs('delete'), ...this.packs('drop')])
    const replaced = [...files].filter(([, packs]) => packs.some((pack) => going.has(pack)))
    const staying = new Set(replaced.flatMap(([, packs]) => packs.filter((pack) => !going.has(pack))))
    const entries = function* (): Iterable<IndexedPack> {
      for (const pack of staying) yield { id: pack, blobs: index.blobsOf(pack) }
      yield* copies.packs
    }
    await saveIndex(this.#core, entries(), signal)
    return replaced.map(([id]) => id)
  }

  /** Without the old index files and the packs that go, every needed blob is still found. */
  async proveNothingLost(oldIndexes: readonly string[], signal?: AbortSignal): Promise<void> {
    const staying = (await indexFileIds(this.#core, signal)).filter((id) => !oldIndexes.includes(id))
    const { index } = await loadIndexFiles(this.#core, staying, rethrow, signal)
    const { indexes, needed } = this.#found
    for (const pack of this.packs('delete')) assert.ok(!index.hasPack(pack), 'no index names a pack that goes')
    for (const { type, id } of indexes.index.blobs()) assert.ok(!needed.has(type, id) || index.has(type, id), 'every needed blob stays')
  }

  async mark(signal?: AbortSignal): Promise<void> {
    // A pack was needed until now, whatever mark it had before: its grace period begins anew.
    for (const pack of this.packs('repack')) await removeMark(this.#core, pack, signal)
    const marked = [...this.packs('mark'), ...this.packs('repack')]
    for (const pack of marked) await addMark(this.#core, pack, signal)
    if (marked.length === 0) return
    const marks = await loadMarks(this.#core, signal)
    const lost = marked.find((pack) => !marks.has(pack))
    if (lost) throw new Fault('STORAGE_UNTRUE', `pack ${lost} was marked, and the storage has no mark of it`, { pack: lost })
  }

  async removeFiles(names: readonly (`index/${string}` | `data/${string}`)[], signal?: AbortSignal): Promise<void> {
    for (const name of names) {
      throwIfCancelled(signal)
      await this.#core.storage.remove(name, signal)
    }
    for (const folder of ['index', 'data'] as const) {
      const removed = names.filter((name) => name.startsWith(`${folder}/`))
      await assertRemoved(this.#core.storage, folder, removed, signal)
    }
  }

  async removeMarks(signal?: AbortSignal): Promise<void> {
    const removed = [...this.packs('delete'), ...this.packs('unmark'), ...this.#found.plan.spentMarks]
    for (const pack of removed) await removeMark(this.#core, pack, signal)
    await assertRemoved(
      this.#core.storage,
      marksFolder,
      removed.map((pack) => `${marksFolder}/${pack}` as const),
      signal,
    )
  }

  async result(copies: Repacked, signal?: AbortSignal): Promise<PruneResult> {
    const bytesOf = (act: PackAct) => (this.#byAct[act] ?? []).reduce((sum, decision) => sum + decision.sizeBytes, 0)
    const now = await this.#core.storage.now(signal)
    const deletedBytes = bytesOf('delete')
    return {
      markedPacks: this.packs('mark').length + this.packs('repack').length,
      markedBytes: bytesOf('mark') + bytesOf('repack'),
      unmarkedPacks: this.packs('unmark').length,
      waitingPacks: this.packs('wait').length,
      repackedPacks: this.packs('repack').length,
      newPacks: copies.packs.length,
      copiedBytes: copies.copiedBytes,
      deletedPacks: this.packs('delete').length,
      deletedBytes,
      freedBytes: this.#core.storage.freesOnRemove ? deletedBytes : undefined,
      leftovers: await this.#core.storage.removeLeftovers(new Date(now.getTime() - limits.pruneGraceMs), signal),
    }
  }

  *#neededOf(decisions: readonly PackDecision[]): Iterable<BlobLocation> {
    const { indexes, needed, keeperOf } = this.#found
    for (const { pack } of decisions) {
      for (const blob of indexes.index.blobsOf(pack)) {
        if (needed.has(blob.type, blob.id) && keeperOf(blob) === pack) yield blob
      }
    }
  }
}

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { throwIfCancelled } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { SnapshotId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import type { StorageName } from '#engine/storage/storage.ts'
import { checkOpened, type CheckReport } from './check.ts'
import { loadConfig, newConfig, saveConfig } from './config.ts'
import { saveDocument } from './document.ts'
import { indexFileIds, saveIndex, type IndexedPack } from './index-file.ts'
import { openKey } from './keys.ts'
import { acquireLock, type HeldLock, type LockPlace } from './locks.ts'
import { packIdOf } from './pack.ts'
import { putAndReadBack } from './read-back.ts'
import { repack } from './repacking.ts'
import { writeWithGaps } from './repair-gaps.ts'
import type { RepairAct, RepairOptions, RepairPlace, RepairPlan } from './repair-plan.ts'
import type { Misnamed } from './repair-documents.ts'
import { survey, type RepairSurvey } from './repair-survey.ts'
import type { Snapshot } from './repository.ts'
import { keepAside } from './set-aside.ts'
import { encodeSnapshot } from './snapshot.ts'
import { loadIndexFiles, rethrow } from './stored.ts'

/**
 * Says what is damaged, what would become of it, and which backups have lost what, by reading alone. REPOSITORY_NOT_FOUND,
 * _PASSWORD, _LOCKED; DAMAGE_KEY when no key opens; DAMAGE_CONFIG when nothing unseals with the key, so that it is not of
 * this repository.
 */
export async function planRepair(place: RepairPlace, options: RepairOptions, signal?: AbortSignal): Promise<RepairPlan> {
  const { storage, clock } = place
  const { key } = await openKey(storage, place.password, signal)
  await using lock = await acquireLock({ storage, key, clock }, 'shared', signal)
  const { plan } = await survey({ storage, key }, options, signal)
  // Without the lock a prune may have run meanwhile, and what it removed would be called damage.
  await lock.confirm(signal)
  return plan
}

export interface RepairResult {
  /** Copies of what was taken away, below `damaged/`. */
  readonly setAside: readonly StorageName[]
  readonly newPacks: number
  readonly copiedBytes: number
  readonly newIndexes: number
  /** Of what is whole of damaged backups. */
  readonly writtenSnapshots: readonly { readonly of: SnapshotId; readonly snapshot: SnapshotId }[]
  /** What interrupted writers had left behind. */
  readonly leftovers: number
  /** A quick check of what is there now: what is lost stays named. */
  readonly check: CheckReport
}

/**
 * Carries out the plan with this digest under the exclusive lock, where all is looked at again; PLAN_STALE is the answer to
 * any difference. New packs, copies of what goes, and new index files are written and read back before anything is removed.
 * Interrupted anywhere, nothing that could be read before is lost, and the next repair finishes.
 */
export async function executeRepair(
  place: RepairPlace,
  plan: Pick<RepairPlan, 'digest' | 'depth' | 'withGaps'>,
  options: Pick<RepairOptions, 'onProgress'> = {},
  signal?: AbortSignal,
): Promise<RepairResult> {
  const { storage, clock } = place
  const { key } = await openKey(storage, place.password, signal)
  const locked: LockPlace = { storage, key, clock }
  await using lock = await acquireLock(locked, 'exclusive', signal)
  const found = await survey(locked, { ...options, depth: plan.depth, withGaps: plan.withGaps }, signal)
  if (found.plan.digest !== plan.digest) {
    throw new Fault('PLAN_STALE', `the repository has changed since the plan was made; it is now ${found.plan.digest}`, {
      digest: plan.digest,
      now: found.plan.digest,
    })
  }
  return await carryOut(new Repairing({ ...locked, random: place.random }, lock, found), signal)
}

async function carryOut(repairing: Repairing, signal?: AbortSignal): Promise<RepairResult> {
  const copies = await repairing.copyWhole(signal)
  await repairing.storeRenamed(signal)
  const setAside = await repairing.setAside(signal)
  await repairing.confirm(signal)
  const newIndexes = await repairing.writeIndex(copies.packs, signal)
  await repairing.proveNothingLost(signal)
  // From here on something is taken away.
  await repairing.confirm(signal)
  await repairing.removeGoing(signal)
  await repairing.makeConfig(signal)
  const writtenSnapshots = await repairing.writeSnapshots(signal)
  return {
    setAside,
    newPacks: copies.packs.length,
    copiedBytes: copies.copiedBytes,
    newIndexes: newIndexes.length,
    writtenSnapshots,
    leftovers: await repairing.removeLeftovers(signal),
    check: await repairing.check(signal),
  }
}

type Place = LockPlace & Pick<RepairPlace, 'random'>

class Repairing {
  readonly #place: Place
  readonly #lock: HeldLock
  readonly #found: RepairSurvey

  constructor(place: Place, lock: HeldLock, found: RepairSurvey) {
    this.#place = place
    this.#lock = lock
    this.#found = found
  }

  async confirm(signal?: AbortSignal): Promise<void> {
    await this.#lock.confirm(signal)
  }

  async copyWhole(signal?: AbortSignal) {
    const { copied } = this.#found.sorted
    const copies = await repack(this.#place, copied, signal)
    assert.equal(copies.blobCount, copied.length, 'every whole piece was copied once')
    return copies
  }

  /** Packs and snapshots under their own names, beside the wrong ones. */
  async storeRenamed(signal?: AbortSignal): Promise<void> {
    const { storage } = this.#place
    for (const { from, pack } of this.#found.sorted.renamed) {
      const parts = [await storage.get(`data/${from}`, undefined, signal)]
      assert.equal(packIdOf(parts), pack.id)
      await putAndReadBack(storage, { name: `data/${pack.id}`, parts }, signal)
    }
    for (const found of this.#found.snapshots) if (found.kind === 'misnamed') await this.#storeSnapshot(found, signal)
  }

  async setAside(signal?: AbortSignal): Promise<StorageName[]> {
    const kept: StorageName[] = []
    for (const name of this.#named('set-aside', 'copy', 'make')) {
      throwIfCancelled(signal)
      // A missing config leaves nothing to keep.
      if (name === 'config' && !(await this.#place.storage.stat(name, signal))) continue
      kept.push(await keepAside(this.#place.storage, name, signal))
    }
    return kept
  }

  async writeIndex(copies: readonly IndexedPack[], signal?: AbortSignal): Promise<string[]> {
    const { staying, sorted } = this.#found
    const packs = [...staying, ...sorted.indexed, ...sorted.renamed.map(({ pack }) => pack), ...copies]
    return await saveIndex(this.#place, packs, signal)
  }

  /** Without what goes, every piece that could be read is still found, and no index names a pack that goes. */
  async proveNothingLost(signal?: AbortSignal): Promise<void> {
    const { packs, sorted, replacedIndexes } = this.#found
    const stays = (await indexFileIds(this.#place, signal)).filter((id) => !replacedIndexes.includes(id))
    const { index } = await loadIndexFiles(this.#place, stays, rethrow, signal)
    for (const id of sorted.going) assert.ok(!index.hasPack(id), 'no index names a pack that goes')
    for (const { type, id, packId } of packs.readable().blobs())
      assert.ok(packs.orphans.has(packId) || index.has(type, id), 'every piece that could be read stays')
    for (const { blobs } of sorted.indexed) for (const { type, id } of blobs) assert.ok(index.has(type, id))
  }

  /** The index first: what it no longer names may go. */
  async removeGoing(signal?: AbortSignal): Promise<void> {
    const { storage } = this.#place
    const going = this.#named('set-aside', 'copy', 'rename', 'replace')
    const order = ['index/', 'data/', 'snapshots/', 'keys/']
    for (const folder of order) {
      for (const name of going.filter((one) => one.startsWith(folder))) {
        throwIfCancelled(signal)
        await storage.remove(name, signal)
      }
    }
  }

  async makeConfig(signal?: AbortSignal): Promise<void> {
    if (!this.#named('make').includes('config')) return
    await this.#place.storage.remove('config', signal)
    await saveConfig(this.#place.storage, this.#place.key, newConfig(this.#place.random), signal)
  }

  async writeSnapshots(signal?: AbortSignal): Promise<RepairResult['writtenSnapshots'][number][]> {
    const wanted = this.#named('write')
    const damaged = this.#found.plan.damagedBackups.filter(({ snapshot }) => wanted.includes(`snapshots/${snapshot.id}`))
    if (damaged.length === 0) return []
    const config = await loadConfig(this.#place.storage, this.#place.key, signal)
    return await writeWithGaps({ ...this.#place, config }, this.#lock, damaged, signal)
  }

  async removeLeftovers(signal?: AbortSignal): Promise<number> {
    const { storage } = this.#place
    return await storage.removeLeftovers(new Date((await storage.now(signal)).getTime() - limits.pruneGraceMs), signal)
  }

  async check(signal?: AbortSignal): Promise<CheckReport> {
    await this.#lock.confirm(signal)
    return await checkOpened(this.#place, { depth: 'quick', lock: 'none' }, signal)
  }

  /** Under the hash of its file; where that name is taken by something damaged, sealed anew and so under a new one. */
  async #storeSnapshot({ id, rightId, content }: Misnamed<Snapshot>, signal?: AbortSignal): Promise<void> {
    const { storage } = this.#place
    const { snapshots } = this.#found
    const json = encodeSnapshot(content)
    // Stored already: by an interrupted repair, or because somebody copied the file.
    if (snapshots.some((other) => other.kind === 'whole' && encodeSnapshot(other.content) === json)) return
    if (snapshots.some((other) => other.id === rightId)) {
      await saveDocument(this.#place, 'snapshots', json, signal)
      return
    }
    const bytes = await storage.get(`snapshots/${id}`, undefined, signal)
    assert.equal(createHash('sha256').update(bytes).digest('hex'), rightId)
    await putAndReadBack(storage, { name: `snapshots/${rightId}`, parts: [bytes] }, signal)
  }

  #named(...acts: readonly RepairAct[]): StorageName[] {
    return this.#found.plan.decisions.filter(({ act }) => acts.includes(act)).map(({ name }) => name)
  }
}

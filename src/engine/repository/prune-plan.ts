import { createHash } from 'node:crypto'
import { Fault } from '#base/fault.ts'
import type { BlobId, PackId, SnapshotId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import { printBytes, printDuration } from '#base/units.ts'
import type { BlobSet } from './blob-set.ts'
import { coreOf, type RepositoryCore } from './core.ts'
import type { PackIndex } from './pack-index.ts'
import type { PackedBlob } from './pack.ts'
import { loadMarks } from './prune-marks.ts'
import { BlobReader } from './reading.ts'
import { walkReachable } from './reachable.ts'
import type { Repository } from './repository.ts'
import { trustedTime } from './trusted-time.ts'
import { loadIndexes, loadSnapshots, packFileSizeBytes, packSizes, rethrow, type StoredIndex } from './stored.ts'

export interface PruneOptions {
  /** How long a pack stays marked before it is deleted. Less than the longest backup is a risk to that backup alone: it fails. */
  readonly graceMs?: number
  /** A pack with more than this share of waste is written anew. */
  readonly wasteShareMax?: number
  /** Why to delete although the clock seems to have jumped (SAFETY rule 29). */
  readonly clockReason?: string
}

/** With the defaults in the places of what was not said. */
export type PruneWishes = Omit<Required<PruneOptions>, 'clockReason'> & Pick<PruneOptions, 'clockReason'>

/**
 * - `keep`: needed. `repack`: its needed blobs are copied to a new pack, then it is marked.
 * - `mark`: nothing needs it. `wait`: marked, its grace period runs. `delete`: its grace period is over.
 * - `unmark`: marked, but needed again. `drop`: its file is gone and nothing needs it, so the index forgets it.
 */
export type PackAct = 'keep' | 'repack' | 'mark' | 'wait' | 'delete' | 'unmark' | 'drop'

export interface PackDecision {
  readonly pack: PackId
  readonly act: PackAct
  readonly reason: string
  readonly sizeBytes: number
  /** Stored bytes of blobs that some snapshot needs from this very pack. */
  readonly neededBytes: number
}

export interface PrunePlan {
  readonly repository: string
  readonly graceMs: number
  readonly wasteShareMax: number
  readonly clockReason?: string
  readonly decisions: readonly PackDecision[]
  /** Marks of packs that are gone. */
  readonly spentMarks: readonly PackId[]
  readonly digest: string
}

/**
 * Says for each pack what would become of it and why, by reading alone. Refuses a damaged repository (DAMAGE_…), and to
 * delete by a clock that seems to have jumped (RETENTION_CLOCK).
 */
export async function planPrune(repository: Repository, options: PruneOptions = {}, signal?: AbortSignal): Promise<PrunePlan> {
  return await repository.reading(async () => (await survey(coreOf(repository), withDefaults(options), signal)).plan, signal)
}

export function withDefaults(options: PruneOptions): PruneWishes {
  return { graceMs: limits.pruneGraceMs, wasteShareMax: limits.pruneWasteShareMax, ...options }
}

/** A plan with what carrying it out needs to know. */
export interface PruneSurvey {
  readonly plan: PrunePlan
  readonly indexes: StoredIndex
  readonly snapshots: ReadonlySet<SnapshotId>
  /** Blobs that some snapshot needs. */
  readonly needed: BlobSet
  /** Which of a needed blob's packs is the one that it is kept in. */
  readonly keeperOf: (blob: PackedBlob) => PackId
}

export async function survey(core: RepositoryCore, options: PruneWishes, signal?: AbortSignal): Promise<PruneSurvey> {
  // What a snapshot names was written before it, so snapshots are read first. Any damage ends it: nothing is deleted by guessing.
  const snapshots = await loadSnapshots(core, rethrow, signal)
  const indexes = await loadIndexes(core, rethrow, signal)
  const marks = await loadMarks(core, signal)
  const sizes = await packSizes(core, signal)
  const { index } = indexes
  await using reader = new BlobReader({ storage: core.storage, key: core.key, index })
  const { blobs: needed } = await walkReachable(
    { index, loadTree: (id, within) => reader.load('tree', id, within), roots: snapshots, onDamage: rethrow },
    signal,
  )
  const keeperOf = (blob: PackedBlob) => keeperAmong(index, blob, { sizes, marks })
  const now = await core.storage.now(signal)
  const decisions = decideAll({ index, needed, keeperOf, sizes, marks, now, ...options })
  if (decisions.some(({ act }) => act === 'delete')) await trustedTime(core, options, signal)
  const spentMarks = [...marks.keys()].filter((pack) => !sizes.has(pack)).toSorted()
  const unsealed = { repository: core.config.id, ...options, decisions, spentMarks }
  const digest = digestOf(unsealed, { snapshots: snapshots.map(({ id }) => id), indexes: [...indexes.files.keys()] })
  return { plan: { ...unsealed, digest }, indexes, snapshots: new Set(snapshots.map(({ id }) => id)), needed, keeperOf }
}

/** A blob in several packs is needed in one: an unmarked one where there is one, so that the marked one can go. */
function keeperAmong(
  index: PackIndex,
  blob: { readonly type: PackedBlob['type']; readonly id: BlobId },
  { sizes, marks }: { sizes: ReadonlyMap<PackId, number>; marks: ReadonlyMap<PackId, Date> },
): PackId {
  const packs = index.findAll(blob.type, blob.id).map((place) => place.packId)
  const here = packs.filter((pack) => sizes.has(pack)).toSorted()
  const keeper = here.find((pack) => !marks.has(pack)) ?? here[0] ?? packs[0]
  if (keeper === undefined) throw new Fault('DAMAGE_BLOB', `blob ${blob.id} is in no pack that the index knows`, { blob: blob.id })
  return keeper
}

interface Weighed extends PruneWishes {
  readonly index: PackIndex
  readonly needed: BlobSet
  readonly keeperOf: (blob: PackedBlob) => PackId
  readonly sizes: ReadonlyMap<PackId, number>
  readonly marks: ReadonlyMap<PackId, Date>
  /** By the storage's own time, like the marks. */
  readonly now: Date
}

function decideAll(weighed: Weighed): PackDecision[] {
  const { index, needed, keeperOf, sizes } = weighed
  const neededBytes = new Map<PackId, number>()
  for (const blob of index.blobs()) {
    if (!needed.has(blob.type, blob.id) || keeperOf(blob) !== blob.packId) continue
    neededBytes.set(blob.packId, (neededBytes.get(blob.packId) ?? 0) + blob.sizeBytes)
  }
  const packs = new Set([...sizes.keys(), ...index.packIds()])
  return [...packs].toSorted().map((pack) => decide(pack, neededBytes.get(pack) ?? 0, weighed))
}

function decide(pack: PackId, neededBytes: number, weighed: Weighed): PackDecision {
  const { index, sizes, marks, now, graceMs, wasteShareMax } = weighed
  const sizeBytes = sizes.get(pack) ?? 0
  const decided = (act: PackAct, reason: string): PackDecision => ({ pack, act, reason, sizeBytes, neededBytes })
  if (!sizes.has(pack)) {
    if (neededBytes > 0) throw new Fault('DAMAGE_MISSING_PACK', `pack ${pack} is missing and is needed`, { pack })
    return decided('drop', 'its file is gone, nothing needs it')
  }
  const markedAt = marks.get(pack)
  if (neededBytes === 0) {
    const why = index.hasPack(pack) ? 'no snapshot needs it' : 'no index names it'
    if (!markedAt) return decided('mark', why)
    const leftMs = markedAt.getTime() + graceMs - now.getTime()
    return leftMs > 0
      ? decided('wait', `${why}; its grace period ends in ${printDuration(leftMs)}`)
      : decided('delete', `${why}, marked since ${markedAt.toISOString()}`)
  }
  const blobs = index.blobsOf(pack)
  if (sizeBytes !== packFileSizeBytes(blobs))
    throw new Fault('DAMAGE_PACK', `pack ${pack} has ${sizeBytes} bytes, the index expects others`, { pack })
  const contentBytes = blobs.reduce((sum, blob) => sum + blob.sizeBytes, 0)
  const wasteBytes = contentBytes - neededBytes
  if (wasteBytes > wasteShareMax * contentBytes)
    return decided('repack', `${printBytes(wasteBytes)} of ${printBytes(contentBytes)} are needed by nobody`)
  return markedAt
    ? decided('unmark', 'a snapshot needs it again')
    : decided('keep', wasteBytes === 0 ? 'all of it is needed' : `${printBytes(neededBytes)} of it are needed`)
}

/** Times are left out of it: what counts is what becomes of each pack. */
function digestOf(
  plan: Omit<PrunePlan, 'digest'>,
  seen: { readonly snapshots: readonly string[]; readonly indexes: readonly string[] },
): string {
  const hash = createHash('sha256')
  hash.update(
    JSON.stringify([
      plan.repository,
      plan.graceMs,
      plan.wasteShareMax,
      seen.snapshots.toSorted(),
      seen.indexes.toSorted(),
      plan.spentMarks,
    ]),
  )
  for (const { pack, act, neededBytes } of plan.decisions) hash.update(`\n${pack} ${act} ${neededBytes}`)
  return hash.digest('hex')
}

import { Fault, isFault } from '#base/fault.ts'
import type { PackId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import type { StorageName } from '#engine/storage/storage.ts'
import { loadConfig } from './config.ts'
import type { DocumentPlace } from './document.ts'
import type { IndexedPack, IndexFile } from './index-file.ts'
import { checkKeyFile } from './keys.ts'
import { LossSearch } from './losses.ts'
import { PackIndex } from './pack-index.ts'
import type { PackedBlob } from './pack.ts'
import { BlobReader } from './reading.ts'
import { findIndexes, findSnapshots, type Found } from './repair-documents.ts'
import { placeOf, surveyPacks, type ClaimedPacks, type SurveyedPacks } from './repair-packs.ts'
import { isOwnRecord } from './own-records.ts'
import { repairDigest, type DamagedBackup, type RepairDecision, type RepairOptions, type RepairPlan } from './repair-plan.ts'
import { sortPacks, type SortedPacks } from './repair-sorting.ts'
import type { Snapshot } from './repository.ts'

/** A plan with what carrying it out needs to know. */
export interface RepairSurvey {
  readonly plan: RepairPlan
  readonly packs: SurveyedPacks
  readonly sorted: SortedPacks
  /** Index files that go, and what of theirs comes into the new ones besides `sorted`. */
  readonly replacedIndexes: readonly string[]
  readonly staying: readonly IndexedPack[]
  readonly snapshots: readonly Found<Snapshot>[]
}

/** Looks at everything. Nothing is changed; whatever is not damage, such as a storage that does not answer, is thrown. */
export async function survey(place: DocumentPlace, options: RepairOptions, signal?: AbortSignal): Promise<RepairSurvey> {
  const { depth, onProgress, withGaps = false } = options
  onProgress?.({ stage: 'structure', doneBytes: 0, totalBytes: 0 })
  const decisions: RepairDecision[] = [...(await decideKeys(place, signal)), ...(await decideConfig(place, signal))]
  const snapshots = await findSnapshots(place, signal)
  const indexes = await findIndexes(place, signal)
  const packs = await surveyPacks(place, claimsOf(indexes), { depth, onProgress }, signal)
  refuseForeignKey(decisions, [...snapshots, ...indexes], packs)

  onProgress?.({ stage: 'trees', doneBytes: 0, totalBytes: 0 })
  const readable = snapshots.flatMap((found) => (found.kind === 'damaged' ? [] : [found.content]))
  const { search, damagedBackups } = await searchLosses(place, packs, readable, signal)
  const sorted = sortPacks(packs, search.needed)
  const { replaced, staying, decided } = decideIndexes(indexes, packs)
  decisions.push(...decideSnapshots(snapshots), ...decided, ...sorted.decisions)
  if (withGaps) decisions.push(...decideGaps(damagedBackups, readable))
  const unsealed = {
    location: place.storage.location,
    depth,
    withGaps,
    decisions,
    lostBlobs: { count: sorted.lost.length, first: sorted.lost.slice(0, limits.repairLossesMax) },
    damagedBackups,
    snapshots: readable.length,
  }
  const seen: StorageName[] = [
    ...snapshots.map(({ id }): StorageName => `snapshots/${id}`),
    ...indexes.map(({ id }): StorageName => `index/${id}`),
  ]
  return {
    plan: { ...unsealed, digest: repairDigest(unsealed, seen) },
    packs,
    sorted,
    replacedIndexes: replaced,
    staying,
    snapshots,
  }
}

async function decideKeys(place: DocumentPlace, signal?: AbortSignal): Promise<RepairDecision[]> {
  const decided: RepairDecision[] = []
  for await (const { name } of place.storage.list('keys', signal)) {
    try {
      await checkKeyFile(place.storage, name.slice('keys/'.length), signal)
    } catch (error) {
      if (!isFault(error, 'DAMAGE_KEY')) throw error
      decided.push({ name, act: 'set-aside', reason: `${error.message}; its password opens nothing, another one does` })
    }
  }
  return decided
}

async function decideConfig(place: DocumentPlace, signal?: AbortSignal): Promise<RepairDecision[]> {
  try {
    await loadConfig(place.storage, place.key, signal)
    return []
  } catch (error) {
    if (!isFault(error, 'DAMAGE_CONFIG') && !isFault(error, 'STORAGE_NOT_FOUND')) throw error
    const reason = `${error.message}; everything stays readable, but chunks are cut anew: the next backup stores all its content again`
    return [{ name: 'config', act: 'make', reason }]
  }
}

/** A key file of another repository opens, and then everything looks damaged: nothing must be touched with such a key. */
function refuseForeignKey(decisions: readonly RepairDecision[], documents: readonly Found<unknown>[], packs: SurveyedPacks): void {
  if (!decisions.some(({ act }) => act === 'make')) return
  const isOurs = documents.some(({ kind }) => kind !== 'damaged') || packs.orphans.size > 0
  if (isOurs) return
  throw new Fault('DAMAGE_CONFIG', 'neither the config nor any index, snapshot or pack unseals: the key is not of this repository')
}

function claimsOf(indexes: readonly Found<IndexFile>[]): ClaimedPacks {
  const index = new PackIndex()
  const contradictions = new Map<PackId, readonly PackedBlob[]>()
  for (const found of indexes) {
    if (found.kind === 'damaged') continue
    for (const { id, blobs } of found.content.packs) {
      if (index.hasPack(id) && !isSame(index.blobsOf(id), blobs)) contradictions.set(id, [...(contradictions.get(id) ?? []), ...blobs])
      index.addPack(id, blobs)
    }
  }
  return { index, contradictions }
}

function isSame(one: readonly PackedBlob[], other: readonly PackedBlob[]): boolean {
  const words = (blobs: readonly PackedBlob[]) => blobs.map(placeOf).toSorted().join()
  return one.length === other.length && words(one) === words(other)
}

/** Reading trees may show damage that sizes did not: then those packs are looked at as well, and all is searched anew. */
async function searchLosses(
  place: DocumentPlace,
  packs: SurveyedPacks,
  snapshots: readonly Snapshot[],
  signal?: AbortSignal,
): Promise<{ search: LossSearch; damagedBackups: DamagedBackup[] }> {
  for (;;) {
    const index = packs.readable()
    await using reader = new BlobReader({ ...place, index })
    const search = new LossSearch(index, (id, within) => reader.load('tree', id, within))
    const damagedBackups: DamagedBackup[] = []
    for (const snapshot of snapshots) {
      const below = await search.below(snapshot.tree, signal)
      const losses = below === 'all' ? { count: 1, first: [{ path: '', kind: 'directory', sizeBytes: null } as const] } : below
      if (losses.count > 0) damagedBackups.push({ snapshot, losses })
    }
    let isNew = false
    for (const pack of search.suspects) if (await packs.judge(pack, signal)) isNew = true
    if (!isNew) return { search, damagedBackups }
  }
}

function decideSnapshots(snapshots: readonly Found<Snapshot>[]): RepairDecision[] {
  return snapshots.flatMap((found): RepairDecision[] => {
    const name: StorageName = `snapshots/${found.id}`
    if (found.kind === 'whole') return []
    if (found.kind === 'damaged') return [{ name, act: 'set-aside', reason: `${found.fact}; what it held is not known` }]
    return [{ name, act: 'rename', reason: `it is whole, and snapshot ${found.rightId}` }]
  })
}

interface DecidedIndexes {
  readonly replaced: readonly string[]
  readonly staying: readonly IndexedPack[]
  readonly decided: readonly RepairDecision[]
}

/** An index file goes when it is damaged, or names a pack that goes or is not as it says. What else it names comes into a new one. */
function decideIndexes(indexes: readonly Found<IndexFile>[], packs: SurveyedPacks): DecidedIndexes {
  const replaced: string[] = []
  const staying = new Map<PackId, IndexedPack>()
  const decided: RepairDecision[] = []
  for (const found of indexes) {
    const name: StorageName = `index/${found.id}`
    const named = found.kind === 'damaged' ? [] : found.content.packs
    const going = named.filter((pack) => !packs.isSound(pack.id))
    if (found.kind === 'whole' && going.length === 0) continue
    replaced.push(found.id)
    for (const pack of named) if (packs.isSound(pack.id)) staying.set(pack.id, pack)
    if (found.kind === 'whole') decided.push({ name, act: 'replace', reason: `it names ${going.length} packs that are damaged or gone` })
    else decided.push({ name, act: 'set-aside', reason: `${found.fact}; packs say themselves what they hold` })
  }
  return { replaced, staying: [...staying.values()], decided }
}

/** Not of a record of our own, which is nothing by halves; not where nothing is left; and once. */
function decideGaps(damaged: readonly DamagedBackup[], snapshots: readonly Snapshot[]): RepairDecision[] {
  return damaged
    .filter(({ snapshot }) => !isOwnRecord(snapshot))
    .filter(({ losses }) => losses.first[0]?.path !== '')
    .filter(({ snapshot }) => !snapshots.some(({ tags }) => tags.includes(repairedTag(snapshot))))
    .map(({ snapshot, losses }) => ({
      name: `snapshots/${snapshot.id}`,
      act: 'write',
      reason: `a snapshot without the ${losses.count} things it has lost is written beside it`,
    }))
}

/** Marks the snapshot of what is whole of another. */
export function repairedTag(snapshot: Pick<Snapshot, 'id'>): string {
  return `whole-of=${snapshot.id}`
}

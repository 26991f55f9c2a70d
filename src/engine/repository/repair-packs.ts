import { throwIfCancelled } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import type { PackId } from '#base/ids.ts'
import { freeAtOnce } from '#host/memory.ts'
import { openBlob } from './blob.ts'
import { Findings, type CheckProgress } from './check-findings.ts'
import { checkPacks } from './check-packs.ts'
import { headerOf } from './check.ts'
import type { DocumentPlace } from './document.ts'
import { PackIndex } from './pack-index.ts'
import { packIdOf, readPackHeader, type PackedBlob } from './pack.ts'
import type { SealingKey } from './seal.ts'
import { packFileSizeBytes, packSizes } from './stored.ts'

/** A pack that was looked at byte by byte, because something about it is wrong. */
export interface JudgedPack {
  readonly id: PackId
  /** `misnamed`: whole, but under the name of another. `broken`: only some of it can be saved, or nothing. */
  readonly kind: 'whole' | 'misnamed' | 'broken'
  /** SHA-256 of the file as it is. */
  readonly rightId: PackId
  /** What opens and is what its name says, where it lies in this file. */
  readonly whole: readonly PackedBlob[]
  /** What an index or the header says is in it. */
  readonly claimed: readonly PackedBlob[]
}

export interface ClaimedPacks {
  readonly index: PackIndex
  /** What further index files say otherwise about a pack. */
  readonly contradictions: ReadonlyMap<PackId, readonly PackedBlob[]>
}

/** Which packs are sound, which are not, and what each of the others still holds. Grows as damage shows up. */
export class SurveyedPacks {
  readonly sizes: ReadonlyMap<PackId, number>
  /** Named by an index, gone from the storage. */
  readonly missing: ReadonlySet<PackId>
  /** Packs that no index names, by their own header. */
  readonly orphans = new Map<PackId, readonly PackedBlob[]>()
  readonly judged = new Map<PackId, JudgedPack>()
  readonly #place: DocumentPlace
  readonly #claims: ClaimedPacks

  constructor(place: DocumentPlace, claims: ClaimedPacks, sizes: ReadonlyMap<PackId, number>) {
    this.#place = place
    this.#claims = claims
    this.sizes = sizes
    this.missing = new Set([...claims.index.packIds()].filter((id) => !sizes.has(id)))
  }

  get index(): PackIndex {
    return this.#claims.index
  }

  /** Named by an index, and nothing speaks against what that says. */
  isSound(id: PackId): boolean {
    return this.index.hasPack(id) && this.sizes.has(id) && !this.judged.has(id)
  }

  /** Reads the whole pack once, whatever number of times it is suspected. False when it is known already, or gone. */
  async judge(id: PackId, signal?: AbortSignal): Promise<boolean> {
    if (this.judged.has(id) || !this.sizes.has(id)) return false
    throwIfCancelled(signal)
    const bytes = await this.#place.storage.get(`data/${id}`, undefined, signal)
    const claims = [...this.index.blobsOf(id), ...(this.#claims.contradictions.get(id) ?? [])]
    this.judged.set(id, judgePack(this.#place.key, { id, bytes, claims }))
    this.orphans.delete(id)
    return true
  }

  /** Every blob that can be read now, in the place where it lies: sound packs first, then what opens of the others. */
  readable(): PackIndex {
    if (this.judged.size + this.orphans.size + this.missing.size === 0) return this.index
    const readable = new PackIndex()
    for (const id of this.index.packIds()) if (this.isSound(id)) readable.addPack(id, this.index.blobsOf(id))
    for (const { id, whole } of this.judged.values()) readable.addPack(id, whole)
    for (const [id, blobs] of this.orphans) readable.addPack(id, blobs)
    return readable
  }
}

export interface PackLook {
  readonly depth: 'quick' | 'full'
  readonly onProgress: ((progress: CheckProgress) => void) | undefined
}

/** `quick` goes by sizes and headers; `full` reads and hashes every byte. */
export async function surveyPacks(
  place: DocumentPlace,
  claims: ClaimedPacks,
  { depth, onProgress }: PackLook,
  signal?: AbortSignal,
): Promise<SurveyedPacks> {
  const sizes = await packSizes(place, signal)
  const packs = new SurveyedPacks(place, claims, sizes)
  const suspects = new Set<PackId>(claims.contradictions.keys())
  for (const [id, sizeBytes] of sizes) {
    if (claims.index.hasPack(id)) {
      if (packFileSizeBytes(claims.index.blobsOf(id)) !== sizeBytes) suspects.add(id)
      continue
    }
    try {
      packs.orphans.set(id, await headerOf(place, { id, sizeBytes }, signal))
    } catch (error) {
      if (!isFault(error) || !error.isDamage) throw error
      suspects.add(id)
    }
  }
  if (depth === 'full') {
    const findings = new Findings()
    await checkPacks({ place, index: claims.index, sizes, findings }, onProgress, signal)
    for (const id of sizes.keys()) if (findings.has(`data/${id}`)) suspects.add(id)
  }
  for (const id of suspects) await packs.judge(id, signal)
  return packs
}

interface SuspectPack {
  readonly id: PackId
  readonly bytes: Buffer
  /** What index files say about it. */
  readonly claims: readonly PackedBlob[]
}

/** A blob is saved only when its MAC and its hash agree, so it does not matter who said where it lies. */
function judgePack(key: SealingKey, { id, bytes, claims }: SuspectPack): JudgedPack {
  const rightId = packIdOf([bytes])
  const header = headerIn(key, { id, bytes })
  const claimed = distinct([...(header ?? []), ...claims])
  const whole = claimed.filter((blob) => opens(key, blob, bytes))
  const places = new Set(whole.map(placeOf))
  if (!header?.every((blob) => places.has(placeOf(blob)))) return { id, kind: 'broken', rightId, whole, claimed }
  return { id, kind: rightId === id ? 'whole' : 'misnamed', rightId, whole: header, claimed }
}

function headerIn(key: SealingKey, { id, bytes }: { readonly id: PackId; readonly bytes: Buffer }): PackedBlob[] | undefined {
  try {
    return readPackHeader(key, { id, sizeBytes: bytes.byteLength }, bytes)
  } catch (error) {
    if (!isFault(error) || !error.isDamage) throw error
    // Then only an index can tell what lies where.
    return undefined
  }
}

function opens(key: SealingKey, blob: PackedBlob, pack: Buffer): boolean {
  if (blob.offset + blob.sizeBytes > pack.byteLength) return false
  const opened = openBlob(key, blob, pack.subarray(blob.offset, blob.offset + blob.sizeBytes))
  if (opened.kind === 'whole') freeAtOnce(opened.plain)
  return opened.kind === 'whole'
}

function distinct(blobs: readonly PackedBlob[]): PackedBlob[] {
  return [...new Map(blobs.map((blob) => [placeOf(blob), blob])).values()]
}

/** Everything that is said of a blob's place, as a key. */
export function placeOf({ type, id, offset, sizeBytes, plainSizeBytes, isCompressed }: PackedBlob): string {
  return `${type} ${id} ${offset} ${sizeBytes} ${isCompressed ? plainSizeBytes : 'raw'}`
}

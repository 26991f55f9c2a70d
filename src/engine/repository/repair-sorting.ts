import type { PackId } from '#base/ids.ts'
import { printCount } from '#base/units.ts'
import type { BlobSet } from './blob-set.ts'
import type { IndexedPack } from './index-file.ts'
import type { BlobLocation } from './pack-index.ts'
import type { PackedBlob } from './pack.ts'
import type { JudgedPack, SurveyedPacks } from './repair-packs.ts'
import type { LostBlob, RepairDecision } from './repair-plan.ts'

/** What becomes of the packs that are not as they should be. */
export interface SortedPacks {
  readonly decisions: readonly RepairDecision[]
  /** Whole packs that come into a new index as their own header says. */
  readonly indexed: readonly IndexedPack[]
  /** Whole packs under the name of another, stored under their own. */
  readonly renamed: readonly { readonly from: PackId; readonly pack: IndexedPack }[]
  /** Whole blobs of broken packs that are nowhere else: copied into new packs. */
  readonly copied: readonly BlobLocation[]
  /** Packs that go once all of that is safe. */
  readonly going: readonly PackId[]
  /** Blobs that were said to be somewhere and are whole nowhere. */
  readonly lost: readonly LostBlob[]
}

/** Sorts by what saves most with the least writing: index what is whole, rename what is misnamed, copy the rest. */
export function sortPacks(packs: SurveyedPacks, needed: BlobSet): SortedPacks {
  const sorting = new Sorting(packs)
  for (const pack of packs.judged.values()) if (pack.kind === 'whole') sorting.index(pack.id, pack.whole, 'an index file says otherwise')
  for (const pack of packs.judged.values()) if (pack.kind === 'misnamed') sorting.rename(pack)
  for (const [id, blobs] of packs.orphans) {
    // What nobody needs stays what it is: prune takes it away.
    const isNeeded = blobs.some((blob) => needed.has(blob.type, blob.id) && !sorting.isKept(blob))
    if (isNeeded) sorting.index(id, blobs, 'no index names it, and backups need it')
  }
  for (const pack of packs.judged.values()) if (pack.kind !== 'whole' && !sorting.isRenamed(pack.id)) sorting.copy(pack)
  for (const id of packs.missing) sorting.forget(id)
  return sorting.end()
}

class Sorting {
  readonly #packs: SurveyedPacks
  readonly #decisions: RepairDecision[] = []
  readonly #indexed: IndexedPack[] = []
  readonly #renamed: { readonly from: PackId; readonly pack: IndexedPack }[] = []
  readonly #copied: BlobLocation[] = []
  readonly #going: PackId[] = []
  /** Blobs that are safe besides those of sound packs. */
  readonly #kept = new Set<string>()
  readonly #claimed = new Map<string, LostBlob>()

  constructor(packs: SurveyedPacks) {
    this.#packs = packs
  }

  isKept(blob: LostBlob): boolean {
    return this.#kept.has(nameOf(blob)) || this.#packs.index.findAll(blob.type, blob.id).some(({ packId }) => this.#packs.isSound(packId))
  }

  isRenamed(id: PackId): boolean {
    return this.#renamed.some(({ from }) => from === id)
  }

  index(id: PackId, blobs: readonly PackedBlob[], why: string): void {
    this.#indexed.push({ id, blobs })
    for (const blob of blobs) this.#kept.add(nameOf(blob))
    this.#claim(id)
    this.#decisions.push({ name: `data/${id}`, act: 'index', reason: `it is whole with ${printCount(blobs.length)} pieces; ${why}` })
  }

  rename({ id, rightId, whole }: JudgedPack): void {
    this.#claim(id)
    // Where its own name is taken, even by something damaged, its pieces are copied like those of a broken pack.
    if (this.#packs.sizes.has(rightId) || this.#renamed.some(({ pack }) => pack.id === rightId)) return
    this.#renamed.push({ from: id, pack: { id: rightId, blobs: whole } })
    for (const blob of whole) this.#kept.add(nameOf(blob))
    this.#going.push(id)
    this.#decisions.push({ name: `data/${id}`, act: 'rename', reason: `it is whole, and pack ${rightId}` })
  }

  copy({ id, kind, whole, claimed }: JudgedPack): void {
    this.#claim(id)
    const wanted = whole.filter((blob) => !this.isKept(blob))
    for (const blob of wanted) {
      // The same blob may lie in it twice.
      if (this.#kept.has(nameOf(blob))) continue
      this.#kept.add(nameOf(blob))
      this.#copied.push({ ...blob, packId: id })
    }
    this.#going.push(id)
    const what = kind === 'misnamed' ? 'it is another pack than its name says' : 'it is damaged'
    const reason = `${what}: ${printCount(whole.length)} of its ${printCount(claimed.length)} pieces are whole, ${printCount(wanted.length)} of them nowhere else`
    this.#decisions.push({ name: `data/${id}`, act: wanted.length > 0 ? 'copy' : 'set-aside', reason })
  }

  forget(id: PackId): void {
    this.#claim(id)
    this.#decisions.push({ name: `data/${id}`, act: 'forget', reason: 'it is gone; an index names it' })
  }

  end(): SortedPacks {
    const lost = [...this.#claimed.values()].filter((blob) => !this.isKept(blob))
    return {
      decisions: this.#decisions,
      indexed: this.#indexed,
      renamed: this.#renamed,
      copied: this.#copied,
      going: this.#going,
      lost: lost.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    }
  }

  /** Remembers what was said to be in a pack. */
  #claim(id: PackId): void {
    const said = [...this.#packs.index.blobsOf(id), ...(this.#packs.judged.get(id)?.claimed ?? [])]
    for (const { type, id: blob } of said) this.#claimed.set(nameOf({ type, id: blob }), { type, id: blob })
  }
}

function nameOf({ type, id }: LostBlob): string {
  return `${type} ${id}`
}

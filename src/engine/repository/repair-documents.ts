import { createHash } from 'node:crypto'
import { isFault } from '#base/fault.ts'
import { decodeDocument } from './compression.ts'
import { loadDocument, type DocumentPlace } from './document.ts'
import { decodeIndex, indexFileIds, type IndexFile } from './index-file.ts'
import type { Snapshot } from './repository.ts'
import { unseal } from './seal.ts'
import { decodeSnapshot } from './snapshot.ts'
import { snapshotIds } from './stored.ts'

/** A document as repair finds it. What unseals is what was written, even where the file has another name than its hash. */
export type Found<T> =
  | { readonly kind: 'whole'; readonly id: string; readonly content: T }
  | Misnamed<T>
  | { readonly kind: 'damaged'; readonly id: string; readonly fact: string }

export interface Misnamed<T> {
  readonly kind: 'misnamed'
  readonly id: string
  readonly content: T
  /** SHA-256 of the file as it is. */
  readonly rightId: string
  readonly fact: string
}

export async function findSnapshots(place: DocumentPlace, signal?: AbortSignal): Promise<Found<Snapshot>[]> {
  const decode = (json: string, id: string) => decodeSnapshot(json, id as Snapshot['id'])
  return await findAll(place, { folder: 'snapshots', ids: await snapshotIds(place, signal), decode }, signal)
}

export async function findIndexes(place: DocumentPlace, signal?: AbortSignal): Promise<Found<IndexFile>[]> {
  return await findAll(place, { folder: 'index', ids: (await indexFileIds(place, signal)).toSorted(), decode: decodeIndex }, signal)
}

interface Documents<T> {
  readonly folder: 'index' | 'snapshots'
  readonly ids: readonly string[]
  readonly decode: (json: string, id: string) => T
}

async function findAll<T>(place: DocumentPlace, documents: Documents<T>, signal?: AbortSignal): Promise<Found<T>[]> {
  const found: Found<T>[] = []
  for (const id of documents.ids) {
    try {
      const content = documents.decode(await loadDocument(place, documents.folder, id, signal), id)
      found.push({ kind: 'whole', id, content })
    } catch (error) {
      if (!isFault(error) || !error.isDamage) throw error
      found.push(await lookInside(place, { ...documents, id, fact: error.message }, signal))
    }
  }
  return found
}

async function lookInside<T>(
  place: DocumentPlace,
  { folder, id, decode, fact }: Documents<T> & { readonly id: string; readonly fact: string },
  signal?: AbortSignal,
): Promise<Found<T>> {
  const bytes = await place.storage.get(`${folder}/${id}`, undefined, signal)
  const plain = unseal(place.key, bytes)
  const json = plain && decodeDocument(plain)
  if (json === undefined) return { kind: 'damaged', id, fact }
  try {
    const rightId = createHash('sha256').update(bytes).digest('hex')
    return { kind: 'misnamed', id, rightId, content: decode(json, rightId), fact }
  } catch (error) {
    if (!isFault(error) || !error.isDamage) throw error
    return { kind: 'damaged', id, fact: error.message }
  }
}

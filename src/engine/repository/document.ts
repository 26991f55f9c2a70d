import { createHash } from 'node:crypto'
import { Fault } from '#base/fault.ts'
import type { FaultCode } from '#base/fault-codes.ts'
import { limits } from '#base/limits.ts'
import { freeAtOnce } from '#host/memory.ts'
import type { Storage } from '#engine/storage/storage.ts'
import { decodeDocumentBytes, encodeDocument } from './compression.ts'
import { putAndReadBack } from './read-back.ts'
import { seal, unseal, type SealingKey } from './seal.ts'

/** Folders whose files are sealed JSON documents named by their own hash (design.rst "Unpacked Data Format"). */
export type DocumentFolder = 'index' | 'snapshots' | 'locks'

/** Where documents rest and what seals them. */
export interface DocumentPlace {
  readonly storage: Storage
  readonly key: SealingKey
}

/** Writes the document under the hash of its sealed bytes, which it returns. The memory of a large `json` is given back. */
export async function saveDocument(
  place: DocumentPlace,
  folder: Exclude<DocumentFolder, 'locks'>,
  json: string | Buffer,
  signal?: AbortSignal,
): Promise<string> {
  const { id, sealed } = sealDocument(place, json)
  await putAndReadBack(place.storage, { name: `${folder}/${id}`, parts: [sealed] }, signal)
  freeAtOnce(sealed)
  return id
}

/** The bytes of a document and the name that they will have, for whoever must know the name first. */
export function sealDocument({ key }: Pick<DocumentPlace, 'key'>, json: string | Buffer): { readonly id: string; readonly sealed: Buffer } {
  const plain = encodeDocument(json)
  const sealed = seal(key, plain)
  freeAtOnce(plain)
  return { id: createHash('sha256').update(sealed).digest('hex'), sealed }
}

/** The JSON text of a document, proven to be what its name says. */
export async function loadDocument(place: DocumentPlace, folder: DocumentFolder, id: string, signal?: AbortSignal): Promise<string> {
  return (await loadDocumentBytes(place, folder, id, signal)).toString('utf8')
}

/** The same in UTF-8, for those that are too large for a text. */
export async function loadDocumentBytes(place: DocumentPlace, folder: DocumentFolder, id: string, signal?: AbortSignal): Promise<Buffer> {
  return openDocument(place, folder, { id, sealed: await place.storage.get(`${folder}/${id}`, undefined, signal) })
}

/** The same for one that was fetched already. */
export function openDocument(place: DocumentPlace, folder: DocumentFolder, { id, sealed }: { id: string; sealed: Uint8Array }): Buffer {
  const damaged = (fact: string) => new Fault(damageCodes[folder], `${nouns[folder]} ${id.slice(0, 8)} ${fact}`, { id })
  if (sealed.byteLength > limits.documentSizeBytesMax) throw damaged(`has ${sealed.byteLength} bytes`)
  if (createHash('sha256').update(sealed).digest('hex') !== id) throw damaged('is not what its name says')
  const plain = unseal(place.key, sealed)
  if (!plain) throw damaged('does not unseal with the key of this repository')
  const json = decodeDocumentBytes(plain)
  if (json === undefined) throw damaged('has an unknown encoding')
  // Some are several MiB, and there may be hundreds of them.
  if (json.buffer !== plain.buffer) freeAtOnce(plain)
  return json
}

const damageCodes: Readonly<Record<DocumentFolder, FaultCode>> = {
  index: 'DAMAGE_INDEX',
  snapshots: 'DAMAGE_SNAPSHOT',
  locks: 'DAMAGE_LOCK',
}
const nouns: Readonly<Record<DocumentFolder, string>> = { index: 'index', snapshots: 'snapshot', locks: 'lock' }

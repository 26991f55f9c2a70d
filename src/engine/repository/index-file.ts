import { z } from 'zod'
import { isHexId, type BlobId, type PackId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import { parse, parseValue } from '#base/parse.ts'
import { freeAtOnce } from '#host/memory.ts'
import { loadDocumentBytes, openDocument, saveDocument, type DocumentPlace } from './document.ts'
import { idBytes } from './id-table.ts'
import { scanIndex } from './index-scan.ts'
import type { PackIndex } from './pack-index.ts'
import type { BlobType, PackedBlob } from './pack.ts'
import { sealOverheadBytes } from './seal.ts'

export interface IndexedPack {
  readonly id: PackId
  readonly blobs: readonly PackedBlob[]
}

/** One file below `index/` (design.rst "Indexing"). */
export interface IndexFile {
  readonly packs: readonly IndexedPack[]
  /** Index files that this one replaces. */
  readonly supersedes: readonly string[]
}

/** Writes the packs into as many index files as they need. Returns their ids. Every pack must be in the storage already. */
export async function saveIndex(place: DocumentPlace, packs: Iterable<IndexedPack>, signal?: AbortSignal): Promise<string[]> {
  const ids: string[] = []
  for (const document of documents(packs)) ids.push(await saveDocument(place, 'index', document, signal))
  return ids
}

export interface SealedIndexFile {
  readonly id: string
  readonly sealed: Promise<Uint8Array>
}

/**
 * Index files in the order of `ids`, the next ones fetched while one is read: each backup leaves one, and from a storage far
 * away a year of them would take a minute one by one. Whoever stops early leaves nothing under way.
 */
export async function* sealedIndexFiles(
  place: DocumentPlace,
  ids: Iterable<string>,
  signal?: AbortSignal,
): AsyncGenerator<SealedIndexFile> {
  const stop = new AbortController()
  const both = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  const ahead: SealedIndexFile[] = []
  try {
    for (const id of ids) {
      const sealed = place.storage.get(`index/${id}`, undefined, both)
      // Awaited in its turn; until then a failure must not count as unhandled.
      sealed.catch(() => {})
      ahead.push({ id, sealed })
      if (ahead.length === limits.indexesReadAtOnce) yield ahead.shift()!
    }
    while (ahead.length > 0) yield ahead.shift()!
  } finally {
    stop.abort()
    await Promise.allSettled(ahead.map(({ sealed }) => sealed))
  }
}

/** Adds what an index file says to `index`, all of it or, when it is damaged, nothing. Returns what names its packs. */
export async function addIndexFile(place: DocumentPlace, { id, sealed }: SealedIndexFile, index: PackIndex): Promise<() => PackId[]> {
  const json = openDocument(place, 'index', { id, sealed: await sealed })
  const scanned = scanIndex(json)
  if (!scanned) {
    const { packs } = decodeIndex(json.toString('utf8'), id)
    for (const pack of packs) index.addPack(pack.id, pack.blobs)
    return () => packs.map((pack) => pack.id)
  }
  freeAtOnce(json)
  index.addScanned(scanned)
  freeAtOnce(scanned.blobIds)
  freeAtOnce(new Uint8Array(scanned.numbers.buffer))
  return () => Array.from({ length: scanned.packs }, (_, at) => scanned.packIds.toString('hex', at * idBytes, (at + 1) * idBytes) as PackId)
}

export async function loadIndexFile(place: DocumentPlace, id: string, signal?: AbortSignal): Promise<IndexFile> {
  return decodeIndex((await loadDocumentBytes(place, 'index', id, signal)).toString('utf8'), id)
}

export function decodeIndex(json: string, id: string): IndexFile {
  const what = `index ${id.slice(0, 8)}`
  const { packs, supersedes } = parse(schema, json, what, 'DAMAGE_INDEX')
  return {
    packs: packs.map((pack) => ({ id: pack.id, blobs: pack.blobs.map((blob) => decodeBlob(fieldsOf(blob, what))) })),
    supersedes: supersedes ?? [],
  }
}

export async function indexFileIds(place: DocumentPlace, signal?: AbortSignal): Promise<string[]> {
  const ids: string[] = []
  for await (const file of place.storage.list('index', signal)) ids.push(file.name.slice('index/'.length))
  return ids.filter(isHexId)
}

/** Each pack becomes bytes as it comes: a million blobs as objects, and their text, would be kept for long. */
function* documents(packs: Iterable<IndexedPack>): Iterable<Buffer> {
  let encoded: Buffer[] = []
  let blobs = 0
  for (const pack of packs) {
    if (encoded.length > 0 && blobs + pack.blobs.length > limits.indexBlobsMax) {
      yield documentOf(encoded)
      encoded = []
      blobs = 0
    }
    encoded.push(Buffer.from(`${encoded.length > 0 ? ',' : ''}{"id":"${pack.id}","blobs":[${pack.blobs.map(encodeBlob).join(',')}]}`))
    blobs += pack.blobs.length
  }
  if (encoded.length > 0) yield documentOf(encoded)
}

function documentOf(encoded: readonly Buffer[]): Buffer {
  const document = Buffer.concat([Buffer.from('{"packs":['), ...encoded, Buffer.from(']}')])
  for (const pack of encoded) freeAtOnce(pack)
  return document
}

function encodeBlob(blob: PackedBlob): string {
  const plain = blob.isCompressed ? `,"uncompressed_length":${blob.plainSizeBytes}` : ''
  return `{"id":"${blob.id}","type":"${blob.type}","offset":${blob.offset},"length":${blob.sizeBytes}${plain}}`
}

/** A blob as JSON has it. */
interface BlobFields {
  readonly id: BlobId
  readonly type: BlobType
  readonly offset: number
  readonly length: number
  readonly uncompressed_length?: number | undefined
}

const below4GiB = z.number().int().min(0).max(0xfffffffe)
const blobSchema: z.ZodType<BlobFields> = z.object({
  id: z.custom<BlobId>((value) => typeof value === 'string' && isHexId(value), 'no id of a blob'),
  type: z.enum(['data', 'tree']),
  offset: below4GiB,
  length: below4GiB.min(sealOverheadBytes),
  uncompressed_length: below4GiB.optional(),
})
const schema = z.object({
  supersedes: z.array(z.string()).nullish(),
  packs: z.array(
    z.object({
      id: z.custom<PackId>((value) => typeof value === 'string' && isHexId(value), 'no id of a pack'),
      blobs: z.array(z.unknown()),
    }),
  ),
})

/** There may be millions, and the schema takes longer than all the rest: it judges only what is not plainly right. */
function fieldsOf(blob: unknown, what: string): BlobFields {
  return isPlainBlob(blob) ? blob : parseValue(blobSchema, blob, what, 'DAMAGE_INDEX')
}

/** True only for what the schema accepts as well. */
function isPlainBlob(value: unknown): value is BlobFields {
  if (typeof value !== 'object' || value === null) return false
  const blob = value as Readonly<Record<string, unknown>>
  return (
    typeof blob.id === 'string' &&
    isHexId(blob.id) &&
    (blob.type === 'data' || blob.type === 'tree') &&
    isBelow4GiB(blob.offset) &&
    isBelow4GiB(blob.length) &&
    (blob.length as number) >= sealOverheadBytes &&
    (blob.uncompressed_length === undefined || isBelow4GiB(blob.uncompressed_length))
  )
}

const isBelow4GiB = (value: unknown) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xfffffffe

function decodeBlob(fields: BlobFields): PackedBlob {
  // restic leaves the length out, or at 0, for blobs that are not compressed.
  const isCompressed = (fields.uncompressed_length ?? 0) !== 0
  return {
    id: fields.id,
    type: fields.type,
    offset: fields.offset,
    sizeBytes: fields.length,
    plainSizeBytes: isCompressed ? fields.uncompressed_length! : fields.length - sealOverheadBytes,
    isCompressed,
  }
}

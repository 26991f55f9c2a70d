import { damagedArchive, refusedFormat, truncatedArchive } from './archive-fault.ts'
import type { ByteReader } from './byte-reader.ts'
import type { PaxRecords } from './pax-records.ts'
import { numberAt, type PlainHeader } from './tar-header.ts'
import { tarBlockBytes } from './tar-member.ts'

type Span = readonly [number, number]

export interface SparseMap {
  /** Bytes of the file, holes included. */
  readonly sizeBytes: number
  readonly spans: readonly Span[]
  /** Bytes of the map that stood before the data, within the member's size. */
  readonly mapBytes: number
}

/** The two ways in which GNU tar writes sparse files today; undefined for a file that is none. */
export async function readSparse(reader: ByteReader, header: PlainHeader, records: PaxRecords): Promise<SparseMap | undefined> {
  if (header.flag === 'S') return checked(await readOldSparse(reader, header), header)
  const major = records.get('GNU.sparse.major')
  if (major === undefined && records.get('GNU.sparse.size') === undefined && records.get('GNU.sparse.map') === undefined) return undefined
  if (major !== '1' || records.get('GNU.sparse.minor') !== '0') {
    throw refusedFormat('it has sparse files of a kind that is not read: make it with --sparse-version=1.0')
  }
  return checked(await readMap(reader, Number(records.get('GNU.sparse.realsize'))), header)
}

/** "Old GNU Format": four spans in the header, then blocks of 21. */
async function readOldSparse(reader: ByteReader, { block }: PlainHeader): Promise<SparseMap> {
  const spans = spansIn(block, 386, 4)
  for (let isMore = block[482] === 1; isMore;) {
    const more = await reader.read(tarBlockBytes)
    if (more.byteLength < tarBlockBytes) throw truncatedArchive('the map of a sparse file')
    spans.push(...spansIn(more, 0, 21))
    if (spans.length > spansMax) throw damagedArchive('the map of a sparse file has no end')
    isMore = more[504] === 1
  }
  return { sizeBytes: numberAt(block, 483, 12), spans, mapBytes: 0 }
}

function spansIn(block: Buffer, from: number, count: number): Span[] {
  const spans: Span[] = []
  for (let index = 0; index < count && block[from + index * 24] !== 0; index += 1) {
    spans.push([numberAt(block, from + index * 24, 12), numberAt(block, from + index * 24 + 12, 12)])
  }
  return spans
}

const spansMax = 1_000_000

/** "PAX Format, Version 1.0": decimal lines, padded to a block. */
async function readMap(reader: ByteReader, sizeBytes: number): Promise<SparseMap> {
  const numbers: number[] = []
  let mapBytes = 0
  let text = ''
  while (numbers.length === 0 || numbers.length < 1 + 2 * numbers[0]!) {
    const block = await reader.read(tarBlockBytes)
    if (block.byteLength < tarBlockBytes) throw truncatedArchive('the map of a sparse file')
    mapBytes += tarBlockBytes
    const lines = (text + block.toString('latin1')).split('\n')
    text = lines.pop()!
    for (const line of lines) {
      if (numbers.length > 0 && numbers.length === 1 + 2 * numbers[0]!) break
      if (!/^\d{1,16}$/.test(line)) throw damagedArchive('the map of a sparse file is not readable')
      numbers.push(Number(line))
    }
    if (numbers[0]! > spansMax) throw damagedArchive('the map of a sparse file has no end')
  }
  const spans: Span[] = []
  for (let index = 1; index < numbers.length; index += 2) spans.push([numbers[index]!, numbers[index + 1]!])
  return { sizeBytes, spans, mapBytes }
}

function checked(map: SparseMap, { storedBytes }: PlainHeader): SparseMap {
  let end = 0
  let dataBytes = 0
  for (const [offset, length] of map.spans) {
    if (offset < end) throw damagedArchive('the map of a sparse file goes back')
    end = offset + length
    dataBytes += length
  }
  if (!Number.isSafeInteger(map.sizeBytes) || end > map.sizeBytes) throw damagedArchive('the map of a sparse file goes beyond its end')
  if (dataBytes + map.mapBytes !== storedBytes) throw damagedArchive('the map of a sparse file does not fit its data')
  return map
}

import { createHash } from 'node:crypto'
import { limits } from '#base/limits.ts'
import { printBytesName } from '#engine/byte-string.ts'
import { damagedArchive, refusedFormat, truncatedArchive } from './archive-fault.ts'
import { ByteReader } from './byte-reader.ts'
import { decodePaxRecords } from './pax-records.ts'
import { blocksOf, isZero, parseHeader, type PlainHeader } from './tar-header.ts'
import { memberOf, type Extended } from './tar-extended.ts'
import { readSparse, type SparseMap } from './tar-sparse.ts'
import { tarBlockBytes, type TarMember } from './tar-member.ts'

export interface TarEntry extends TarMember {
  /** Logical bytes, zeros for holes. Once, and before the next entry is asked for; what is not read is skipped. */
  readonly content: () => AsyncIterable<Uint8Array>
  /** Bytes of the tar before this entry's first header. */
  readonly position: number
  /** SHA-256 of them in hex, when the reader was asked to hash. */
  readonly sha256Before: () => string
}

/**
 * Reads a tar of any make as a stream: v7, ustar, pax, GNU long names, base-256 numbers, sparse files of GNU tar. Nothing
 * in it is trusted: checksums, lengths and the end are looked at. Faults: ARCHIVE_FORMAT for what is no tar or is not
 * taken, DAMAGE_ARCHIVE for what ends too early or is altered.
 */
export async function* readTar(source: AsyncIterable<Uint8Array>, { isHashed = false } = {}): AsyncGenerator<TarEntry> {
  const tar = new TarReader(source, isHashed)
  try {
    for (let entry = await tar.next(); entry; entry = await tar.next()) yield entry
  } finally {
    await tar.end()
  }
}

class TarReader {
  readonly #reader: ByteReader
  readonly #hash = createHash('sha256')
  readonly #isHashed: boolean
  /** Bytes of the entry handed out last that are still to be passed over, padding included. */
  #left = 0
  #isFirst = true
  #globals = new Map<string, string>()

  constructor(source: AsyncIterable<Uint8Array>, isHashed: boolean) {
    this.#isHashed = isHashed
    this.#reader = new ByteReader(source, isHashed ? (bytes) => this.#hash.update(bytes) : undefined)
  }

  async next(): Promise<TarEntry | undefined> {
    await this.#skip(this.#left, 'a file')
    this.#left = 0
    const position = this.#reader.position
    const before = this.#isHashed ? this.#hash.copy() : undefined
    const extended: Extended = { records: new Map(this.#globals), longName: undefined, longLink: undefined }
    for (let count = 0; ; count += 1) {
      const header = await this.#header()
      if (!header) {
        if (count > 0) throw truncatedArchive('an extended header')
        return await this.#over()
      }
      if (await this.#takeExtended(header, extended)) continue
      const sized = withSize(header, extended)
      const sparse = await readSparse(this.#reader, sized, extended.records)
      const member = memberOf(sized, extended, sparse)
      this.#left = blocksOf(sized.storedBytes) - (sparse?.mapBytes ?? 0)
      return { ...member, position, content: () => this.#content(member, sized, sparse), sha256Before: () => before?.digest('hex') ?? '' }
    }
  }

  async end(): Promise<void> {
    await this.#reader.end()
  }

  async #header(): Promise<PlainHeader | undefined> {
    const block = await this.#reader.read(tarBlockBytes)
    if (block.byteLength < tarBlockBytes) {
      if (this.#isFirst) throw refusedFormat('the file is no tar')
      throw block.byteLength === 0 ? damagedArchive('the tar has no end: it was cut off') : truncatedArchive('a header')
    }
    if (isZero(block)) return undefined
    const header = parseHeader(block, this.#isFirst)
    this.#isFirst = false
    return header
  }

  /** After the first block of zeros there is nothing but zeros. */
  async #over(): Promise<undefined> {
    if (this.#isFirst) throw refusedFormat('the tar is empty')
    for await (const bytes of this.#reader.flow(Number.MAX_SAFE_INTEGER)) {
      if (!isZero(bytes)) throw refusedFormat('there is more after the end of the tar')
    }
    return undefined
  }

  /** True for a header that only says something about the next one. */
  async #takeExtended(header: PlainHeader, extended: Extended): Promise<boolean> {
    if (!'xgLK'.includes(header.flag)) return false
    if (header.storedBytes > limits.archiveHeaderBytesMax) throw damagedArchive(`an extended header has ${header.storedBytes} bytes`)
    const bytes = await this.#reader.read(header.storedBytes)
    if (bytes.byteLength < header.storedBytes) throw truncatedArchive('an extended header')
    await this.#skip(blocksOf(header.storedBytes) - header.storedBytes, 'an extended header')
    if (header.flag === 'L') extended.longName = untilZero(bytes)
    else if (header.flag === 'K') extended.longLink = untilZero(bytes)
    else {
      const records = decodePaxRecords(bytes)
      for (const [keyword, value] of records) {
        extended.records.set(keyword, value)
        if (header.flag === 'g') this.#globals.set(keyword, value)
      }
    }
    return true
  }

  async *#content(member: TarMember, { storedBytes }: PlainHeader, sparse: SparseMap | undefined): AsyncGenerator<Uint8Array> {
    if (member.type !== 'file') return
    if (!sparse) return yield* this.#data(storedBytes, member)
    let at = 0
    for (const [offset, length] of sparse.spans) {
      yield* zeros(offset - at)
      yield* this.#data(length, member)
      at = offset + length
    }
    yield* zeros(sparse.sizeBytes - at)
  }

  async *#data(bytes: number, member: TarMember): AsyncGenerator<Uint8Array> {
    let missing = bytes
    for await (const part of this.#reader.flow(bytes)) {
      missing -= part.byteLength
      this.#left -= part.byteLength
      yield part
    }
    if (missing > 0) throw truncatedArchive(printBytesName(member.path))
  }

  async #skip(bytes: number, what: string): Promise<void> {
    let missing = bytes
    for await (const part of this.#reader.flow(bytes)) missing -= part.byteLength
    if (missing > 0) throw truncatedArchive(what)
  }
}

function untilZero(bytes: Buffer): string {
  const end = bytes.indexOf(0)
  return bytes.toString('latin1', 0, end < 0 ? bytes.byteLength : end)
}

function withSize(header: PlainHeader, { records }: Extended): PlainHeader {
  const told = records.get('size')
  if (told === undefined) return hasContent(header.flag) ? header : { ...header, storedBytes: 0 }
  if (!/^\d{1,15}$/.test(told)) throw damagedArchive('an extended header has a size that is none')
  return { ...header, storedBytes: hasContent(header.flag) ? Number(told) : 0 }
}

/** tar(5): links, devices and directories have no content, whatever their size says. */
function hasContent(flag: string): boolean {
  return !'123456'.includes(flag)
}

const zeroBytes = new Uint8Array(limits.streamBufferBytes)

function* zeros(length: number): Generator<Uint8Array> {
  for (let left = length; left > 0; left -= zeroBytes.byteLength) yield zeroBytes.subarray(0, Math.min(left, zeroBytes.byteLength))
}

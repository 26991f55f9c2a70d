import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { errnoOf } from '#base/fault.ts'
import type { BlobId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import { makeDirectoryDurably, replaceDurably } from '#host/durable.ts'
import type { ByteString } from '#engine/byte-string.ts'
import { cacheKeyOf } from '#engine/repository/cache-key.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { seal, unseal } from '#engine/repository/seal.ts'
import type { KnownFolder } from '#engine/sources/known-folder.ts'

export interface CachePlace {
  /** Directory of all of them. */
  readonly directory: string
  readonly repository: Repository
  readonly system: string
  readonly source: string
}

/**
 * What the last backup of a source on this machine knows of its folders; `undefined` when nothing is kept, or nothing that can
 * be believed: then everything is gone through, and no backup is another for it. Errors are Node's, with `code`.
 */
export async function readFilesCache(place: CachePlace): Promise<KnownFolder | undefined> {
  const file = fileOf(place)
  try {
    if ((await stat(file)).size > limits.filesCacheBytesMax * 2) return undefined
    const plain = unseal(cacheKeyOf(place.repository), await readFile(file))
    return plain && rootIn(plain)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Replaces it as a whole. */
export async function writeFilesCache(place: CachePlace, root: KnownFolder): Promise<void> {
  const file = fileOf(place)
  await makeDirectoryDurably(path.dirname(file), 0o700)
  await replaceDurably(file, [seal(cacheKeyOf(place.repository), encodeRoot(root))], 0o600)
}

function fileOf({ directory, repository, system, source }: CachePlace): string {
  const name = createHash('sha256').update(`${repository.id} ${system} ${source}`).digest('hex')
  return path.join(directory, 'files', name)
}

/**
 * The file, once unsealed: `beginning`; a record for each folder, those in it before it; where the root's begins. A record is
 * 32 bytes of tree, 32 of digest or zeros, a double of bytes, and in 4 bytes each: files, symlinks, blobs, folders; then the ids of
 * the blobs, and for each folder 2 bytes of its name's length, the name, and a double of where its record begins. Little-endian.
 */
const beginning = Buffer.from('integrum files cache 1\n', 'latin1')
const idBytes = 32
const numbersAt = 2 * idBytes
const numbersBytes = 24
const none = Buffer.alloc(idBytes)

export function encodeRoot(root: KnownFolder): Buffer {
  const parts: Uint8Array[] = [beginning]
  let at = beginning.byteLength
  const add = (part: Uint8Array): void => {
    parts.push(part)
    at += part.byteLength
  }
  // Directories may lie deeper in each other than calls can.
  const around: Encoding[] = []
  let current = encodingOf(root)
  for (;;) {
    const next = current.left.next()
    if (!next.done) {
      around.push(current)
      current = encodingOf(next.value[1], next.value[0])
      continue
    }
    const begins = at
    addRecord(current, add)
    const outer = around.pop()
    if (!outer) {
      add(doubleOf(begins))
      return Buffer.concat(parts)
    }
    outer.inner.push(Buffer.concat([lengthOf(current.name), Buffer.from(current.name, 'latin1'), doubleOf(begins)]))
    current = outer
  }
}

interface Encoding {
  readonly folder: KnownFolder
  readonly name: string
  /** Folders in it without a record yet, and what its own says of the others. */
  readonly left: Iterator<readonly [ByteString, KnownFolder]>
  readonly inner: Buffer[]
}

function encodingOf(folder: KnownFolder, name = ''): Encoding {
  return { folder, name, left: folder.folders[Symbol.iterator](), inner: [] }
}

function addRecord({ folder, inner }: Encoding, add: (part: Uint8Array) => void): void {
  add(Buffer.from(folder.subtree, 'hex'))
  add(folder.digest ?? none)
  add(numbersOf(folder, inner.length))
  add(folder.content)
  inner.forEach(add)
}

function numbersOf({ files, symlinks, bytes, content }: KnownFolder, folders: number): Buffer {
  const numbers = Buffer.alloc(numbersBytes)
  numbers.writeDoubleLE(bytes)
  numbers.writeUInt32LE(files, 8)
  numbers.writeUInt32LE(symlinks, 12)
  numbers.writeUInt32LE(content.byteLength / idBytes, 16)
  numbers.writeUInt32LE(folders, 20)
  return numbers
}

function lengthOf(name: string): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16LE(name.length)
  return length
}

function doubleOf(number: number): Buffer {
  const double = Buffer.alloc(8)
  double.writeDoubleLE(number)
  return double
}

/** Sealed by us, so it is what `encodeRoot` made; of another version of it nothing is read. */
function rootIn(plain: Buffer): KnownFolder | undefined {
  if (!plain.subarray(0, beginning.byteLength).equals(beginning)) return undefined
  return new CachedFolder(plain, plain.readDoubleLE(plain.byteLength - 8))
}

/** Read as far as it is asked for. */
class CachedFolder implements KnownFolder {
  readonly files: number
  readonly symlinks: number
  readonly bytes: number
  readonly digest: Uint8Array | undefined
  readonly content: Uint8Array
  readonly #plain: Buffer
  readonly #begins: number
  #folders: Map<ByteString, CachedFolder> | undefined

  constructor(plain: Buffer, begins: number) {
    const numbers = begins + numbersAt
    this.#plain = plain
    this.#begins = begins
    this.bytes = plain.readDoubleLE(numbers)
    this.files = plain.readUInt32LE(numbers + 8)
    this.symlinks = plain.readUInt32LE(numbers + 12)
    const digest = plain.subarray(begins + idBytes, numbers)
    this.digest = digest.equals(none) ? undefined : digest
    const content = numbers + numbersBytes
    this.content = plain.subarray(content, content + plain.readUInt32LE(numbers + 16) * idBytes)
  }

  get subtree(): BlobId {
    return this.#plain.toString('hex', this.#begins, this.#begins + idBytes) as BlobId
  }

  get folders(): Iterable<readonly [ByteString, CachedFolder]> {
    return (this.#folders ??= this.#readFolders())
  }

  folder(name: ByteString): CachedFolder | undefined {
    return (this.#folders ??= this.#readFolders()).get(name)
  }

  #readFolders(): Map<ByteString, CachedFolder> {
    const plain = this.#plain
    const folders = new Map<ByteString, CachedFolder>()
    const numbers = this.#begins + numbersAt
    const count = plain.readUInt32LE(numbers + 20)
    let at = numbers + numbersBytes + this.content.byteLength
    for (let read = 0; read < count; read += 1) {
      const end = at + 2 + plain.readUInt16LE(at)
      folders.set(plain.toString('latin1', at + 2, end) as ByteString, new CachedFolder(plain, plain.readDoubleLE(end)))
      at = end + 8
    }
    return folders
  }
}

import { createHash } from 'node:crypto'
import { strict as assert } from 'node:assert'
import { existsSync } from 'node:fs'
import { open, readdir, stat, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { throwIfCancelled } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { printBytes } from '#base/units.ts'
import { hostFault } from '#host/durable.ts'
import { ageMagic, decryptAge, type Passphrase } from './age.ts'
import { damagedArchive, refusedFormat } from './archive-fault.ts'
import { ByteReader } from './byte-reader.ts'
import { decompressed, type Compression } from './compression.ts'
import { parseHeader } from './tar-header.ts'

/** What the bytes within encryption and compression are. */
export type ArchiveKind = 'tar' | 'custom dump' | 'directory dump' | 'text'

export interface ArchiveFile extends AsyncDisposable {
  readonly place: string
  /** Without its folder. */
  readonly name: string
  readonly sizeBytes: number
  readonly isEncrypted: boolean
  readonly compression: Compression['kind']
  readonly kind: ArchiveKind
  /** What is within, from its beginning, each time. `onRead` gets the bytes of the file as they are read. */
  bytes(signal: AbortSignal, onRead?: (bytes: Uint8Array) => void): AsyncGenerator<Uint8Array>
  /** DAMAGE_ARCHIVE when the file is not what it was when it was opened. */
  confirmUnchanged(): Promise<void>
}

/** Opens a file and looks at its first bytes. Faults: ARCHIVE_FORMAT, ARCHIVE_PASSPHRASE. */
export async function openArchiveFile(place: string, passphrase: Passphrase | undefined, signal: AbortSignal): Promise<ArchiveFile> {
  await using scope = new AsyncDisposableStack()
  const handle = scope.use(await openFile(place))
  const found = await handle.stat({ bigint: true })
  if (found.isDirectory() && existsSync(path.join(place, 'toc.dat'))) return directoryDump(place)
  if (!found.isFile()) throw refusedFormat(`${place} is no file`)
  const raw = (inner: AbortSignal, onRead?: (bytes: Uint8Array) => void) => readFrom(handle, inner, onRead)
  const isEncrypted = (await firstOf(raw(signal))).toString('latin1').startsWith(ageMagic)
  if (isEncrypted && !passphrase) throw new Fault('ARCHIVE_PASSPHRASE', `${place} is encrypted, and no passphrase is given`)
  const decrypted = (source: AsyncIterable<Uint8Array>) => (isEncrypted ? decryptAge(source, passphrase!) : source)
  const compression = compressionOf(await firstOf(decrypted(raw(signal))))
  const bytes = (inner: AbortSignal, onRead?: (bytes: Uint8Array) => void) => {
    const counted = { read: 0 }
    const source = raw(inner, (part) => {
      counted.read += part.byteLength
      onRead?.(part)
    })
    return bounded(decompressed(decrypted(source), compression), counted)
  }
  const kind = kindOf(await firstOf(bytes(signal)), place)
  const kept = scope.move()
  return {
    place: path.resolve(place),
    name: path.basename(place),
    sizeBytes: Number(found.size),
    isEncrypted,
    compression,
    kind,
    bytes,
    confirmUnchanged: async () => {
      const now = await handle.stat({ bigint: true })
      if (now.size !== found.size || now.mtimeNs !== found.mtimeNs || now.ctimeNs !== found.ctimeNs)
        throw damagedArchive(`${place} was changed while it was read`)
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/** `pg_dump --format=directory`: its files are read by name, not as one. */
async function directoryDump(place: string): Promise<ArchiveFile> {
  let sizeBytes = 0
  for (const name of await readdir(place)) sizeBytes += (await stat(path.join(place, name))).size
  return {
    place: path.resolve(place),
    name: path.basename(path.resolve(place)),
    sizeBytes,
    isEncrypted: false,
    compression: 'none',
    kind: 'directory dump',
    bytes: () => assert.fail('a directory is not read as one file'),
    confirmUnchanged: async () => {},
    [Symbol.asyncDispose]: async () => {},
  }
}

/** SHA-256 of a file, fed with what `bytes` reads of it. */
export function fileHash(onBytes: (bytes: number) => void): { readonly onRead: (bytes: Uint8Array) => void; digest(): string } {
  const hash = createHash('sha256')
  return {
    onRead: (bytes) => {
      hash.update(bytes)
      onBytes(bytes.byteLength)
    },
    digest: () => hash.digest('hex'),
  }
}

async function openFile(place: string): Promise<FileHandle> {
  try {
    return await open(place, 'r')
  } catch (error) {
    throw hostFault(error, `cannot open ${place}`)
  }
}

async function* readFrom(handle: FileHandle, signal: AbortSignal, onRead?: (bytes: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  for (let position = 0; ;) {
    throwIfCancelled(signal)
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(limits.streamBufferBytes), 0, limits.streamBufferBytes, position)
    if (bytesRead === 0) return
    position += bytesRead
    const bytes = buffer.subarray(0, bytesRead)
    onRead?.(bytes)
    yield bytes
  }
}

const firstBytes = 512

async function firstOf(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const reader = new ByteReader(source)
  try {
    return await reader.read(firstBytes)
  } finally {
    await reader.end()
  }
}

/** A little file that becomes endless: known when the bytes out are out of all proportion to the bytes in. */
async function* bounded(source: AsyncIterable<Uint8Array>, counted: { readonly read: number }): AsyncGenerator<Uint8Array> {
  let written = 0
  for await (const bytes of source) {
    written += bytes.byteLength
    if (written > limits.archiveRatioFromBytes && written > counted.read * limits.archiveRatioMax) {
      const fact = `${printBytes(counted.read)} became ${printBytes(written)}, more than ${limits.archiveRatioMax} times as much`
      throw new Fault('ARCHIVE_LIMIT', fact)
    }
    yield bytes
  }
}

function compressionOf(first: Buffer): Compression['kind'] {
  if (first.length >= 2 && first[0] === 0x1f && first[1] === 0x8b) return 'gzip'
  if (first.length >= 4 && first.readUInt32LE() === 0xfd2f_b528) return 'zstd'
  return 'none'
}

const otherFormats: readonly [string, string][] = [
  ['\xfd7zXZ\0', 'xz'],
  ['BZh', 'bzip2'],
  ['\x04\x22\x4d\x18', 'lz4'],
  ['PK\x03\x04', 'zip'],
  ['7z\xbc\xaf', '7z'],
  ['Rar!', 'rar'],
  ['-----BEGIN AGE ENCRYPTED FILE-----', 'an armored age file'],
  [ageMagic, 'a second encryption'],
  ['\x1f\x8b', 'a second compression'],
  ['\x28\xb5\x2f\xfd', 'a second compression'],
]

function kindOf(first: Buffer, place: string): ArchiveKind {
  const text = first.toString('latin1')
  const other = otherFormats.find(([magic]) => text.startsWith(magic))
  if (other) throw refusedFormat(`${place} is ${other[1]}, which is not taken`)
  if (text.startsWith('PGDMP')) return 'custom dump'
  if (first.length === firstBytes && isTar(first)) return 'tar'
  if (first.length === 0 || text.includes('\0')) throw refusedFormat(`${place} is neither a tar nor a dump of pg_dump`)
  return 'text'
}

function isTar(block: Buffer): boolean {
  if (block.toString('latin1', 257, 262) === 'ustar') return true
  try {
    parseHeader(block, true)
    return true
  } catch {
    // The checksum says so: whatever it is, it is no tar.
    return false
  }
}

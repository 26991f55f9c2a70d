import { createHash } from 'node:crypto'
import { printBytesName, byteStringOf, type ByteString } from '#engine/byte-string.ts'
import { manifestChecksum, parseManifest, type Manifest } from '#engine/backup/manifest.ts'
import { endName, headName, manifestName, parseEnd, parseHead, readmeName, type ArchiveHead } from './archive-document.ts'
import { damagedArchive } from './archive-fault.ts'
import { Fault } from '#base/fault.ts'
import { checksumListName, type ChecksumList } from './checksum-list.ts'
import { CheckedTables } from './checked-tables.ts'
import type { Framed } from './framed.ts'
import { LinkTargets } from './link-targets.ts'
import type { TarEntry } from './tar-reader.ts'

export interface CheckedArchive {
  readonly head: ArchiveHead
  readonly manifest: Manifest
  readonly manifestBytes: Buffer
  readonly links: LinkTargets
}

const documentBytesMax = 256 * 1024 * 1024

/**
 * Reads a portable archive from its first byte to its last and compares it with what it says of itself: every file with
 * its checksum, every table with its rows and hash, the tar with its length and SHA-256. Nothing is stored meanwhile.
 */
export class ArchiveCheck {
  readonly #checksums: ChecksumList
  readonly #onHead: (head: ArchiveHead) => Promise<void>
  readonly #links = new LinkTargets()
  #head: ArchiveHead | undefined
  #manifest: { readonly bytes: Buffer; readonly parsed: Manifest } | undefined
  #tables: CheckedTables | undefined
  #members = 0
  #hasList = false
  #isOver = false

  constructor(checksums: ChecksumList, onHead: (head: ArchiveHead) => Promise<void>) {
    this.#checksums = checksums
    this.#onHead = onHead
  }

  async take(framed: Framed): Promise<void> {
    if (framed.kind === 'enter') return this.#requireFolder(framed.path)
    if (framed.kind === 'leave') return this.#leave(framed)
    const { member, path } = framed
    this.#members += 1
    if (this.#isOver) throw damagedArchive(`${printBytesName(path)} comes after the end of the archive`)
    if (this.#members === 1) return await this.#takeHead(framed)
    if (path === endName) return await this.#takeEnd(member)
    if (this.#hasList) throw damagedArchive(`${printBytesName(path)} comes after the list of checksums`)
    if (path === checksumListName) return await this.#takeList(member)
    if (path === manifestName) return await this.#takeManifest(member)
    if (path === readmeName) return void (await this.#hashed(path, member))
    this.#requirePlace(framed)
    if (member.type === 'link') this.#links.add(path, member)
    if (member.type === 'file') await this.#takeFile(path, member)
  }

  end(): CheckedArchive {
    if (!this.#isOver) throw damagedArchive(`the archive has no ${endName}: it was cut off`)
    return { head: this.#head!, manifest: this.#manifest!.parsed, manifestBytes: this.#manifest!.bytes, links: this.#links }
  }

  #leave({ member }: Framed & { kind: 'leave' }): void {
    if (member) this.#members += 1
  }

  async #takeHead({ path, member }: Framed & { kind: 'member' }): Promise<void> {
    if (path !== headName) throw damagedArchive(`the archive begins with ${printBytesName(path)}, not with ${headName}`)
    this.#head = parseHead(await this.#document(path, member))
    await this.#onHead(this.#head)
  }

  async #takeManifest(member: TarEntry): Promise<void> {
    const bytes = await this.#document(byteStringOf(manifestName), member)
    if (manifestChecksum(bytes) !== this.#head?.manifestSha256) throw damagedArchive('the manifest is not the one that the archive names')
    const parsed = parseManifest(bytes)
    if (parsed.backup !== this.#head.backup)
      throw damagedArchive(`the manifest is of backup ${parsed.backup}, the archive of ${this.#head.backup}`)
    this.#manifest = { bytes, parsed }
    this.#tables = new CheckedTables(parsed)
  }

  /** Only databases and roots of the manifest. */
  #requireFolder(path: ByteString): void {
    const [place, name] = path.split('/')
    const sections = place === 'database' ? this.#manifest?.parsed.databases : place === 'files' ? this.#manifest?.parsed.roots : undefined
    const isKnown = name === undefined ? sections !== undefined : sections?.some((section) => byteStringOf(section.name) === name)
    if (!isKnown) throw unnamed(path)
  }

  /** A file stands in a folder, which was looked at, and in a database nothing but files. */
  #requirePlace({ path, member }: Framed & { kind: 'member' }): void {
    const [place] = path.split('/')
    if (!path.includes('/')) throw unnamed(path)
    if (place === 'database' && member.type !== 'file') {
      throw new Fault('ARCHIVE_UNSAFE', `${printBytesName(path)} is no plain file, and a database has nothing else`, { type: member.type })
    }
  }

  async #takeFile(path: ByteString, member: TarEntry): Promise<void> {
    const table = this.#tables?.segmentAt(path)
    const sha256 = await this.#hashed(path, member, (bytes) => table?.update(bytes))
    this.#tables?.file(path, sha256)
  }

  async #hashed(path: ByteString, member: TarEntry, onBytes?: (bytes: Uint8Array) => void): Promise<string> {
    const hash = createHash('sha256')
    for await (const bytes of member.content()) {
      hash.update(bytes)
      onBytes?.(bytes)
    }
    const sha256 = hash.digest('hex')
    await this.#checksums.add(path, sha256)
    return sha256
  }

  async #document(path: ByteString | typeof headName, member: TarEntry): Promise<Buffer> {
    if (member.sizeBytes > documentBytesMax) throw damagedArchive(`${path} has ${member.sizeBytes} bytes`)
    const parts: Buffer[] = []
    await this.#hashed(path as ByteString, member, (bytes) => parts.push(Buffer.from(bytes)))
    return Buffer.concat(parts)
  }

  /** Line by line what was found on the way, in the same order. */
  async #takeList(member: TarEntry): Promise<void> {
    if (!this.#manifest) throw damagedArchive('the archive has no manifest')
    this.#tables?.end()
    const [told, found] = [lines(member.content()), lines(this.#checksums.read())]
    for (;;) {
      const [one, other] = [await told.next(), await found.next()]
      if (one.done && other.done) break
      if (one.value === other.value) continue
      if (other.done) throw damagedArchive(`${nameIn(one.value!)} is in the list of checksums and not in the archive`)
      if (one.done || nameIn(one.value) !== nameIn(other.value))
        throw damagedArchive(`${nameIn(other.value)} is not where the list of checksums has it, or missing from it`)
      throw damagedArchive(`${nameIn(other.value)} is not what its checksum says`)
    }
    this.#hasList = true
  }

  async #takeEnd(member: TarEntry): Promise<void> {
    if (!this.#hasList) throw damagedArchive('the archive has no list of checksums')
    const parts: Buffer[] = []
    for await (const bytes of member.content()) parts.push(Buffer.from(bytes))
    const end = parseEnd(Buffer.concat(parts))
    if (end.bytes !== member.position || end.sha256 !== member.sha256Before()) {
      throw damagedArchive(`the tar is not the one that was written: its first ${end.bytes} bytes have another SHA-256`)
    }
    this.#isOver = true
  }
}

function unnamed(path: ByteString): Fault {
  return damagedArchive(`the archive holds ${printBytesName(path)}, which its manifest does not name`)
}

function nameIn(line: string): string {
  return printBytesName(line.slice(line.startsWith('\\') ? 67 : 66) as ByteString)
}

async function* lines(source: AsyncIterable<Uint8Array>): AsyncGenerator<string, undefined> {
  let rest = ''
  for await (const bytes of source) {
    const all = (rest + Buffer.from(bytes).toString('latin1')).split('\n')
    rest = all.pop()!
    yield* all
  }
  if (rest !== '') yield rest
  return undefined
}

import { createHash } from 'node:crypto'
import { throwIfCancelled } from '#base/clock.ts'
import { Fault, isFault } from '#base/fault.ts'
import type { FaultCode } from '#base/fault-codes.ts'
import { printBytesName } from '#engine/byte-string.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { createRowHash } from '#engine/sources/postgres/row-hash.ts'
import type { DatabaseSection, TableSection } from '#engine/sources/postgres/database-section.ts'
import type { RootSection } from '#engine/sources/files/root-section.ts'
import type { StoredFileContent, StoredSource } from '#engine/sources/source.ts'
import { BackupMeter } from './backup-meter.ts'
import type { OpenedBackup } from './backups.ts'
import type { Instruments } from './order.ts'
import { storedSource } from './stored-source.ts'

export interface Finding {
  readonly code: FaultCode
  readonly source: string
  /** Table or path. */
  readonly what: string
  readonly fact: string
}

export interface BackupVerification {
  readonly isIntact: boolean
  readonly tables: number
  readonly rows: number
  readonly files: number
  readonly bytes: number
  readonly findings: readonly Finding[]
}

export interface VerifyOptions {
  /** Structure only: every piece is known to the index, nothing is read. */
  readonly isQuick: boolean
}

/**
 * Reads a backup as a restore would and compares it with its own manifest: every byte against the hash of its piece,
 * every row against the table's count and content hash, every segment against SHA256SUMS, every root against its counts.
 * Damage is collected, so that one wrong file does not hide the others.
 */
export async function verifyBackup(
  repository: Repository,
  opened: OpenedBackup,
  options: VerifyOptions & { readonly instruments: Instruments },
  signal: AbortSignal,
): Promise<BackupVerification> {
  const verifier = new Verifier(options.isQuick, new BackupMeter(options.instruments), signal)
  await repository.reading(async () => {
    for (const section of opened.manifest.databases) {
      const stored = await verifier.collect(section.name, 'its folder', () =>
        storedSource(repository, opened.backup, opened.folderOf('database', section.name), signal),
      )
      if (stored) await verifier.database(section, stored)
    }
    for (const section of opened.manifest.roots) {
      const stored = await verifier.collect(section.name, 'its folder', () =>
        storedSource(repository, opened.backup, opened.folderOf('files', section.name), signal),
      )
      if (stored) await verifier.root(section, stored)
    }
  }, signal)
  return verifier.end()
}

class Verifier {
  readonly #isQuick: boolean
  readonly #meter: BackupMeter
  readonly #signal: AbortSignal
  readonly #findings: Finding[] = []
  #tables = 0
  #rows = 0
  #files = 0
  #bytes = 0

  constructor(isQuick: boolean, meter: BackupMeter, signal: AbortSignal) {
    this.#isQuick = isQuick
    this.#meter = meter
    this.#signal = signal
  }

  end(): BackupVerification {
    return {
      isIntact: this.#findings.length === 0,
      tables: this.#tables,
      rows: this.#rows,
      files: this.#files,
      bytes: this.#bytes,
      findings: this.#findings,
    }
  }

  /** Wrong bytes and missing pieces become findings; anything else, such as an unreachable storage, is thrown. */
  async collect<T>(source: string, what: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      throwIfCancelled(this.#signal)
      if (!isFault(error) || !(error.isDamage || error.code === 'FILE_NOT_IN_BACKUP' || error.code === 'STORAGE_NOT_FOUND')) throw error
      this.#findings.push({ code: error.code, source, what, fact: error.message })
      return undefined
    }
  }

  async database(section: DatabaseSection, stored: StoredSource): Promise<void> {
    const sums = await this.collect(section.name, 'SHA256SUMS', async () => await this.#checksums(section, stored))
    for (const table of section.tables) {
      await this.collect(section.name, `${table.schema}.${table.table}`, () => this.#table(table, { section, stored, sums }))
    }
    for (const name of ['globals.sql', 'rest.dump', 'restore.sh', 'schema.sql']) {
      await this.collect(section.name, name, async () => await this.#read(await stored.file(name, this.#signal)))
    }
  }

  async root(section: RootSection, stored: StoredSource): Promise<void> {
    const seen = { files: 0, bytes: 0 }
    const path: string[] = []
    await this.collect(section.name, 'its listing', async () => {
      for await (const entry of stored.walk(this.#signal)) {
        if (entry.kind === 'enter') path.push(printBytesName(entry.node.name))
        else if (entry.kind === 'leave') path.pop()
        else if (entry.kind === 'file') {
          seen.files += 1
          seen.bytes += entry.node.sizeBytes
          await this.collect(section.name, [...path, printBytesName(entry.node.name)].join('/'), () => this.#read(entry.content))
        }
      }
      if (seen.files !== section.files || seen.bytes !== section.bytes) {
        throw new Fault(
          'DAMAGE_MANIFEST',
          `the backup holds ${seen.files} files with ${seen.bytes} bytes, its manifest says ${section.files} with ${section.bytes}`,
        )
      }
    })
    this.#files += seen.files
  }

  async #checksums(section: DatabaseSection, stored: StoredSource): Promise<Map<string, string>> {
    const content = await stored.file('SHA256SUMS', this.#signal)
    const parts: Uint8Array[] = []
    for await (const part of content.lend(this.#signal)) parts.push(Buffer.from(part))
    const bytes = Buffer.concat(parts)
    const found = createHash('sha256').update(bytes).digest('hex')
    if (found !== section.segmentsSha256) throw new Fault('DAMAGE_MANIFEST', `SHA256SUMS is not the one that the manifest names`, { found })
    const lines = bytes
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
    return new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]))
  }

  async #table(
    table: TableSection,
    { section, stored, sums }: { section: DatabaseSection; stored: StoredSource; sums: Map<string, string> | undefined },
  ): Promise<void> {
    const hash = createRowHash(Buffer.from(section.hashKey, 'hex'))
    for (let segment = 0; segment < table.segments; segment += 1) {
      const path = `${table.path}/${String(segment).padStart(6, '0')}.copy`
      const content = await stored.file(path, this.#signal)
      if (this.#isQuick) {
        this.#known(content)
        continue
      }
      const sha256 = createHash('sha256')
      for await (const part of content.lend(this.#signal)) {
        hash.update(part)
        sha256.update(part)
        this.#count(part.byteLength)
      }
      const expected = sums?.get(path)
      if (sums && expected !== sha256.digest('hex'))
        throw new Fault('DAMAGE_MANIFEST', `segment ${path} is not what SHA256SUMS says`, { path })
    }
    this.#tables += 1
    this.#rows += table.hash.rows
    if (this.#isQuick) return
    const found = hash.digest()
    if (found.rows !== table.hash.rows || found.sum !== table.hash.sum) {
      throw new Fault(
        'DAMAGE_MANIFEST',
        `it holds ${found.rows} rows with hash ${found.sum}, its manifest says ${table.hash.rows} with ${table.hash.sum}`,
      )
    }
  }

  async #read(content: StoredFileContent): Promise<void> {
    if (this.#isQuick) return this.#known(content)
    let bytes = 0
    for await (const part of content.lend(this.#signal)) {
      bytes += part.byteLength
      this.#count(part.byteLength)
    }
    if (bytes !== content.sizeBytes) throw new Fault('DAMAGE_TREE', `it holds ${bytes} bytes, its listing says ${content.sizeBytes}`)
    this.#meter.file()
  }

  /** Asking for the pieces makes the index answer for each of them. */
  #known(content: StoredFileContent): void {
    const bytes = content.pieces.reduce((sum, piece) => sum + piece.sizeBytes, 0)
    if (bytes !== content.sizeBytes) throw new Fault('DAMAGE_INDEX', `the index knows ${bytes} of its ${content.sizeBytes} bytes`)
  }

  #count(bytes: number): void {
    this.#bytes += bytes
    this.#meter.bytes(bytes)
  }
}

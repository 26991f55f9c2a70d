import { hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Fault } from '#base/fault.ts'
import type { FileReference } from '#base/settings.ts'
import { byteString, printBytesName, type ByteString } from '#engine/byte-string.ts'
import { namedPath } from '#engine/named-path.ts'
import { CopyField, unescapeField } from '#engine/sources/postgres/copy-fields.ts'
import type { DatabaseTarget } from '#engine/sources/postgres/target.ts'
import type { Entry, Gap } from '#engine/sources/source.ts'
import type { Manifest } from './manifest.ts'

interface Watched {
  readonly reference: FileReference
  /** Folder of the table's segments in the database's folder. */
  readonly folder: string
  readonly column: number
  readonly spool: Spool
  readonly spoolFile: string
}

/** Segments of one table stream side by side; their lines are appended one piece after the other. */
class Spool {
  readonly #file: FileHandle
  #tail: Promise<void> = Promise.resolve()

  constructor(file: FileHandle) {
    this.#file = file
  }

  append(bytes: Buffer): Promise<void> {
    this.#tail = this.#tail.then(() => this.#file.appendFile(bytes))
    return this.#tail
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

/**
 * FEATURES S5: each file that a captured row names is in the same backup, or is listed. The values are taken out of the
 * very bytes that are stored, and spooled, since rows stream before the last file is known.
 */
export class ReferenceCheck implements AsyncDisposable {
  readonly #watched: readonly Watched[]
  readonly #directory: string | undefined
  /** By 52 bits of SHA-256: a few bytes a file, however long its path. */
  readonly #files = new Map<string, Set<number>>()

  private constructor(watched: readonly Watched[], directory: string | undefined) {
    this.#watched = watched
    this.#directory = directory
    for (const { reference } of watched) this.#files.set(reference.root, new Set())
  }

  /** INPUT_INVALID when the settings name a table or column that the database does not have. */
  static async begin(
    references: readonly FileReference[],
    databases: readonly { readonly name: string; readonly target: DatabaseTarget }[],
    signal: AbortSignal,
  ): Promise<ReferenceCheck> {
    const asked = references.filter(({ database }) => databases.some(({ name }) => name === database))
    if (asked.length === 0) return new ReferenceCheck([], undefined)
    // Only here, since a backup of files alone loads nothing of PostgreSQL.
    const { listCopyColumns } = await import('#engine/sources/postgres/copy-columns.ts')
    const { tablePath } = await import('#engine/sources/postgres/segments.ts')
    const directory = await mkdtemp(path.join(tmpdir(), 'integrum-references-'))
    const watched: Watched[] = []
    for (const [index, reference] of asked.entries()) {
      const { target } = databases.find(({ name }) => name === reference.database)!
      const columns = await listCopyColumns(target, reference.schema, reference.table, signal)
      const column = columns.indexOf(reference.column)
      if (column < 0) {
        throw new Fault('INPUT_INVALID', `fileReferences: ${reference.schema}.${reference.table} has no column ${reference.column}`, {
          field: 'fileReferences',
        })
      }
      const spoolFile = path.join(directory, String(index))
      const spool = new Spool(await open(spoolFile, 'wx', 0o600))
      watched.push({ reference, folder: tablePath({ schema: reference.schema, name: reference.table }), column, spool, spoolFile })
    }
    return new ReferenceCheck(watched, directory)
  }

  readonly file = (root: string, filePath: ByteString): void => {
    this.#files.get(root)?.add(shortHash(filePath))
  }

  /** The same entries; those of a watched table are read along. */
  async *along(database: string, entries: AsyncIterable<Entry>): AsyncGenerator<Entry> {
    const folders: string[] = []
    for await (const entry of entries) {
      if (entry.kind === 'enter') folders.push(printBytesName(entry.name))
      else if (entry.kind === 'leave') folders.pop()
      const watched = this.#watched.filter(({ reference, folder }) => reference.database === database && folder === folders.join('/'))
      if (entry.kind !== 'stream' || watched.length === 0) yield entry
      else yield { ...entry, open: (signal?: AbortSignal) => readAlong(entry.open(signal), watched) }
    }
  }

  /** Once every source was read. */
  async end(onGap: (gap: Gap) => void): Promise<Manifest['references']> {
    const result = { checked: 0, dangling: 0 }
    for (const { reference, spoolFile } of this.#watched) {
      const files = this.#files.get(reference.root)
      const lines = new CopyField(0)
      for await (const bytes of createReadStream(spoolFile)) {
        for (const field of lines.take(bytes as Buffer)) {
          const value = byteString(unescapeField(field))
          const relative = namedPath(value, reference.prefix)
          result.checked += 1
          if (files?.has(shortHash(relative))) continue
          result.dangling += 1
          const what = `${reference.schema}.${reference.table}.${reference.column}: ${printBytesName(value)}`
          onGap({
            source: reference.database,
            kind: 'dangling-reference',
            what,
            detail: `no such file in root ${reference.root} of this backup`,
          })
        }
      }
    }
    return result
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { spool } of this.#watched) await spool.close()
    if (this.#directory !== undefined) await rm(this.#directory, { recursive: true, force: true })
  }
}

async function* readAlong(bytes: AsyncIterable<Uint8Array>, watched: readonly Watched[]): AsyncGenerator<Uint8Array> {
  const readers = watched.map(({ column, spool }) => ({ field: new CopyField(column), spool }))
  for await (const part of bytes) {
    for (const { field, spool } of readers) {
      const lines = [...field.take(part)].flatMap((value) => [value, newline])
      if (lines.length > 0) await spool.append(Buffer.concat(lines))
    }
    yield part
  }
}

const newline = Buffer.from('\n')

function shortHash(text: ByteString): number {
  return Number.parseInt(hash('sha256', Buffer.from(text, 'latin1')).slice(0, 13), 16)
}

import { createHash } from 'node:crypto'
import { strict as assert } from 'node:assert'
import { madeFolder } from '#engine/made-node.ts'
import { byteStringOf } from '#engine/byte-string.ts'
import type { Capture, Entry, StreamEntry } from '#engine/sources/source.ts'
import type { BegunCapture } from './begun-capture.ts'
import type { DatabaseSection } from './database-section.ts'
import type { DatabaseProperties } from './database-properties.ts'
import { DumpHead, dumpRest, dumpSchema, type DumpOptions } from './dump-program.ts'
import { createDatabaseSql, databaseSql, rolesSql } from './globals-sql.ts'
import { countsSql, restoreScript } from './restore-script.ts'
import { RowReadings } from './row-readings.ts'
import { capturedSection, rowSections, segmentsIn, type RowSections } from './captured-section.ts'
import { copiedColumns, tablePath, type Segment } from './segments.ts'
import { printGraph, storedGraphFile } from './stored-graph.ts'
import { watchBlocking } from './watch-blocking.ts'
import { WrittenFiles } from './written-files.ts'

type OpenStream = (signal: AbortSignal) => AsyncIterable<Uint8Array>

const checksumsFile = 'SHA256SUMS'
const countsFile = 'counts.sql'

/**
 * A database whose snapshot is held. Files are handed out in an order that suits the work, not in byte order: the dumps
 * and the largest tables first; `counts.sql` and `SHA256SUMS` last, since they wait for what the others turn out to be.
 * The first failure ends everything: sessions are closed and locks gone before anybody reads on.
 */
export class PostgresCapture implements Capture<DatabaseSection> {
  readonly #begun: BegunCapture
  readonly #resources: AsyncDisposableStack
  readonly #segments: ReadonlyMap<string, readonly Segment[]>
  readonly #rows: RowReadings
  readonly #files: WrittenFiles
  readonly #dumpHead = new DumpHead()
  readonly #texts: ReadonlyMap<string, string>
  readonly #watching: Promise<void>
  readonly #watchStop = new AbortController()
  #hashing: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined
  #released: Promise<void> | undefined
  #checksums: string | undefined

  constructor(begun: BegunCapture, resources: AsyncDisposableStack) {
    this.#begun = begun
    this.#resources = resources
    this.#rows = new RowReadings(begun)
    this.#segments = new Map(begun.catalog.tables.map((table) => [tablePath(table), segmentsIn(begun, table)]))
    const fromSnapshot = ['rest.dump', 'schema.sql', ...[...this.#segments.values()].flat().map((segment) => segment.path)]
    this.#texts = textsOf(begun)
    this.#files = new WrittenFiles(fromSnapshot, [...this.#texts.keys(), countsFile])
    this.#watching = this.#watch()
  }

  get instant(): Date {
    return this.#begun.snapshot.instant
  }

  async *entries(): AsyncIterable<Entry> {
    assert(this.#hashing === undefined, 'entries are handed out once')
    this.#hashing = this.#hashTheRest()
    const dump = this.#dumpOptions()
    yield this.#file('rest.dump', (signal) => this.#dumpHead.along(dumpRest(dump, this.#begun.catalog.tables, signal)))
    yield this.#file('schema.sql', (signal) => dumpSchema(dump, this.#dumpHead, signal))
    yield* this.#data()
    for (const [name, text] of this.#texts) yield this.#file(name, () => once(async () => text))
    yield this.#file(countsFile, () => once(() => this.#counts()))
    yield this.#stream(checksumsFile, () => once(() => this.#listChecksums()))
  }

  async section(): Promise<DatabaseSection> {
    if (this.#failure) throw this.#failure.error
    assert(this.#checksums !== undefined, 'the section comes after every entry was read')
    const segmentsSha256 = createHash('sha256').update(this.#checksums).digest('hex')
    return capturedSection(this.#begun, this.#rows, { ...this.#rowSections(), segmentsSha256 })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#begun.stop.abort()
    await this.#release()
    await this.#watching
    await this.#hashing
  }

  /** `data/<schema>/<table>/NNNNNN.copy`, large schemas and tables first. */
  async *#data(): AsyncIterable<Entry> {
    const { tables } = this.#begun.catalog
    if (tables.length === 0) return
    const schemas = new Map<string, typeof tables>()
    for (const table of tables.toSorted((a, b) => b.pages - a.pages))
      schemas.set(table.schema, [...(schemas.get(table.schema) ?? []), table])
    yield { kind: 'enter', name: byteStringOf('data') }
    for (const inSchema of schemas.values()) {
      const [, schemaPart = ''] = tablePath(inSchema[0]!).split('/')
      yield { kind: 'enter', name: byteStringOf(schemaPart) }
      for (const table of inSchema) {
        const path = tablePath(table)
        yield { kind: 'enter', name: byteStringOf(path.split('/')[2]!) }
        for (const segment of this.#segments.get(path)!) yield this.#file(segment.path, (signal) => this.#rows.segment(segment, signal))
        yield this.#leave(path.split('/')[2]!)
      }
      yield this.#leave(schemaPart)
    }
    yield this.#leave('data')
  }

  /** A file that `SHA256SUMS` lists. */
  #file(path: string, open: OpenStream): StreamEntry {
    return this.#stream(path, (signal) => this.#files.record(path, open(signal)))
  }

  #stream(path: string, open: OpenStream): StreamEntry {
    const name = path.slice(path.lastIndexOf('/') + 1)
    return {
      kind: 'stream',
      name: byteStringOf(name),
      mode: name === 'restore.sh' ? 0o750 : 0o640,
      open: (signal) => this.#guarded(open, signal),
    }
  }

  /** Whatever goes wrong in one stream is the failure of the whole capture, and each stream then ends with the first one. */
  async *#guarded(open: OpenStream, signal?: AbortSignal): AsyncGenerator<Uint8Array, void> {
    let isWhole = false
    try {
      yield* open(signal ? AbortSignal.any([signal, this.#begun.signal]) : this.#begun.signal)
      isWhole = true
    } catch (error) {
      throw this.#fail(error)
    } finally {
      if (!isWhole) this.#fail(new Error('an entry of the capture was not read to its end'))
    }
  }

  /** All rows are out and hashed: the snapshot is given up, so that VACUUM is held back no longer. */
  async #counts(): Promise<string> {
    await this.#files.wholeEarly()
    await this.#hashing
    if (this.#failure) throw this.#failure.error
    await this.#release()
    return countsSql(this.#rowSections())
  }

  async #listChecksums(): Promise<string> {
    await this.#files.whole()
    this.#checksums = this.#files.checksums()
    return this.#checksums
  }

  #rowSections(): RowSections {
    return rowSections(this.#begun, this.#rows, (path) => this.#files.sizeBytes(path))
  }

  async #hashTheRest(): Promise<void> {
    try {
      await this.#rows.hashTheRest(this.#begun.catalog, this.#begun.signal)
    } catch (error) {
      this.#fail(error)
    }
  }

  async #watch(): Promise<void> {
    const { watch: session, context, snapshot, bounds: watchLimits, applicationName, signal } = this.#begun
    const until = AbortSignal.any([signal, this.#watchStop.signal])
    try {
      await watchBlocking({ session, clock: context.clock, snapshot, limits: watchLimits, applicationName }, until)
    } catch (error) {
      // Being told to stop is how watching ends.
      if (!until.aborted) this.#fail(error)
    }
  }

  /** Keeps the first failure, which it returns, and lets go of everything at once. */
  #fail(error: unknown): unknown {
    if (!this.#failure) {
      this.#failure = { error }
      this.#files.fail(error)
      this.#dumpHead.fail(error)
      this.#begun.stop.abort(error)
      void this.#release()
    }
    return this.#failure.error
  }

  #release(): Promise<void> {
    this.#watchStop.abort()
    if (!this.#released) {
      this.#released = this.#resources.disposeAsync()
      // What closing has to say is said where the capture is disposed of.
      this.#released.catch(() => {})
    }
    return this.#released
  }

  #leave(name: string): Entry {
    return { kind: 'leave', node: madeFolder(name, this.instant) }
  }

  #dumpOptions(): DumpOptions {
    const { source, context, tools, snapshot, catalog, applicationName, bounds, selected } = this.#begun
    return {
      target: source.target,
      tools,
      snapshot: snapshot.name,
      encoding: catalog.properties.encoding,
      applicationName,
      lockWaitMsMax: bounds.lockWaitMsMax,
      keepsLargeObjects: !selected && (catalog.largeObjects.count > 0 || !catalog.isMasked),
      onOmitted: (line) => context.gap({ source: source.name, kind: 'not-covered', what: source.target.database, detail: line }),
    }
  }
}

/** What is known before any row is read. */
function textsOf({ catalog, server, settings, source, tools }: BegunCapture): Map<string, string> {
  return new Map([
    ['globals.sql', rolesSql(catalog.roles)],
    ['database.sql', databaseSql(catalog.properties)],
    ['extensions.sql', catalog.extensionsSql],
    ['catalog.sql', catalog.catalogSql],
    ['foreign-keys.sql', catalog.foreignKeysSql],
    [storedGraphFile, printGraph(catalog.graph)],
    ['checks-before.sql', catalog.checks.before],
    ['checks-after.sql', catalog.checks.after],
    [
      'restore.sh',
      restoreScript({
        database: source.target.database,
        clientVersion: tools.version,
        createDatabase: createDatabaseSql(catalog.properties, server.number),
        settings,
        tables: catalog.tables.map((table) => ({
          schema: table.schema,
          table: table.name,
          path: tablePath(table),
          columns: copiedColumns(table),
          ...(table.loadVia && { loadVia: table.loadVia }),
        })),
        tablespaces: catalog.tablespaces,
        searchPath: searchPathOf(catalog.properties),
      }),
    ],
  ])
}

function searchPathOf(properties: DatabaseProperties): string {
  const own = properties.settings.find(({ role }) => role === null)?.values.find((value) => value.startsWith('search_path='))
  return own?.slice('search_path='.length) || '"$user", public'
}

async function* once(text: () => Promise<string>): AsyncGenerator<Uint8Array, void> {
  yield Buffer.from(await text(), 'utf8')
}

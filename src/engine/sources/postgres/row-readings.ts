import { strict as assert } from 'node:assert'
import { Fault } from '#base/fault.ts'
import { quoteName } from './connection.ts'
import type { CapturedCatalog } from './captured-catalog.ts'
import type { RowsHash } from './database-section.ts'
import { copyOfColumns, isRefreshedSince, largeObjectsCopy, type ListedView } from './list-objects.ts'
import type { ListedTable } from './list-tables.ts'
import { addRowsHash, createRowHash, noRows } from './row-hash.ts'
import type { BegunCapture } from './begun-capture.ts'
import { selectedFrom, type Segment } from './segments.ts'
import type { SelectedRows } from './selected-rows.ts'
import type { Reading, RowReaders } from './snapshot-readers.ts'

/** Hashes of everything that has rows, gathered while they stream. */
export class RowReadings {
  readonly #readers: RowReaders
  readonly #selected: SelectedRows | undefined
  readonly #hashKey: Uint8Array
  readonly #segments = new Map<ListedTable, RowsHash>()
  readonly #generated = new Map<ListedTable, RowsHash>()
  readonly #extensionTables = new Map<ListedTable, RowsHash>()
  readonly #views = new Map<ListedView, RowsHash>()
  readonly #refreshed = new Set<ListedView>()
  #largeObjects: RowsHash = noRows

  constructor({ readers, selected, hashKey }: Pick<BegunCapture, 'readers' | 'selected' | 'hashKey'>) {
    this.#readers = readers
    this.#selected = selected
    this.#hashKey = hashKey
  }

  /** The rows of one segment, counted and hashed on their way. */
  async *segment(segment: Segment, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    const { table, statement } = segment
    const add = (hash: RowsHash) => this.#segments.set(table, addRowsHash(this.#segments.get(table) ?? noRows, hash))
    // Of what is left out there is a file all the same, an empty one, as of any table without rows.
    if (table.masks?.kind === 'excluded') add(noRows)
    else if (table.masks) yield* this.#masked({ statement, table }, { mask: table.masks.mask, signal }, add)
    else yield* this.#hashed({ statement, table }, signal, add)
  }

  /** The hash is that of what is stored: no trace of the original is in the manifest. */
  async *#masked(
    reading: Reading,
    { mask, signal }: { readonly mask: (rows: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>; readonly signal: AbortSignal },
    onHash: (hash: RowsHash) => void,
  ): AsyncGenerator<Uint8Array, void> {
    const hash = createRowHash(this.#hashKey)
    let read = -1
    for await (const bytes of mask(this.#hashed(reading, signal, ({ rows }) => (read = rows)))) {
      hash.update(bytes)
      yield bytes
    }
    const masked = hash.digest()
    assert.equal(masked.rows, read, 'as many rows are masked as were read')
    onHash(masked)
  }

  /** Rows that are hashed and not kept, because a dump has them or the server makes them (SAFETY rule 19). */
  async hashTheRest(catalog: CapturedCatalog, signal: AbortSignal): Promise<void> {
    const readings = [
      ...catalog.tables
        .filter(hasGenerated)
        .map((table) => ({ reading: generatedReading(table, this.#selected), into: this.#generated, of: table })),
      ...catalog.extensionTables.map((table) => ({ reading: extensionReading(table), into: this.#extensionTables, of: table })),
    ].map(({ reading, into, of }) => this.#drain(reading, signal, (hash) => into.set(of, hash)))
    const views = (catalog.isMasked ? [] : catalog.views.filter((view) => view.isPopulated)).map((view) => this.#view(view, signal))
    const objects =
      catalog.largeObjects.count === 0
        ? []
        : [
            this.#drain({ statement: largeObjectsCopy }, signal, (hash) => {
              this.#largeObjects = hash
            }),
          ]
    await Promise.all([...readings, ...views, ...objects])
  }

  rowsOf(table: ListedTable): RowsHash {
    const hash = this.#segments.get(table) ?? this.#extensionTables.get(table)
    assert(hash, `${table.schema}.${table.name} was read`)
    return hash
  }

  generatedOf(table: ListedTable): RowsHash | undefined {
    return this.#generated.get(table)
  }

  /** Undefined when the view was refreshed meanwhile, so that its old rows could not be read. */
  viewOf(view: ListedView): RowsHash | undefined {
    return this.#refreshed.has(view) ? undefined : (this.#views.get(view) ?? noRows)
  }

  get refreshedViews(): readonly ListedView[] {
    return [...this.#refreshed]
  }

  get largeObjects(): RowsHash {
    return this.#largeObjects
  }

  async #view(view: ListedView, signal: AbortSignal): Promise<void> {
    const reading: Reading = {
      statement: copyOfColumns(quoteName(view.schema, view.name), view.columns),
      after: async (connection) => {
        if (await isRefreshedSince(connection, view)) this.#refreshed.add(view)
      },
    }
    await this.#drain(reading, signal, (hash) => this.#views.set(view, hash))
  }

  async #drain(reading: Reading, signal: AbortSignal, onHash: (hash: RowsHash) => void): Promise<void> {
    const rows = this.#hashed(reading, signal, onHash)
    while (!(await rows.next()).done) continue
  }

  async *#hashed(reading: Reading, signal: AbortSignal, onHash: (hash: RowsHash) => void): AsyncGenerator<Uint8Array, void> {
    let counted = -1
    let digest = noRows
    yield* this.#readers.read(
      reading,
      (rows, hash) => {
        counted = rows
        digest = hash
      },
      signal,
    )
    if (digest.rows !== counted) {
      const fact = `COPY counted ${counted} rows and sent ${digest.rows}`
      throw new Fault('DATABASE_QUERY', fact, { counted, received: digest.rows })
    }
    onHash(digest)
  }
}

/** Those of masked rows are computed anew, from what they have become. */
function hasGenerated(table: ListedTable): boolean {
  return table.masks === undefined && table.columns.some((column) => column.isGenerated)
}

function generatedReading(table: ListedTable, selected: SelectedRows | undefined): Reading {
  const columns = table.columns.filter((column) => column.isGenerated)
  const from = selected ? selectedFrom(table, selected) : `ONLY ${quoteName(table.schema, table.name)}`
  return { statement: copyOfColumns(from, columns), table }
}

function extensionReading(table: ListedTable): Reading {
  const columns = table.columns.filter((column) => !column.isGenerated)
  return { statement: copyOfColumns(`ONLY ${quoteName(table.schema, table.name)} ${table.extensionCondition ?? ''}`, columns), table }
}

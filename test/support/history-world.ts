import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { systemClock } from '#base/clock.ts'
import { selectionSchema } from '#base/selection.ts'
import { defaultSettings, masksSchema, type EntityModelSettings } from '#base/settings.ts'
import { systemRandom } from '#host/random.ts'
import { backup } from '#engine/backup/backup.ts'
import { chosenHistory, type ChosenHistory } from '#engine/entities/chosen-history.ts'
import { noModel } from '#engine/entities/entity-model.ts'
import { recordHistory } from '#engine/entities/history.ts'
import { selectionOrder } from '#engine/entities/select-rows.ts'
import type { Repository } from '#engine/repository/repository.ts'
import type { CellValue } from '#engine/sources/postgres/copy-cells.ts'
import { openLocal } from '#engine/storage/local.ts'
import { connect } from '#engine/sources/postgres/connection.ts'
import type { TestCluster } from './postgres.ts'
import { newRepository, reopen, testPassword } from './repository.ts'

/** By table, by all of a row's text in order of its columns' names. */
export type RecordState = Record<string, Record<string, Record<string, CellValue>>>

/** A database that changes between backups, and what the test itself knows of it at each. */
export interface HistoryWorld {
  readonly place: string
  readonly expected: readonly RecordState[]
  /** Writes down the rows of some tables, each found by a condition, then makes a backup. Returns its id. */
  backUp(conditions: Readonly<Record<string, string>>): Promise<string>
  /** The rows of some tables now. */
  stateOf(conditions: Readonly<Record<string, string>>): Promise<RecordState>
  /** A backup of files alone, of one table alone, and one that is masked. */
  backUpOthers(directory: string, table: { readonly schema: string; readonly table: string }): Promise<void>
  /** Every row field by field. */
  history(kind: string, key: string, settings?: EntityModelSettings): Promise<ChosenHistory>
  /** Contents that the last history asked for more than once. */
  readTwice(): string[]
  repositoryWords(): Promise<string[]>
}

const instruments = { clock: systemClock, random: systemRandom, onProgress: () => {} }
const never = new AbortController().signal

export async function historyWorld(cluster: TestCluster, database: string, place: string): Promise<HistoryWorld> {
  const storage = openLocal(place)
  await (await newRepository(storage))[Symbol.asyncDispose]()
  const expected: RecordState[] = []
  let read: string[] = []
  return {
    place,
    expected,
    backUp: async (conditions) => {
      await using repository = await reopen(storage)
      expected.push(await stateOf(cluster, database, conditions))
      const databases = [{ name: 'main', target: cluster.target(database) }]
      const order = { system: 'clinic', purpose: 'regular', databases, roots: [], settings: defaultSettings, compressionLevel: 1 } as const
      return (await backup(repository, order, instruments, never)).id
    },
    stateOf: async (conditions) => await stateOf(cluster, database, conditions),
    backUpOthers: async (directory, table) => {
      await using repository = await reopen(storage)
      const roots = [{ name: 'files', path: directory }]
      const settings = { ...defaultSettings, masks: masksSchema.parse({ columns: [{ ...table, column: 'holder', mask: 'null' }] }) }
      const order = { system: 'clinic', purpose: 'regular', settings, compressionLevel: 1 } as const
      const databases = [{ name: 'main', target: cluster.target(database) }]
      const wanted = selectionSchema.parse({ tables: [table] })
      await backup(repository, { ...order, databases: [], roots }, instruments, never)
      await backup(repository, { ...order, databases, roots: [], selection: selectionOrder(wanted, settings) }, instruments, never)
      const masking = { key: Buffer.alloc(32, 1), keyedBy: 'repository' } as const
      await backup(repository, { ...order, databases, roots: [], masking }, instruments, never)
    },
    history: async (kind, key, settings = noModel) => {
      await using repository = await reopen(storage)
      read = []
      const order = { kind, key, settings, system: undefined, source: undefined, since: undefined, until: undefined }
      const history = await recordHistory(counting(repository, read), order, { onProgress: () => {}, signal: never })
      return chosenHistory(history, { fields: undefined, tables: 'all', rowsMax: 1_000_000, bytesMax: Infinity })
    },
    readTwice: () => read.filter((content, index) => content !== '' && read.indexOf(content) !== index),
    repositoryWords: async () => {
      await writeFile(`${place}.password`, testPassword)
      return ['--repository', place, '--password-file', `${place}.password`]
    },
  }
}

/** The repository itself, and a list of what is lent from it. */
function counting(repository: Repository, read: string[]): Repository {
  return new Proxy(repository, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...words: unknown[]) => {
        if (name === 'lend') read.push(String(words[0]))
        return Reflect.apply(value, target, words) as unknown
      }
    },
  })
}

/** As PostgreSQL itself writes each field as text, under the settings of a capture. */
async function stateOf(cluster: TestCluster, database: string, conditions: Readonly<Record<string, string>>): Promise<RecordState> {
  await using connection = await connect(cluster.target(database))
  await connection.query("SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET extra_float_digits = 3; SET bytea_output = 'hex'")
  const state: RecordState = {}
  for (const [table, condition] of Object.entries(conditions)) {
    const columns = await connection.query<{ name: string }>(
      `SELECT quote_ident(attname) AS name FROM pg_attribute
       WHERE attrelid = '${table}'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum`,
    )
    const fields = columns.map(({ name }) => `'${name.replaceAll('"', '')}', ${name}::text`).join(', ')
    const rows = await connection.query<{ row: Record<string, string | null> }>(
      `SELECT json_build_object(${fields}) AS row FROM ${table} WHERE ${condition}`,
    )
    if (rows.length > 0)
      state[table] = keyed(rows.map(({ row }) => Object.fromEntries(Object.entries(row).map(([column, value]) => [column, shown(value)]))))
  }
  return state
}

/** A long text is known by its hash; those of the tests are the same in COPY text. */
function shown(value: string | null): CellValue {
  if (value === null || value.length <= 16_384) return value
  return { bytes: value.length, sha256: createHash('sha256').update(value).digest('hex') }
}

/** What a history says that a backup had, from what happened up to it. */
export function rebuilt({ backups, rows }: ChosenHistory, backup: string): RecordState {
  const until = backups.findIndex(({ id }) => id === backup)
  const found: Record<string, Record<string, CellValue>[]> = {}
  for (const { schema, table, events } of rows) {
    let row: Record<string, CellValue> | undefined
    for (const event of events) {
      if (backups.findIndex(({ id }) => id === event.backup) > until) break
      row = event.kind === 'vanished' ? undefined : event.kind === 'changed' ? row : {}
      for (const { column, to } of event.fields) {
        if (to !== undefined) row![column] = to
        else if (row) delete row[column]
      }
    }
    if (row) (found[`${schema}.${table}`] ??= []).push(row)
  }
  // A column that came empty is told with the columns of its table, not with each row.
  return Object.fromEntries(Object.entries(found).map(([table, all]) => [table, keyed(all)]))
}

function keyed(rows: readonly Record<string, CellValue>[]): Record<string, Record<string, CellValue>> {
  const filled = rows.map((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)))
  const sorted = filled.map((row) => JSON.stringify(Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1)))).toSorted()
  return Object.fromEntries(
    sorted.map((text, index) => [`${text} ${index}`, Object.fromEntries(JSON.parse(text) as [string, CellValue][])]),
  )
}

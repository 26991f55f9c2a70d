import { Fault, isFault } from '#base/fault.ts'
import { changeOf } from './choose-changes.ts'
import { quoteName, sqlStateOf, type Connection } from './connection.ts'
import { copiesAsInsertsSql } from './copied-rows.ts'
import { copyIn } from './stage-copy-in.ts'
import {
  hasKey,
  keyPlaces,
  knownPlaces,
  liveColumns,
  liveRows,
  sameKey,
  sameText,
  touchedKey,
  type Direction,
  type RecordedWrites,
  type RowAction,
  type RowImages,
} from './row-images.ts'
import { whereOf } from './write-fault.ts'
import { deletePickedSql, pickInsertedSql, staleKeyless, unwrittenKeyless } from './write-keyless.ts'

/** The rows that one table of a change set writes, as `change_<oid>`: action, b0… as they are, a0… as they are to be; without a key `n`. */
export async function loadChange(
  connection: Connection,
  images: RowImages,
  { rows, direction }: { readonly rows: AsyncIterable<Uint8Array>; readonly direction: Direction },
  signal: AbortSignal,
): Promise<number> {
  const before = liveColumns(images, 'live').map((column, place) => `${column} AS b${place}`)
  const after = liveColumns(images, 'live').map((column, place) => `${column} AS a${place}`)
  const [numbers, number] = hasKey(images) ? [[], []] : [['0::pg_catalog.int8 AS n'], ['n']]
  await connection.query(
    `CREATE TEMPORARY TABLE ${quoteName(`change_${images.table.oid}`)} ON COMMIT DROP AS
       SELECT ''::pg_catalog.text AS action, ${[...before, ...after, ...numbers].join(', ')} FROM ${liveRows(images)} AS live WITH NO DATA`,
  )
  const [first, second] = direction === 'forward' ? (['b', 'a'] as const) : (['a', 'b'] as const)
  const columns = [first, second].flatMap((side) => images.columns.map((_column, place) => `${side}${place}`))
  const loaded = await copyIn(
    connection,
    `COPY ${changeOf(images)} (action, ${[...columns, ...number].join(', ')}) FROM STDIN`,
    rows,
    signal,
  )
  if (hasKey(images)) await connection.query(copiesAsInsertsSql(images, first))
  if (direction === 'back')
    await connection.query(
      `UPDATE ${changeOf(images)} SET action = CASE action WHEN 'insert' THEN 'delete' WHEN 'delete' THEN 'insert' ELSE action END`,
    )
  await connection.query(`ANALYZE ${changeOf(images)}`)
  return loaded
}

const isAction = (action: RowAction) => `change.action OPERATOR(pg_catalog.=) '${action}'`

/** The live row of a change, by its key, with what it looks like now or is to look like (`side`). */
function isLive(images: RowImages, side: 'a' | 'b', places: readonly number[]): string {
  const keyAt = keyPlaces(images)
  const live = liveColumns(images, 'live')
  const same = sameKey(
    images,
    (place) => `change.${side}${keyAt[place]!}`,
    (_place, name) => `live.${quoteName(name)}`,
  )
  const equal =
    places.length === 0
      ? 'true'
      : sameText(
          places.map((place) => `change.${side}${place}`),
          places.map((place) => live[place]!),
        )
  return `EXISTS (SELECT FROM ${liveRows(images)} AS live WHERE ${same} AND ${equal})`
}

export interface NotAsRecorded {
  readonly count: number
  /** Keys as COPY writes them, of a table that has one. */
  readonly first: readonly (readonly string[])[]
}

/** Rows that are not live as the change set recorded them: somebody wrote them since. */
export async function staleRows(connection: Connection, images: RowImages, recorded: RecordedWrites): Promise<NotAsRecorded> {
  if (!hasKey(images)) return { count: await staleKeyless(connection, images, recorded), first: [] }
  const { direction } = recorded
  const stale = [
    `(${isAction('insert')} AND ${isLive(images, 'a', [])})`,
    ...(['update', 'delete'] as const).map(
      (action) => `(${isAction(action)} AND NOT ${isLive(images, 'b', knownPlaces(images, action, direction))})`,
    ),
  ]
  return await namedRows(connection, images, stale.join(' OR '))
}

/** Rows that did not come out as they were to be. */
export async function unwrittenRows(connection: Connection, images: RowImages, direction: Direction): Promise<NotAsRecorded> {
  if (!hasKey(images)) return { count: await unwrittenKeyless(connection, images, direction), first: [] }
  const wrong = [
    ...(['insert', 'update'] as const).map(
      (action) => `(${isAction(action)} AND NOT ${isLive(images, 'a', knownPlaces(images, action, direction))})`,
    ),
    `(${isAction('delete')} AND ${isLive(images, 'b', [])})`,
  ]
  return await namedRows(connection, images, wrong.join(' OR '))
}

async function namedRows(connection: Connection, images: RowImages, condition: string): Promise<NotAsRecorded> {
  const keys = touchedKey(images).map((value) => `${value}::pg_catalog.text`)
  const [row] = await connection.query<{ count: number; first: string[][] | null }>(
    `SELECT pg_catalog.count(*)::pg_catalog.int4 AS count, (pg_catalog.array_agg(pg_catalog.json_build_array(${keys.join(', ')})))[1:20] AS first
     FROM ${changeOf(images)} AS change WHERE ${condition}`,
  )
  return { count: row!.count, first: row!.first ?? [] }
}

/**
 * Writes the change set, groups of tables in the order of `writeOrder`. In what order rows go, come and change is found by trying: mostly
 * what goes is gone before what comes needs its unique values; where that breaks a foreign key, what comes stands before what goes is named
 * no more. Rows that exchange a unique value cannot be changed one after the other: those of such a table go and come in one statement. All
 * of it as a whole, or nothing; what kept the first order from it is told.
 */
export async function writeChanges(connection: Connection, groups: readonly (readonly RowImages[])[], direction: Direction): Promise<void> {
  const failures: unknown[] = []
  const replaced = new Set<RowImages>()
  for (let isTried = false; !isTried;) {
    const failed = await tryOrders(connection, { groups, direction, replaced })
    if (failed.length === 0) return
    failures.push(...failed)
    const clashing = clashingIn(groups.flat(), failed).filter((images) => !replaced.has(images))
    for (const images of clashing) replaced.add(images)
    isTried = clashing.length === 0
  }
  throw failures[0]
}

interface Trying {
  readonly groups: readonly (readonly RowImages[])[]
  readonly direction: Direction
  readonly replaced: ReadonlySet<RowImages>
}

/** Why none of the orders did; empty when one did. */
async function tryOrders(connection: Connection, { groups, direction, replaced }: Trying): Promise<unknown[]> {
  const writes: Readonly<Record<RowAction, () => Promise<void>>> = {
    delete: async () => {
      for (const group of groups.toReversed()) await writeGroup(connection, group, { action: 'delete', direction })
    },
    insert: async () => {
      for (const group of groups) await writeGroup(connection, group, { action: 'insert', direction })
    },
    update: async () => {
      for (const images of groups.flat())
        await writeGroup(connection, [images], { action: replaced.has(images) ? 'replace' : 'update', direction })
    },
  }
  const failures: unknown[] = []
  for (const order of orders) {
    await connection.query('SAVEPOINT before_changes')
    try {
      for (const action of order) await writes[action]()
      await connection.query('SET CONSTRAINTS ALL IMMEDIATE')
      return []
    } catch (error) {
      const mayOrderMatter = sqlStateOf(error) === foreignKeyViolation || isClash(error) || isFault(error, 'ENTITY_WRITE')
      if (!mayOrderMatter) throw error
      failures.push(error)
      await connection.query('ROLLBACK TO SAVEPOINT before_changes')
    }
  }
  return failures
}

const orders = [
  ['delete', 'insert', 'update'],
  ['delete', 'update', 'insert'],
  ['insert', 'update', 'delete'],
  ['update', 'delete', 'insert'],
] as const
const foreignKeyViolation = '23503'

/** unique_violation, exclusion_violation. */
const isClash = (error: unknown) => ['23505', '23P01'].includes(sqlStateOf(error) ?? '')

/** Tables in which rows stood in each other's way; of a partition only its own name is told. */
function clashingIn(tables: readonly RowImages[], failures: readonly unknown[]): RowImages[] {
  const names = new Set(failures.filter(isClash).map((error) => whereOf(error).table))
  if (names.size === 0) return []
  const named = tables.filter((images) => hasKey(images) && names.has(`${images.table.schema}.${images.table.name}`))
  return named.length > 0 ? named : tables.filter((images) => hasKey(images) && images.table.isPartitioned)
}

interface Write {
  /** `replace`: rows that change go and come as what they are to be. */
  readonly action: RowAction | 'replace'
  readonly direction: Direction
}

/** All tables of a group in one statement: foreign keys are looked at when it ends (PostgreSQL, "Data-Modifying Statements in WITH"). */
async function writeGroup(connection: Connection, group: readonly RowImages[], write: Write): Promise<void> {
  const writing: { readonly images: RowImages; readonly rows: number }[] = []
  for (const images of group) {
    const rows = await countOf(connection, images, rowAction(write))
    if (rows > 0) writing.push({ images, rows })
  }
  if (writing.length === 0) return
  const parts = writing.map(({ images }, at) => partSql(images, write, `w${at}`))
  const counts = writing.map((_one, at) => `(SELECT pg_catalog.count(*) FROM w${at})::pg_catalog.int4 AS n${at}`)
  const [written] = await connection.query<Record<string, number>>(`WITH ${parts.join(', ')} SELECT ${counts.join(', ')}`)
  for (const [at, { images, rows }] of writing.entries()) {
    if (written![`n${at}`] === rows) continue
    const table = `${images.table.schema}.${images.table.name}`
    throw new Fault('ENTITY_WRITE', `the server wrote ${written![`n${at}`]} of ${rows} rows of ${table} (${write.action})`, { table })
  }
}

async function countOf(connection: Connection, images: RowImages, action: RowAction): Promise<number> {
  const [row] = await connection.query<{ count: number }>(
    `SELECT pg_catalog.count(*)::pg_catalog.int4 AS count FROM ${changeOf(images)} AS change WHERE ${isAction(action)}`,
  )
  return row!.count
}

const rowAction = ({ action }: Write): RowAction => (action === 'replace' ? 'update' : action)

function partSql(images: RowImages, write: Write, part: string): string {
  if (write.action === 'replace') {
    // The second part waits for the first one, and foreign keys are looked at after both.
    const gone = `${part}_gone AS (${writeSql(images, write)} RETURNING 1)`
    return `${gone}, ${part} AS (${insertSql(images, write)} AND (SELECT pg_catalog.count(*) FROM ${part}_gone) OPERATOR(pg_catalog.>=) 0 RETURNING 1)`
  }
  if (hasKey(images)) return `${part} AS (${writeSql(images, write)} RETURNING 1)`
  if (write.action === 'delete') return `${part} AS (${deletePickedSql(images)} RETURNING 1)`
  return `${part} AS (${insertSql(images, write)} RETURNING tableoid, ctid), ${part}_picked AS (${pickInsertedSql(images, part)})`
}

function writeSql(images: RowImages, write: Write): string {
  const { action } = write
  if (action === 'insert') return insertSql(images, write)
  const keyAt = keyPlaces(images)
  const target = liveRows(images)
  const same = sameKey(
    images,
    (place) => `change.b${keyAt[place]!}`,
    (_place, name) => `live.${quoteName(name)}`,
  )
  const from = `${changeOf(images)} AS change`
  if (action !== 'update') return `DELETE FROM ${target} AS live USING ${from} WHERE ${isAction(rowAction(write))} AND ${same}`
  const set = images.columns.flatMap(({ name }, place) => (keyAt.includes(place) ? [] : [`${quoteName(name)} = change.a${place}`]))
  return `UPDATE ${target} AS live SET ${set.join(', ')} FROM ${from} WHERE ${isAction(action)} AND ${same}`
}

function insertSql(images: RowImages, write: Write): string {
  const known = knownPlaces(images, rowAction(write), write.direction)
  const names = known.map((place) => quoteName(images.columns[place]!.name))
  const values = known.map((place) => `change.a${place}`)
  return `INSERT INTO ${quoteName(images.table.schema, images.table.name)} (${names.join(', ')}) OVERRIDING SYSTEM VALUE
    SELECT ${values.join(', ')} FROM ${changeOf(images)} AS change WHERE ${isAction(rowAction(write))}`
}

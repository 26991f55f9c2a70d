import { Fault } from '#base/fault.ts'
import { quoteName, type Connection } from './connection.ts'
import { theirsOf, verdictOf, type RowClass } from './compare-rows.ts'
import { keyPlaces, keyTexts, liveColumns, sameKey, sameText, liveRows, touchedKey, type RowAction, type RowImages } from './row-images.ts'

/** What is done with the rows of one table; null where somebody has yet to choose. */
export interface RowPolicy {
  /** Everything that the record had in the backup comes beside what is live; nothing live is touched. */
  readonly asCopy: boolean
  /**
   * Rows that differ: as in the backup, as they are, these columns as in the backup and the others as they are, or the backup's beside
   * the live one, under a key of its own.
   */
  readonly changed: 'backup' | 'live' | 'copy' | { readonly columns: readonly string[] }
  /** Rows written since: gone, as in the backup, or kept. */
  readonly added: 'backup' | 'live'
  /** Rows that belong, or belonged, to somebody else. Those that only belonged to somebody else have nothing to be copied, and stay. */
  readonly conflicts: 'backup' | 'live' | 'copy' | null
  /** Rows that have to exist and do not. */
  readonly parents: 'backup' | null
  /** For one row alone, by its key as COPY writes it. */
  readonly rows: readonly { readonly key: readonly string[]; readonly take: 'backup' | 'live' | 'copy' }[]
}

export interface ChosenChanges {
  readonly inserts: number
  /** Of the inserts; and of these, those of rows that are live as in the backup. */
  readonly copies: number
  readonly beside: number
  readonly updates: number
  readonly deletes: number
  /** Nobody has chosen: all of them counted, the first ones named. */
  readonly open: readonly OpenRows[]
  /** Rows that a choice of their own was made for; a choice for a row that does not differ finds none. */
  readonly chosenRows: number
}

export interface OpenRows {
  readonly class: RowClass
  readonly count: number
  /** Keys as COPY writes them, at most `openListedMax`. */
  readonly first: readonly (readonly string[])[]
}

export const openListedMax = 100

export const changeOf = ({ table }: RowImages) => `pg_temp.${quoteName(`change_${table.oid}`)}`

/**
 * Of what was decided on one table: what would be written, as `change_<oid>` with the columns action, b0… (as it is), a0… (as it would
 * be), and which rows nobody has decided on. `remapped`: places of columns that `mapped_<oid>` has values for (copied-keys.ts).
 */
export async function chooseChanges(
  live: Connection,
  images: RowImages,
  { policy, remapped }: { readonly policy: RowPolicy; readonly remapped: readonly number[] },
): Promise<ChosenChanges> {
  await live.query(changeSql(images, policy, remapped))
  const open = await openRows(live, images, keyTexts(images, 'chosen'))
  return { ...(await countActions(live, images)), ...(await countChosen(live, images)), open }
}

export async function countActions(live: Connection, images: RowImages): Promise<Pick<ChosenChanges, 'inserts' | 'updates' | 'deletes'>> {
  const counted = await live.query<{ action: RowAction; count: string }>(
    `SELECT action, pg_catalog.count(*) AS count FROM ${changeOf(images)} GROUP BY action`,
  )
  const countOf = (action: RowAction) => Number(counted.find((row) => row.action === action)?.count ?? 0)
  return { inserts: countOf('insert'), updates: countOf('update'), deletes: countOf('delete') }
}

async function countChosen(live: Connection, images: RowImages): Promise<Pick<ChosenChanges, 'copies' | 'beside' | 'chosenRows'>> {
  const [chosen] = await live.query<{ copies: number; beside: number; chosenRows: number }>(
    `SELECT pg_catalog.count(*) FILTER (WHERE action OPERATOR(pg_catalog.=) 'copy')::pg_catalog.int4 AS copies,
       pg_catalog.count(*) FILTER (WHERE action OPERATOR(pg_catalog.=) 'copy' AND class OPERATOR(pg_catalog.=) 'unchanged')::pg_catalog.int4 AS beside,
       pg_catalog.count(*) FILTER (WHERE "isAlone")::pg_catalog.int4 AS "chosenRows"
     FROM ${chosenOf(images)}`,
  )
  return chosen!
}

/**
 * Query over the rows that differ and are not written: `open` or `keep`, the class, the live columns, the backup's. After
 * `chooseChanges`.
 */
export function leftRowsSql(images: RowImages): string {
  const { columns } = images
  const before = liveColumns(images, 'live')
  const theirs = columns.map(({ isInBackup }, place) => (isInBackup ? `theirs.c${place}` : before[place]!))
  const touched = touchedKey(images)
  const chosenKey = (place: number) => `chosen.k${place}`
  // Columns that were merged may leave a row as it was.
  const isWritten = `EXISTS (SELECT FROM ${changeOf(images)} AS change WHERE ${sameKey(images, (place) => touched[place]!, chosenKey)})`
  return `SELECT CASE WHEN chosen.action IS NULL THEN 'open' ELSE 'keep' END, chosen.class, ${[...before, ...theirs].join(', ')}
    ${bothSides(images)}
    WHERE chosen.action IS NULL OR chosen.action OPERATOR(pg_catalog.=) 'keep'
      OR (chosen.action OPERATOR(pg_catalog.=) 'update' AND NOT ${isWritten})
    ORDER BY ${images.table.key!.map((_column, place) => chosenKey(place)).join(', ')}`
}

export const chosenOf = ({ table }: RowImages) => `pg_temp.${quoteName(`chosen_${table.oid}`)}`

/** What `mapped_<oid>` has of the rows that are written from the backup: their columns as they were (o…) and are to be (n…). */
export const mappedOf = ({ table }: RowImages) => `pg_temp.${quoteName(`mapped_${table.oid}`)}`

/**
 * `chosen_<oid>`: each row that is not what it was, with the action that the policies give it, null where none does. Returns how many are
 * to be copied. ENTITY_POLICY for a row that is to be copied and is none of the record's in the backup.
 */
export async function decideRows(live: Connection, images: RowImages, policy: RowPolicy): Promise<number> {
  const keys = keyTexts(images, 'verdict')
  await live.query(
    `CREATE TEMPORARY TABLE ${quoteName(`chosen_${images.table.oid}`)} ON COMMIT DROP AS
     SELECT * FROM (
       SELECT verdict.*, CASE decision.take WHEN 'live' THEN 'keep' WHEN 'copy' THEN 'copy' WHEN 'backup' THEN ${writes} ELSE ${actionSql(policy)} END AS action,
         decision.take IS NOT NULL AS "isAlone"
       FROM ${verdictOf(images)} AS verdict
         LEFT JOIN pg_catalog.jsonb_to_recordset($1) AS decision(key pg_catalog.jsonb, take pg_catalog.text)
           ON pg_catalog.jsonb_build_array(${keys.join(', ')}) OPERATOR(pg_catalog.=) decision.key) AS decided
     WHERE class NOT IN ('unchanged', 'present', 'present-different') OR action OPERATOR(pg_catalog.=) 'copy'`,
    [JSON.stringify(policy.rows)],
  )
  const isCopy =
    policy.asCopy || policy.changed === 'copy' || policy.conflicts === 'copy' || policy.rows.some(({ take }) => take === 'copy')
  return isCopy ? await copiesOf(live, images, policy) : 0
}

const writes = `CASE verdict.class WHEN 'insert' THEN 'insert' WHEN 'parent-missing' THEN 'insert' WHEN 'delete' THEN 'delete' ELSE 'update' END`

function actionSql({ asCopy, changed, added, conflicts, parents }: RowPolicy): string {
  const kept = (take: 'backup' | 'live' | 'copy' | null) =>
    take === null ? 'NULL' : take === 'live' ? `'keep'` : take === 'copy' ? `'copy'` : writes
  if (asCopy)
    return `CASE WHEN verdict.class IN ('insert', 'update', 'unchanged', 'elsewhere') THEN 'copy'
      WHEN verdict.class OPERATOR(pg_catalog.=) 'parent-missing' THEN ${kept(parents)} ELSE 'keep' END`
  return `CASE verdict.class WHEN 'insert' THEN 'insert'
    WHEN 'update' THEN ${kept(typeof changed === 'string' ? changed : 'backup')}
    WHEN 'delete' THEN ${kept(added)}
    WHEN 'parent-missing' THEN ${kept(parents)}
    WHEN 'elsewhere' THEN ${kept(conflicts)}
    WHEN 'moved-here' THEN ${kept(conflicts)} END`
}

/** What the record had in the backup can be copied, and nothing else. */
async function copiesOf(live: Connection, images: RowImages, { rows }: RowPolicy): Promise<number> {
  const chosenKey = (place: number) => `chosen.k${place}`
  const keyAt = keyPlaces(images)
  const isOwn = sameKey(images, (place) => `theirs.c${keyAt[place]!}`, chosenKey)
  await live.query(
    `UPDATE ${chosenOf(images)} AS chosen SET action = 'keep'
     WHERE action OPERATOR(pg_catalog.=) 'copy' AND NOT EXISTS (SELECT FROM ${theirsOf(images)} AS theirs WHERE theirs.own AND ${isOwn})`,
  )
  const keys = images.table.key!.map((_column, place) => `${chosenKey(place)}::pg_catalog.text`)
  const [found] = await live.query<{ copies: number; lost: number }>(
    `SELECT (SELECT pg_catalog.count(*) FROM ${chosenOf(images)} WHERE action OPERATOR(pg_catalog.=) 'copy')::pg_catalog.int4 AS copies,
       (SELECT pg_catalog.count(*) FROM pg_catalog.jsonb_to_recordset($1) AS decision(key pg_catalog.jsonb, take pg_catalog.text)
        WHERE decision.take OPERATOR(pg_catalog.=) 'copy' AND NOT EXISTS (SELECT FROM ${chosenOf(images)} AS chosen
          WHERE chosen.action OPERATOR(pg_catalog.=) 'copy'
            AND pg_catalog.jsonb_build_array(${keys.join(', ')}) OPERATOR(pg_catalog.=) decision.key))::pg_catalog.int4 AS lost`,
    [JSON.stringify(rows)],
  )
  if (found!.lost === 0) return found!.copies
  const table = `${images.table.schema}.${images.table.name}`
  const fact = `${found!.lost} rows of ${table} are to be copied ("take": "copy"), and the record has no row with such a key in the backup`
  throw new Fault('ENTITY_POLICY', fact, { table, copies: found!.lost })
}

function changeSql(images: RowImages, { changed }: RowPolicy, remapped: readonly number[]): string {
  const { table, columns } = images
  const before = liveColumns(images, 'live')
  const isTaken = ({ name }: { readonly name: string }) => typeof changed === 'string' || changed.columns.includes(name)
  const after = columns.map((column, place) => {
    const theirs = remapped.includes(place)
      ? `CASE WHEN mapped.at IS NULL THEN theirs.c${place} ELSE mapped.n${place} END`
      : `theirs.c${place}`
    if (!column.isInBackup) return before[place]!
    // Only rows that differ are merged; one that is new is taken whole.
    return isTaken(column)
      ? theirs
      : `CASE WHEN chosen.class OPERATOR(pg_catalog.=) 'update' AND NOT ${isCopied} THEN ${before[place]!} ELSE ${theirs} END`
  })
  const keyAt = keyPlaces(images)
  const isMapped = sameKey(
    images,
    (place) => `mapped.o${keyAt[place]!}`,
    (place) => `chosen.k${place}`,
  )
  const mapped = `LEFT JOIN ${mappedOf(images)} AS mapped ON ${isMapped}`
  return `CREATE TEMPORARY TABLE ${quoteName(`change_${table.oid}`)} ON COMMIT DROP AS
    SELECT * FROM (
      SELECT CASE WHEN ${isCopied} THEN 'insert' ELSE chosen.action END AS action,
        ${[...before.map((column, place) => `${column} AS b${place}`), ...after.map((value, place) => `${value} AS a${place}`)].join(', ')}
      ${bothSides(images)}
        ${remapped.length > 0 ? mapped : ''}
      WHERE chosen.action IN ('insert', 'update', 'delete', 'copy')) AS change
    WHERE change.action OPERATOR(pg_catalog.<>) 'update' OR NOT (${sameText(places(columns, 'b'), places(columns, 'a'))})`
}

/** What was chosen, with the row as it is and as the backup has it, each where there is one; a copy has no other side. */
function bothSides(images: RowImages): string {
  const keyAt = keyPlaces(images)
  const chosenKey = (place: number) => `chosen.k${place}`
  return `FROM ${chosenOf(images)} AS chosen
        LEFT JOIN ${liveRows(images)} AS live ON ${isCopied} IS NOT TRUE AND ${sameKey(images, (_place, name) => `live.${quoteName(name)}`, chosenKey)}
        LEFT JOIN ${theirsOf(images)} AS theirs ON ${sameKey(images, (place) => `theirs.c${keyAt[place]!}`, chosenKey)}`
}

const isCopied = `(chosen.action OPERATOR(pg_catalog.=) 'copy')`

const places = (columns: readonly unknown[], side: 'a' | 'b') => columns.map((_column, place) => `change.${side}${place}`)

/** `keys`: text of what tells a row of `chosen_<oid>` from others. */
export async function openRows(live: Connection, images: RowImages, keys: readonly string[]): Promise<OpenRows[]> {
  return await live.query<{ class: RowClass; count: number; first: string[][] }>(
    `SELECT class, pg_catalog.count(*)::pg_catalog.int4 AS count,
       (pg_catalog.array_agg(key ORDER BY key::pg_catalog.text))[1:${openListedMax}] AS first
     FROM (SELECT class, pg_catalog.jsonb_build_array(${keys.join(', ')}) AS key FROM ${chosenOf(images)} AS chosen WHERE action IS NULL) AS open
     GROUP BY class ORDER BY class`,
  )
}

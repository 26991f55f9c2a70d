import { quoteName, type Connection } from './connection.ts'
import { theirsOf, verdictOf, type RowClass } from './compare-rows.ts'
import { keyPlaces, keyTexts, liveColumns, sameKey, sameText, liveRows, touchedKey, type RowAction, type RowImages } from './row-images.ts'

/** What is done with the rows of one table; null where somebody has yet to choose. */
export interface RowPolicy {
  /** Rows that differ: as in the backup, as they are, or these columns as in the backup and the others as they are. */
  readonly changed: 'backup' | 'live' | { readonly columns: readonly string[] }
  /** Rows written since: gone, as in the backup, or kept. */
  readonly added: 'backup' | 'live'
  /** Rows that belong, or belonged, to somebody else. */
  readonly conflicts: 'backup' | 'live' | null
  /** Rows that have to exist and do not. */
  readonly parents: 'backup' | null
  /** For one row alone, by its key as COPY writes it. */
  readonly rows: readonly { readonly key: readonly string[]; readonly take: 'backup' | 'live' }[]
}

export interface ChosenChanges {
  readonly inserts: number
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
 * Of the verdicts on one table: what would be written, as `change_<oid>` with the columns action, b0… (as it is), a0… (as it would
 * be), and which rows nobody has decided on.
 */
export async function chooseChanges(live: Connection, images: RowImages, policy: RowPolicy): Promise<ChosenChanges> {
  await decide(live, images, policy)
  await live.query(changeSql(images, policy))
  const open = await openRows(live, images, keyTexts(images, 'chosen'))
  return { ...(await countActions(live, images)), open, chosenRows: await countAlone(live, images) }
}

export async function countActions(live: Connection, images: RowImages): Promise<Omit<ChosenChanges, 'open' | 'chosenRows'>> {
  const counted = await live.query<{ action: RowAction; count: string }>(
    `SELECT action, pg_catalog.count(*) AS count FROM ${changeOf(images)} GROUP BY action`,
  )
  const countOf = (action: RowAction) => Number(counted.find((row) => row.action === action)?.count ?? 0)
  return { inserts: countOf('insert'), updates: countOf('update'), deletes: countOf('delete') }
}

/** How many rows were chosen alone. */
async function countAlone(live: Connection, images: RowImages): Promise<number> {
  const [chosen] = await live.query<{ count: number }>(
    `SELECT pg_catalog.count(*)::pg_catalog.int4 AS count FROM ${chosenOf(images)} WHERE "isAlone"`,
  )
  return chosen!.count
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

/** `chosen_<oid>`: each row that is not what it was, with the action that the policies give it, null where none does. */
async function decide(live: Connection, images: RowImages, policy: RowPolicy): Promise<void> {
  const keys = keyTexts(images, 'verdict')
  const writes = `CASE verdict.class WHEN 'insert' THEN 'insert' WHEN 'parent-missing' THEN 'insert' WHEN 'delete' THEN 'delete' ELSE 'update' END`
  const kept = (take: 'backup' | 'live' | null) => (take === null ? 'NULL' : take === 'live' ? `'keep'` : writes)
  await live.query(
    `CREATE TEMPORARY TABLE ${quoteName(`chosen_${images.table.oid}`)} ON COMMIT DROP AS
     SELECT verdict.*, CASE decision.take WHEN 'live' THEN 'keep' WHEN 'backup' THEN ${writes} ELSE
         CASE verdict.class WHEN 'insert' THEN 'insert'
           WHEN 'update' THEN ${policy.changed === 'live' ? `'keep'` : `'update'`}
           WHEN 'delete' THEN ${kept(policy.added)}
           WHEN 'parent-missing' THEN ${kept(policy.parents)}
           ELSE ${kept(policy.conflicts)} END END AS action, decision.take IS NOT NULL AS "isAlone"
     FROM ${verdictOf(images)} AS verdict
       LEFT JOIN pg_catalog.jsonb_to_recordset($1) AS decision(key pg_catalog.jsonb, take pg_catalog.text)
         ON pg_catalog.jsonb_build_array(${keys.join(', ')}) OPERATOR(pg_catalog.=) decision.key
     WHERE verdict.class NOT IN ('unchanged', 'present', 'present-different')`,
    [JSON.stringify(policy.rows)],
  )
}

function changeSql(images: RowImages, { changed }: RowPolicy): string {
  const { table, columns } = images
  const before = liveColumns(images, 'live')
  const isTaken = ({ name }: { readonly name: string }) => typeof changed === 'string' || changed.columns.includes(name)
  const after = columns.map((column, place) => {
    const theirs = `theirs.c${place}`
    if (!column.isInBackup) return before[place]!
    // Only rows that differ are merged; one that is new is taken whole.
    return isTaken(column) ? theirs : `CASE WHEN chosen.class OPERATOR(pg_catalog.=) 'update' THEN ${before[place]!} ELSE ${theirs} END`
  })
  return `CREATE TEMPORARY TABLE ${quoteName(`change_${table.oid}`)} ON COMMIT DROP AS
    SELECT * FROM (
      SELECT chosen.action, ${[...before.map((column, place) => `${column} AS b${place}`), ...after.map((value, place) => `${value} AS a${place}`)].join(', ')}
      ${bothSides(images)}
      WHERE chosen.action IN ('insert', 'update', 'delete')) AS change
    WHERE change.action OPERATOR(pg_catalog.<>) 'update' OR NOT (${sameText(places(columns, 'b'), places(columns, 'a'))})`
}

/** What was chosen, with the row as it is and as the backup has it, each where there is one. */
function bothSides(images: RowImages): string {
  const keyAt = keyPlaces(images)
  const chosenKey = (place: number) => `chosen.k${place}`
  return `FROM ${chosenOf(images)} AS chosen
        LEFT JOIN ${liveRows(images)} AS live ON ${sameKey(images, (_place, name) => `live.${quoteName(name)}`, chosenKey)}
        LEFT JOIN ${theirsOf(images)} AS theirs ON ${sameKey(images, (place) => `theirs.c${keyAt[place]!}`, chosenKey)}`
}

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

import { chosenOf, countActions, openRows, type ChosenChanges, type RowPolicy } from './choose-changes.ts'
import { isRow } from './closure.ts'
import { countClasses, makeTheirs, theirsOf, verdictOf, type ClassCounts, type TwoSides } from './compare-rows.ts'
import { quoteName, type Connection } from './connection.ts'
import { pumpRows } from './pump-rows.ts'
import { rowsOf, type GraphTable } from './reference-graph.ts'
import { liveColumns, liveRows, rowText, sharedPlaces, type RowImages } from './row-images.ts'

/**
 * As `compareRows`, of a table without a key: its rows are told apart by all that stands in them, and equal ones by how many there are. None
 * of them is ever changed: one that somebody edited is a row that is missing and one that was written since. Says in `verdict_<oid>` of each
 * row its class, its columns as c0…, and as `n` which of so many equal rows of the live table it is, or would be. ENTITY_DRIFT as there.
 */
export async function compareKeyless(
  sides: TwoSides,
  images: RowImages,
  backupTable: GraphTable,
  signal: AbortSignal,
): Promise<ClassCounts> {
  await makeTheirs(sides.live, images)
  await loadTheirs(sides, images, backupTable, signal)
  await loadPresent(sides, images)
  await sides.live.query(verdictSql(images))
  return await countClasses(sides.live, images)
}

/**
 * The backup's rows of the entity, and with them every other row there that is equal to one of these or to a live one of the entity: how
 * many of a kind there were, whoever's they were. Columns of another type are not asked by, since only the live server can cast them.
 */
async function loadTheirs(
  { live, backup, liveClosure, backupClosure }: TwoSides,
  images: RowImages,
  table: GraphTable,
  signal: AbortSignal,
) {
  const what = `${table.schema}.${table.name}`
  const asked = `pg_temp.${quoteName(`asked_${table.oid}`)}`
  const [mine, place] = [liveClosure.placeOf(images.table), backupClosure.placeOf(table)]
  const shared = sharedPlaces(images).map((at) => images.columns[at]!)
  const alike = shared.filter(({ name, type }) => table.columns.some((column) => column.name === name && column.type === type))
  const textOf = (alias: string) => rowText(alike.map(({ name }) => `${alias}.${quoteName(name)}`))
  await backup.query(`CREATE TEMPORARY TABLE ${quoteName(`asked_${table.oid}`)} (t pg_catalog.text COLLATE pg_catalog."C") ON COMMIT DROP`)
  if (mine !== undefined) {
    const select = `SELECT DISTINCT ${textOf('live')} FROM ${mine} AS mine JOIN ${liveRows(images)} AS live ON ${isRow(images.table, 'mine', 'live')} WHERE mine.own`
    await pumpRows({ from: live, read: `COPY (${select}) TO STDOUT`, to: backup, write: `COPY ${asked} FROM STDIN`, what }, signal)
  }
  const source = `${rowsOf(table)} AS source`
  const found = place === undefined ? '' : `JOIN ${place} AS found ON ${isRow(table, 'found', 'source')}`
  if (found !== '') await backup.query(`INSERT INTO ${asked} SELECT DISTINCT ${textOf('source')} FROM ${source} ${found}`)
  await backup.query(`ANALYZE ${asked}`)
  const columns = [found === '' ? 'NULL' : 'found.own', ...shared.map(({ name }) => `source.${quoteName(name)}`)]
  const select = `SELECT ${columns.join(', ')} FROM ${source} JOIN (SELECT DISTINCT t FROM ${asked}) AS asked ON asked.t OPERATOR(pg_catalog.=) ${textOf('source')}
    ${found === '' ? '' : `LEFT ${found}`}`
  const into = `${theirsOf(images)} (own, ${sharedPlaces(images)
    .map((at) => `c${at}`)
    .join(', ')})`
  await pumpRows({ from: backup, read: `COPY (${select}) TO STDOUT`, to: live, write: `COPY ${into} FROM STDIN`, what }, signal)
  await live.query(`ANALYZE ${theirsOf(images)}`)
}

const presentOf = ({ table }: RowImages) => `pg_temp.${quoteName(`present_${table.oid}`)}`

/** Live rows of the entity, and whatever else is equal to a row that the backup has. */
async function loadPresent({ live, liveClosure }: TwoSides, images: RowImages): Promise<void> {
  const mine = liveClosure.placeOf(images.table)
  const columns = liveColumns(images, 'live')
  const text = rowText(sharedPlaces(images).map((place) => columns[place]!))
  await live.query(
    `CREATE TEMPORARY TABLE ${quoteName(`present_${images.table.oid}`)} ON COMMIT DROP AS
     SELECT ${mine === undefined ? 'false' : 'COALESCE(mine.own, false)'} AS own, ${columns.map((column, place) => `${column} AS c${place}`).join(', ')}
     FROM ${liveRows(images)} AS live
       LEFT JOIN (SELECT DISTINCT ${textOf(images)} AS t FROM ${theirsOf(images)} AS side) AS wanted ON wanted.t OPERATOR(pg_catalog.=) ${text}
       ${mine === undefined ? '' : `LEFT JOIN ${mine} AS mine ON ${isRow(images.table, 'mine', 'live')}`}
     WHERE wanted.t IS NOT NULL${mine === undefined ? '' : ' OR mine.own'}`,
  )
  await live.query(`ANALYZE ${presentOf(images)}`)
}

/** All that the backup has a value for, of a row of either side. */
function textOf(images: RowImages): string {
  return rowText(sharedPlaces(images).map((place) => `side.c${place}`))
}

/**
 * Of equal rows those of the entity count first: the first ones of the backup are missing where live has fewer, and the first live ones
 * are too many where it has more.
 */
function verdictSql(images: RowImages): string {
  const columns = images.columns.map((_column, place) => `c${place}`)
  const numbered = (place: string) => `SELECT *, pg_catalog.row_number() OVER (PARTITION BY t ORDER BY own DESC NULLS LAST, whole) AS place
    FROM (SELECT side.*, ${textOf(images)} AS t, ${rowText(columns.map((column) => `side.${column}`))} AS whole FROM ${place} AS side) AS told`
  const counted = (side: string) => `SELECT t, pg_catalog.count(*) AS number, pg_catalog.bool_or(own) AS own FROM ${side} GROUP BY t`
  return `CREATE TEMPORARY TABLE ${quoteName(`verdict_${images.table.oid}`)} ON COMMIT DROP AS
    WITH past AS (${numbered(theirsOf(images))}), present AS (${numbered(presentOf(images))}),
      past_number AS (${counted('past')}), present_number AS (${counted('present')})
    SELECT class, n, ${columns.join(', ')} FROM (
      SELECT CASE WHEN past.place OPERATOR(pg_catalog.<=) (past_number.number - COALESCE(present_number.number, 0))
            THEN CASE past.own WHEN true THEN 'insert' WHEN false THEN 'parent-missing' END
          WHEN past.own IS FALSE THEN 'present'
          WHEN past.own OR present_number.own THEN 'unchanged' END AS class,
        COALESCE(present_number.number, 0) + past.place AS n, ${columns.map((column) => `past.${column}`).join(', ')}
      FROM past JOIN past_number ON past_number.t OPERATOR(pg_catalog.=) past.t
        LEFT JOIN present_number ON present_number.t OPERATOR(pg_catalog.=) past.t
      UNION ALL
      SELECT 'delete', present_number.number - present.place + 1, ${columns.map((column) => `present.${column}`).join(', ')}
      FROM present JOIN present_number ON present_number.t OPERATOR(pg_catalog.=) present.t
        LEFT JOIN past_number ON past_number.t OPERATOR(pg_catalog.=) present.t
      WHERE present.own AND present.place OPERATOR(pg_catalog.<=) (present_number.number - COALESCE(past_number.number, 0))) AS judged
    WHERE class IS NOT NULL`
}

/** As `chooseChanges`; `change_<oid>` has a last column `n`. */
export async function chooseKeyless(live: Connection, images: RowImages, policy: RowPolicy): Promise<ChosenChanges> {
  const columns = images.columns.map((_column, place) => `c${place}`)
  await live.query(
    `CREATE TEMPORARY TABLE ${quoteName(`chosen_${images.table.oid}`)} ON COMMIT DROP AS
     SELECT *, CASE class WHEN 'insert' THEN ${policy.asCopy ? `'keep'` : `'insert'`} WHEN 'delete' THEN ${policy.added === 'backup' && !policy.asCopy ? `'delete'` : `'keep'`}
       ELSE ${policy.parents === 'backup' ? `'insert'` : 'NULL'} END AS action
     FROM ${verdictOf(images)} WHERE class IN ('insert', 'delete', 'parent-missing')`,
  )
  const side = (action: string, name: string) =>
    columns.map((column, place) => `CASE WHEN action OPERATOR(pg_catalog.=) '${action}' THEN ${column} END AS ${name}${place}`)
  await live.query(
    `CREATE TEMPORARY TABLE ${quoteName(`change_${images.table.oid}`)} ON COMMIT DROP AS
     SELECT action, ${[...side('delete', 'b'), ...side('insert', 'a')].join(', ')}, n
     FROM ${chosenOf(images)} WHERE action IN ('insert', 'delete')`,
  )
  return {
    ...(await countActions(live, images)),
    open: await openRows(live, images, [rowText(columns)]),
    copies: 0,
    beside: 0,
    chosenRows: 0,
  }
}

/** As `leftRowsSql`, with a last column `n`. */
export function leftKeylessSql(images: RowImages): string {
  const columns = images.columns.map((_column, place) => `c${place}`)
  const side = (isLive: boolean) =>
    columns.map((column) => `CASE WHEN (class OPERATOR(pg_catalog.=) 'delete') = ${isLive} THEN ${column} END`)
  return `SELECT CASE WHEN action IS NULL THEN 'open' ELSE 'keep' END, class, ${[...side(true), ...side(false)].join(', ')}, n
    FROM ${chosenOf(images)} WHERE action IS NULL OR action OPERATOR(pg_catalog.=) 'keep' ORDER BY ${rowText(columns)}, n`
}

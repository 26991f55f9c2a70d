import { changeOf } from './choose-changes.ts'
import { quoteName, type Connection } from './connection.ts'
import { hasKey, keyTexts, liveRows, rowText, sameKey, touchedKey, type RowImages } from './row-images.ts'

/** A row of the change set and a live one that a unique index does not let stand side by side. */
export interface UniqueClash {
  readonly index: string
  /** Columns or expressions of it. */
  readonly columns: readonly string[]
  readonly count: number
  /** Keys as COPY writes them: of the row in the change set, of the live one. */
  readonly first: readonly { readonly row: readonly string[]; readonly live: readonly string[] }[]
}

const clashesListedMax = 20

interface UniqueIndex {
  readonly name: string
  /** Columns or expressions, as they stand in the index. */
  readonly parts: readonly string[]
  /** `"schema".=` of each part. */
  readonly equal: readonly string[]
  readonly predicate: string | null
  readonly isNullEqual: boolean
}

/**
 * Probes every unique index of a table with what would be written, before anything is. Live rows that the change set
 * itself changes or deletes are not in the way.
 */
export async function probeClashes(live: Connection, images: RowImages): Promise<UniqueClash[]> {
  const clashes: UniqueClash[] = []
  for (const index of await uniqueIndexes(live, images)) {
    const [found] = await live.query<{ count: number; first: UniqueClash['first'] | null }>(probeSql(images, index))
    if (found && found.count > 0) clashes.push({ index: index.name, columns: index.parts, count: found.count, first: found.first ?? [] })
  }
  return clashes
}

function probeSql(images: RowImages, { parts, equal, predicate, isNullEqual }: UniqueIndex): string {
  const asColumns = images.columns.map(({ name }, place) => `a${place} AS ${quoteName(name)}`)
  const probed = parts.map((part, place) => `(${part}) AS p${place}`)
  const columns = images.columns.map(({ name }) => quoteName(name))
  const keys = (images.table.key?.map(({ name }) => quoteName(name)) ?? [rowText(columns)]).map((key, place) => `${key} AS k${place}`)
  const where = predicate === null ? '' : ` WHERE ${predicate}`
  const same = parts.map((_part, place) => {
    const isSame = `wanted.p${place} OPERATOR(${equal[place]!}) there.p${place}`
    return isNullEqual ? `(${isSame} OR (wanted.p${place} IS NULL AND there.p${place} IS NULL))` : isSame
  })
  const keyText = (alias: string) => `pg_catalog.json_build_array(${hasKey(images) ? keyTexts(images, alias).join(', ') : `${alias}.k0`})`
  return `SELECT pg_catalog.count(*)::pg_catalog.int4 AS count,
      (pg_catalog.array_agg(pg_catalog.json_build_object('row', ${keyText('wanted')}, 'live', ${keyText('there')})))[1:${clashesListedMax}] AS first
    FROM (SELECT ${[...keys, ...probed].join(', ')} FROM (SELECT ${asColumns.join(', ')} FROM ${changeOf(images)}
        WHERE action IN ('insert', 'update')) AS written${where}) AS wanted
      JOIN (SELECT ${[...keys, ...probed].join(', ')} FROM ${liveRows(images)}${where}) AS there ON ${same.join(' AND ')}
    WHERE NOT EXISTS (SELECT FROM ${changeOf(images)} AS change WHERE ${isTouched(images)})`
}

/** Of rows that are equal, none or one has a value that stands once: that one goes, if any of them does. */
function isTouched(images: RowImages): string {
  if (!hasKey(images)) {
    const gone = rowText(images.columns.map((_column, place) => `change.b${place}`))
    return `change.action OPERATOR(pg_catalog.=) 'delete' AND ${gone} OPERATOR(pg_catalog.=) there.k0`
  }
  const key = touchedKey(images)
  return sameKey(
    images,
    (place) => key[place]!,
    (place) => `there.k${place}`,
  )
}

async function uniqueIndexes(live: Connection, { table }: RowImages): Promise<UniqueIndex[]> {
  // Since PostgreSQL 15; asked for by its name in JSON, so that older servers take the statement as well.
  const rows = await live.query<UniqueIndex>(
    `SELECT c.relname AS name, pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS predicate,
       COALESCE((pg_catalog.to_jsonb(i) OPERATOR(pg_catalog.->>) 'indnullsnotdistinct')::pg_catalog.bool, false) AS "isNullEqual",
       (SELECT pg_catalog.json_agg(pg_catalog.pg_get_indexdef(i.indexrelid, place.n, false) ORDER BY place.n)
          FROM pg_catalog.generate_series(1, i.indnkeyatts) AS place(n)) AS parts,
       (SELECT pg_catalog.json_agg(pg_catalog.quote_ident(n.nspname) || '.' || o.oprname ORDER BY place.n)
          FROM pg_catalog.generate_series(1, i.indnkeyatts) AS place(n)
            JOIN pg_catalog.pg_opclass oc ON oc.oid = i.indclass[place.n - 1]
            JOIN pg_catalog.pg_amop am ON am.amopfamily = oc.opcfamily AND am.amopstrategy = 3
              AND am.amoplefttype = oc.opcintype AND am.amoprighttype = oc.opcintype
            JOIN pg_catalog.pg_operator o ON o.oid = am.amopopr JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace) AS equal
     FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
     WHERE i.indrelid = $1 AND i.indisunique AND i.indisvalid
     ORDER BY c.relname COLLATE "C"`,
    [table.oid],
  )
  return rows
}

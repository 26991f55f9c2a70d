import { quoteLiteral, quoteName, type Connection } from './connection.ts'
import { changeOf } from './choose-changes.ts'
import type { RowImages } from './row-images.ts'

export interface AdvancedSequence {
  readonly sequence: string
  readonly from: string
  readonly to: string
}

interface OwnedSequence {
  readonly schema: string
  readonly name: string
  readonly column: string
  readonly increment: string
  readonly last: string | null
  readonly isCalled: boolean
}

/**
 * Moves sequences past the numbers that were written, so that none is given out again; never back. Not undone by a rollback
 * (PostgreSQL, "Sequence Manipulation Functions"), so it comes last, and a number that is skipped does no harm.
 */
export async function advanceSequences(connection: Connection, images: RowImages): Promise<AdvancedSequence[]> {
  const advanced: AdvancedSequence[] = []
  for (const { schema, name, column, increment, last, isCalled } of await sequencesOf(connection, images)) {
    const place = images.columns.findIndex((one) => one.name === column)
    if (place === -1) continue
    const isUp = !increment.startsWith('-')
    const [row] = await connection.query<{ reached: string | null }>(
      `SELECT pg_catalog.${isUp ? 'max' : 'min'}(a${place}::pg_catalog.numeric)::pg_catalog.text AS reached FROM ${changeOf(images)}
       WHERE action OPERATOR(pg_catalog.=) 'insert'`,
    )
    if (row?.reached === null || row === undefined) continue
    const reached = BigInt(row.reached)
    const now = BigInt(last ?? '0')
    const isBehind = last === null || (isUp ? now < reached : now > reached) || (now === reached && !isCalled)
    if (!isBehind) continue
    await connection.query(`SELECT pg_catalog.setval(${quoteLiteral(quoteName(schema, name))}, ${reached}, true)`)
    advanced.push({ sequence: `${schema}.${name}`, from: last ?? 'unused', to: String(reached) })
  }
  return advanced
}

/** Identity columns, and columns of numbers whose default takes the next one of a sequence. What a text makes of it is not known. */
async function sequencesOf(connection: Connection, { table }: RowImages): Promise<OwnedSequence[]> {
  const found = await connection.query<Omit<OwnedSequence, 'last' | 'isCalled'>>(
    `SELECT DISTINCT n.nspname AS schema, s.relname AS name, a.attname AS column, q.seqincrement::pg_catalog.text AS increment
     FROM pg_catalog.pg_attribute a
       LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
       JOIN pg_catalog.pg_depend p ON (p.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND p.objid = d.oid
             AND p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass)
          OR (p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND p.refobjid = a.attrelid AND p.refobjsubid = a.attnum
             AND p.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND p.deptype IN ('a', 'i'))
       JOIN pg_catalog.pg_class s ON s.relkind = 'S' AND s.oid = CASE WHEN p.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
             THEN p.refobjid ELSE p.objid END
       JOIN pg_catalog.pg_sequence q ON q.seqrelid = s.oid
       JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace
       JOIN pg_catalog.pg_type t ON t.oid = a.atttypid AND t.typcategory = 'N'
     WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY 1, 2, 3`,
    [table.oid],
  )
  const sequences: OwnedSequence[] = []
  for (const one of found) {
    const [state] = await connection.query<{ last: string; isCalled: boolean }>(
      `SELECT last_value::pg_catalog.text AS last, is_called AS "isCalled" FROM ${quoteName(one.schema, one.name)}`,
    )
    sequences.push({ ...one, last: state?.last ?? null, isCalled: state?.isCalled ?? false })
  }
  return sequences
}

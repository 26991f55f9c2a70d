import { strict as assert } from 'node:assert'
import { Fault } from '#base/fault.ts'
import { quoteLiteral, quoteName, type Connection } from './connection.ts'
import type { GraphTable } from './reference-graph.ts'

/** Where a value comes from that no row has. */
export interface FreshSource {
  /** The next number of a sequence, a random UUID, or the whole number after the greatest one. */
  readonly kind: 'sequence' | 'uuid' | 'number'
  readonly column: string
  /** An expression that gives another value each time; of a number that is for the table to say. */
  readonly draw: string
}

interface ColumnRow {
  readonly column: string
  readonly type: string
  readonly isIdentity: boolean
  readonly expression: string | null
  readonly sequences: readonly { readonly schema: string; readonly name: string; readonly mayUse: boolean }[]
}

/** Columns of a table to which a value can be given that was nowhere before, in the order of the table. */
export async function freshSources(connection: Connection, table: GraphTable): Promise<FreshSources> {
  return new FreshSources(connection, await connection.query<ColumnRow>(columnsSql, [table.oid]))
}

export class FreshSources {
  readonly #user: string
  readonly #columns: readonly ColumnRow[]

  constructor({ target }: Connection, columns: readonly ColumnRow[]) {
    this.#user = target.user
    this.#columns = columns
  }

  /** Undefined where only people can say what another value would be. */
  kindOf(column: string): FreshSource['kind'] | undefined {
    const found = this.#columns.find((one) => one.column === column)
    if (!found) return undefined
    if (found.sequences.length > 0) return 'sequence'
    if (found.type === 'uuid') return 'uuid'
    return wholeNumbers.has(found.type) ? 'number' : undefined
  }

  /** Of a column that has one. DATABASE_PRIVILEGE prints the GRANT for a sequence. */
  of(column: string): FreshSource {
    const kind = this.kindOf(column)
    assert(kind, 'somebody asked for its kind before')
    if (kind === 'number') return { kind, column, draw: '' }
    if (kind === 'uuid') return { kind, column, draw: 'pg_catalog.gen_random_uuid()' }
    return { kind, column, draw: this.#drawing(this.#columns.find((one) => one.column === column)!) }
  }

  #drawing({ isIdentity, expression, sequences }: ColumnRow): string {
    const missing = sequences.filter(({ mayUse }) => !mayUse)
    if (missing.length > 0) {
      const names = missing.map(({ schema, name }) => `${schema}.${name}`).join(', ')
      const grants = missing.map(({ schema, name }) => `GRANT USAGE ON SEQUENCE ${quoteName(schema, name)} TO ${quoteName(this.#user)};`)
      const fact = `role ${this.#user} may not draw new keys from ${names}, run:\n${grants.join('\n')}`
      throw new Fault('DATABASE_PRIVILEGE', fact, { role: this.#user, sequence: names })
    }
    const [sequence] = sequences
    // The default as the application's own inserts have it, which may be more than the number.
    if (!isIdentity && expression !== null) return expression
    return `pg_catalog.nextval(${quoteLiteral(quoteName(sequence!.schema, sequence!.name))}::pg_catalog.regclass)`
  }
}

const wholeNumbers: ReadonlySet<string> = new Set(['int2', 'int4', 'int8', 'numeric'])

/** Types by the name of PostgreSQL's own, of a domain that of what is below it. */
const columnsSql = `
  WITH RECURSIVE base AS (
    SELECT a.attnum, a.atttypid AS type FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT base.attnum, t.typbasetype FROM base JOIN pg_catalog.pg_type t ON t.oid = base.type WHERE t.typtype = 'd')
  SELECT a.attname AS column, t.typname AS type, a.attidentity OPERATOR(pg_catalog.<>) '' AS "isIdentity",
    pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS expression,
    COALESCE((SELECT pg_catalog.json_agg(pg_catalog.json_build_object('schema', n.nspname, 'name', s.relname,
        'mayUse', pg_catalog.has_sequence_privilege(s.oid, 'USAGE, UPDATE')) ORDER BY n.nspname, s.relname)
      FROM pg_catalog.pg_class s JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace
      WHERE s.relkind = 'S' AND CASE WHEN a.attidentity OPERATOR(pg_catalog.<>) ''
        THEN s.oid IN (SELECT p.objid FROM pg_catalog.pg_depend p WHERE p.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
          AND p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND p.refobjid = a.attrelid AND p.refobjsubid = a.attnum AND p.deptype = 'i')
        ELSE s.oid IN (SELECT p.refobjid FROM pg_catalog.pg_depend p WHERE p.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
          AND p.objid = d.oid AND p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass) END), '[]') AS sequences
  FROM pg_catalog.pg_attribute a
    JOIN base ON base.attnum = a.attnum
    JOIN pg_catalog.pg_type t ON t.oid = base.type AND t.typtype <> 'd'
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attrelid = $1 AND a.attgenerated = ''
  ORDER BY a.attnum`

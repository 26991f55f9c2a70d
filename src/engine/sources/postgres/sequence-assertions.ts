import { assertionSchema, type Assertion } from '#base/settings.ts'
import type { AssertionPlace } from './assertions.ts'
import { connect, quoteName } from './connection.ts'

interface OwnedSequence {
  readonly schema: string
  readonly sequence: string
  readonly table_schema: string
  readonly table_name: string
  readonly column_name: string
}

/**
 * For each sequence that gives out the numbers of a column: the next one is larger than all that the column has, so that a
 * restored system does not give out one twice. Those that count down, or begin again, promise nothing of the kind.
 */
export async function sequenceAssertions({ target, name }: AssertionPlace, signal?: AbortSignal): Promise<Assertion[]> {
  await using session = await connect(target, signal)
  // pg_depend: `a` of serial, `i` of identity columns.
  const rows = await session.query<OwnedSequence>(
    `select sn.nspname as schema, s.relname as sequence, tn.nspname as table_schema, t.relname as table_name, a.attname as column_name
     from pg_depend d
       join pg_class s on s.oid = d.objid and s.relkind = 'S'
       join pg_namespace sn on sn.oid = s.relnamespace
       join pg_sequence q on q.seqrelid = s.oid and q.seqincrement > 0 and not q.seqcycle
       join pg_class t on t.oid = d.refobjid
       join pg_namespace tn on tn.oid = t.relnamespace
       join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
     where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')
     order by 1, 2`,
  )
  return rows.map((row) => assertionOf(row, name))
}

function assertionOf({ schema, sequence, table_schema, table_name, column_name }: OwnedSequence, database: string): Assertion {
  return assertionSchema.parse({
    name: `sequence ${schema}.${sequence} is above ${table_schema}.${table_name}.${column_name}`,
    database,
    // Before it was called the first time, it gives out its value itself.
    sql: `select last_value - case when is_called then 0 else 1 end >=
        coalesce((select max(${quoteName(column_name)}) from ${quoteName(table_schema, table_name)})::numeric, last_value - 1) from ${quoteName(schema, sequence)}`,
  })
}

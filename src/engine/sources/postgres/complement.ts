import { Fault } from '#base/fault.ts'
import { changeOf } from './choose-changes.ts'
import { quoteName, type Connection } from './connection.ts'
import type { RowsHash } from './database-section.ts'
import { hasKey, sameKey, touchedKey, type RowImages } from './row-images.ts'
import { hashCopy } from './verify-rows.ts'
import { isPicked, pickedOf } from './write-keyless.ts'

/** Every row but those of the change set, table by table. */
export type Complement = ReadonlyMap<string, { readonly hash: RowsHash; readonly statement: (more: string) => string }>

interface LeafTable {
  readonly oid: number
  readonly root: number
  readonly schema: string
  readonly name: string
  readonly columns: readonly string[]
}

export interface ComplementOptions {
  readonly changes: readonly RowImages[]
  /** 16 bytes: two runs of one key can be compared. */
  readonly key: Uint8Array
}

/**
 * Number and content hash of every row that the change set does not name, of all ordinary tables of the database (SAFETY rule 32).
 * To be called before and after the writes, inside of the one transaction that writes.
 */
export async function hashComplement(
  connection: Connection,
  { changes, key }: ComplementOptions,
  signal: AbortSignal,
): Promise<Complement> {
  const changeOfRoot = new Map(changes.map((images) => [images.table.oid, images]))
  const found = new Map<string, { hash: RowsHash; statement: (more: string) => string }>()
  for (const leaf of await leafTables(connection)) {
    const images = changeOfRoot.get(leaf.root)
    const touched = images && `NOT EXISTS (SELECT FROM ${isTouched(images)})`
    const from = `ONLY ${quoteName(leaf.schema, leaf.name)} AS source`
    const columns = leaf.columns.map((column) => `source.${quoteName(column)}`).join(', ')
    const statement = (more: string) => {
      const where = [touched, more].filter((part) => part).join(' AND ')
      return `COPY (SELECT ${columns} FROM ${from}${where && ` WHERE ${where}`}) TO STDOUT`
    }
    found.set(`${leaf.schema}.${leaf.name}`, { hash: await hashCopy(connection, { statement: statement(''), key }, signal), statement })
  }
  return found
}

function isTouched(images: RowImages): string {
  if (!hasKey(images)) return `${pickedOf(images)} AS picked WHERE ${isPicked('source')}`
  const key = touchedKey(images)
  const same = sameKey(
    images,
    (place) => key[place]!,
    (_place, name) => `source.${quoteName(name)}`,
  )
  return `${changeOf(images)} AS change WHERE ${same}`
}

/** Rows that triggers added while the change set was written: the only effect beyond it that is let through, and it is listed. */
export interface TriggerEffect {
  readonly table: string
  readonly rowsAdded: number
}

/**
 * The same rows before and after, or rows more that this transaction itself added (by a trigger). ENTITY_COMPLEMENT when a row that is
 * not in the change set was changed or is gone: by a trigger, a rule or a cascade.
 */
export async function compareComplements(
  connection: Connection,
  { before, after, key }: { readonly before: Complement; readonly after: Complement; readonly key: Uint8Array },
  signal: AbortSignal,
): Promise<TriggerEffect[]> {
  const effects: TriggerEffect[] = []
  for (const [table, then] of before) {
    const now = after.get(table)
    if (!now) throw new Fault('ENTITY_COMPLEMENT', `table ${table} is gone`, { table })
    if (now.hash.rows === then.hash.rows && now.hash.sum === then.hash.sum) continue
    // Ours and our subtransactions' are younger than what the snapshot shows of others.
    const notOurs = 'pg_catalog.age(source.xmin) OPERATOR(pg_catalog.>) 0'
    const rest = await hashCopy(connection, { statement: now.statement(notOurs), key }, signal)
    if (rest.rows !== then.hash.rows || rest.sum !== then.hash.sum) {
      const fact = `rows of ${table} that are not in the change set would change: ${then.hash.rows} of them before, ${rest.rows} as they were after`
      throw new Fault('ENTITY_COMPLEMENT', fact, { table, rowsBefore: then.hash.rows, rowsLeft: rest.rows })
    }
    effects.push({ table, rowsAdded: now.hash.rows - rest.rows })
  }
  return effects
}

async function leafTables(connection: Connection): Promise<LeafTable[]> {
  return await connection.query<LeafTable>(
    `SELECT c.oid, COALESCE(pg_catalog.pg_partition_root(c.oid)::pg_catalog.oid, c.oid) AS root, n.nspname AS schema, c.relname AS name,
       (SELECT COALESCE(pg_catalog.json_agg(a.attname ORDER BY a.attnum), '[]') FROM pg_catalog.pg_attribute a
          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
       AND n.nspname !~ '^pg_'
     ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`,
  )
}

import { Fault } from '#base/fault.ts'
import { quoteName, sqlStateOf, type Connection } from './connection.ts'
import type { GraphTable } from './reference-graph.ts'

/** A trigger that somebody made, on a table or one of its partitions. */
export interface RowTrigger {
  readonly schema: string
  readonly table: string
  readonly name: string
  /** `O` origin, `A` always, `R` replica: as `pg_trigger.tgenabled`. */
  readonly enabled: 'O' | 'A' | 'R'
}

/** Triggers that would fire when rows of these tables are written. Those that PostgreSQL made for constraints are not among them. */
export async function enabledTriggers(connection: Connection, tables: readonly GraphTable[]): Promise<RowTrigger[]> {
  return await connection.query<RowTrigger>(
    `SELECT n.nspname AS schema, c.relname AS table, t.tgname AS name, t.tgenabled AS enabled
     FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE NOT t.tgisinternal AND t.tgenabled <> 'D'
       AND COALESCE(pg_catalog.pg_partition_root(c.oid)::pg_catalog.oid, c.oid) = ANY ($1::pg_catalog.oid[])
     ORDER BY 1, 2, 3`,
    [tables.map(({ oid }) => oid)],
  )
}

/** Until the transaction ends or `enableAgain`: foreign keys go on being checked. DATABASE_PRIVILEGE when the tables are not ours to alter. */
export async function disableTriggers(connection: Connection, triggers: readonly RowTrigger[]): Promise<void> {
  await alter(connection, triggers, () => 'DISABLE TRIGGER')
}

/** Each as it was. */
export async function enableAgain(connection: Connection, triggers: readonly RowTrigger[]): Promise<void> {
  await alter(connection, triggers, ({ enabled }) => `ENABLE ${{ O: '', A: 'ALWAYS ', R: 'REPLICA ' }[enabled]}TRIGGER`)
}

async function alter(connection: Connection, triggers: readonly RowTrigger[], verb: (trigger: RowTrigger) => string): Promise<void> {
  for (const trigger of triggers) {
    try {
      await connection.query(`ALTER TABLE ONLY ${quoteName(trigger.schema, trigger.table)} ${verb(trigger)} ${quoteName(trigger.name)}`)
    } catch (error) {
      if (sqlStateOf(error) !== '42501') throw error
      const fact = `role ${connection.target.user} does not own ${trigger.schema}.${trigger.table}, so its trigger ${trigger.name} cannot be kept from firing`
      throw new Fault('DATABASE_PRIVILEGE', fact, { table: `${trigger.schema}.${trigger.table}` }, { cause: error })
    }
  }
}

import { assertionSchema, type Assertion, type ReadyAssertion, type SystemSettings } from '#base/settings.ts'
import { quoteName } from './connection.ts'

const withinDefault = '24h'

/** Those that the operator wrote, and those whose query is written here. Of sequences the restored database tells. */
export function allAssertions(settings: SystemSettings): Assertion[] {
  const ready = (settings.readyAssertions ?? []).flatMap((one) => written(one, settings))
  return [...settings.assertions, ...ready]
}

/** Whether somebody wants to know of the sequences of this database. */
export function asksForSequences({ readyAssertions = [] }: SystemSettings, database: string): boolean {
  return readyAssertions.some((one) => one.kind === 'sequences' && (one.database ?? database) === database)
}

function written(ready: ReadyAssertion, { objectives: { rpoMinutes } }: SystemSettings): Assertion[] {
  if (ready.kind === 'sequences') return []
  const { database, schema, table } = ready
  const place = quoteName(schema, table)
  const named = (name: string, sql: string, expect: Assertion['expect']) => [
    assertionSchema.parse({ name, sql, expect, ...(database !== undefined && { database }) }),
  ]
  switch (ready.kind) {
    case 'count':
      return named(`${schema}.${table} has its rows`, `select count(*) from ${place}`, { atLeast: ready.atLeast })
    case 'no-orphans': {
      const { column, ofSchema, ofTable, ofColumn } = ready
      const of = quoteName(ofSchema, ofTable)
      return named(
        `every ${column} of ${schema}.${table} is in ${ofSchema}.${ofTable}`,
        `select count(*) from ${place} child where child.${quoteName(column)} is not null
           and not exists (select from ${of} parent where parent.${quoteName(ofColumn)} = child.${quoteName(column)})`,
        0,
      )
    }
    case 'newest': {
      const { column, within = rpoMinutes === undefined ? withinDefault : `${Math.ceil(rpoMinutes)}m` } = ready
      return named(`the newest ${column} of ${schema}.${table} is recent`, `select max(${quoteName(column)}) from ${place}`, { within })
    }
  }
}

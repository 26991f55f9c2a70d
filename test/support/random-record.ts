import assert from 'node:assert/strict'
import { readReferenceGraph } from '#engine/sources/postgres/reference-graph.ts'
import { connect } from '#engine/sources/postgres/connection.ts'
import { proposeOwnership } from '#engine/entities/ownership.ts'
import type { EntityWorld } from './entity-world.ts'
import { columnsOfReference, keyColumnsOf, quoted, type RandomSchema, type RandomTable } from './random-schema.ts'

/** A row as JSON shows it, by `table index:key`; without a key by all that stands in it and the number among equal ones. */
export type State = ReadonlyMap<string, Readonly<Record<string, unknown>>>

export const rowId = (table: number, key: readonly unknown[]) => `${table}:${key.join(',')}`

/** Everything in the database, as it is. */
export async function readState(world: EntityWorld, database: string, schema: RandomSchema): Promise<State> {
  const state = new Map<string, Record<string, unknown>>()
  for (const [index, table] of schema.tables.entries()) {
    const told = await world.cluster.psql(database, `select coalesce(json_agg(t), '[]') from ${quoted(table.name)} t`)
    const equal = new Map<string, number>()
    for (const row of JSON.parse(told) as Record<string, unknown>[]) {
      const text = JSON.stringify(row)
      equal.set(text, (equal.get(text) ?? 0) + 1)
      const key = table.keyWidth === 0 ? [text, equal.get(text)] : keyColumnsOf(table).map((column) => row[column])
      state.set(rowId(index, key), row)
    }
  }
  return state
}

export interface Link {
  readonly from: string
  readonly to: string
  readonly isOwning: boolean
}

/** Who names whom in a state, and which of it is owning. */
export function linksOf(schema: RandomSchema, owning: ReadonlySet<string>, state: State): Link[] {
  return [...state].flatMap(([from, row]) => {
    const child = Number(from.split(':')[0])
    return schema.tables[child]!.references.flatMap((reference) => {
      const columns = columnsOfReference(schema, reference)
      const values = columns.map((column) => row[column])
      if (values.some((value) => value === null)) return []
      return [{ from, to: rowId(reference.to, values), isOwning: owning.has(edgeName(schema, child, columns, reference.to)) }]
    })
  })
}

const edgeName = (schema: RandomSchema, child: number, columns: readonly string[], to: number) =>
  `${schema.tables[child]!.name} ${columns.join(',')} ${schema.tables[to]!.name}`

export async function owningEdges(world: EntityWorld, database: string): Promise<Set<string>> {
  await using connection = await connect(world.cluster.target(database))
  const graph = await readReferenceGraph(connection)
  const nameOf = new Map(graph.tables.map(({ oid, name }) => [oid, name]))
  return new Set(
    proposeOwnership(graph).flatMap(({ reference: { child, columns, parent }, ownership }) =>
      ownership === 'own' ? [`${nameOf.get(child)!} ${columns.join(',')} ${nameOf.get(parent)!}`] : [],
    ),
  )
}

/** Own rows and all that have to exist for them, by following links one by one. */
export function belonging(links: readonly Link[], state: State, root: string): { own: Set<string>; all: Set<string> } {
  const own = new Set(state.has(root) ? [root] : [])
  for (let size = -1; size !== own.size;) {
    size = own.size
    for (const link of links) if (link.isOwning && own.has(link.to)) own.add(link.from)
  }
  const all = new Set(own)
  for (let size = -1; size !== all.size;) {
    size = all.size
    for (const link of links) if (all.has(link.from)) all.add(link.to)
  }
  return { own, all }
}

interface Restored {
  readonly schema: RandomSchema
  readonly owning: ReadonlySet<string>
  readonly past: State
  readonly now: State
  readonly root: string
}

/** The state that bringing the record back should give; undefined when a foreign key would not let it stand. */
export function expectedState({ schema, owning, past, now, root }: Restored): State | undefined {
  const before = belonging(linksOf(schema, owning, past), past, root)
  const after = belonging(linksOf(schema, owning, now), now, root)
  const expected = new Map(now)
  for (const row of after.own) {
    if (before.own.has(row)) continue
    // A row that only has to exist in the backup stays as it is, whoever it belongs to by now.
    if (before.all.has(row)) continue
    const image = past.get(row)
    if (image) expected.set(row, image)
    else expected.delete(row)
  }
  for (const row of before.own) expected.set(row, past.get(row)!)
  for (const row of before.all) if (!expected.has(row)) expected.set(row, past.get(row)!)
  // What is gone from below a row that stays is refused, and so is a row whose parent is.
  const isSound = linksOf(schema, owning, expected).every(({ to }) => expected.has(to))
  return isSound ? expected : undefined
}

export function assertSame(actual: State, expected: State, what: string): void {
  const plain = (state: State) => Object.fromEntries([...state].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  assert.deepEqual(plain(actual), plain(expected), what)
}

/** All rows of a record in one statement, so that circles are no hindrance; refused where others name them. */
export async function deleteRecord(
  world: EntityWorld,
  database: string,
  { schema, owning, root }: { schema: RandomSchema; owning: ReadonlySet<string>; root: string },
): Promise<void> {
  const state = await readState(world, database, schema)
  const { own } = belonging(linksOf(schema, owning, state), state, root)
  const parts = schema.tables.flatMap((table, index) => {
    const rows = [...own].filter((row) => row.startsWith(`${index}:`))
    if (rows.length === 0) return []
    // Equal rows belong to the same record.
    const [which, keys] =
      table.keyWidth === 0
        ? ['to_json(t)::text', rows.map((row) => `$k$${JSON.stringify(state.get(row))}$k$`)]
        : [`(${keyColumnsOf(table).join(', ')})`, rows.map((row) => `(${row.split(':')[1]})`)]
    return [`d${index} as (delete from ${quoted(table.name)} t where ${which} in (${keys.join(', ')}))`]
  })
  if (parts.length === 0) return
  await world.cluster.psql(database, `do $$ begin execute $q$with ${parts.join(', ')} select 1$q$; exception when others then null; end $$`)
}

/** Random statements that people might run meanwhile; those that the database refuses change nothing. */
export async function meddle(world: EntityWorld, database: string, schema: RandomSchema, pick: (below: number) => number): Promise<void> {
  for (let step = 0; step < 12; step += 1) {
    const index = pick(schema.tables.length)
    const table = schema.tables[index]!
    const row = table.rows[pick(table.rows.length)]!
    const where = whereRow(table, row, pick)
    const statements = [
      `delete from ${quoted(table.name)} where ${where}`,
      `delete from ${quoted(table.name)} where ${where}`,
      `update ${quoted(table.name)} set word = 'changed ${step}' where ${where}`,
      pointElsewhere(schema, index, { where, pick }),
      addRow(schema, index, { step, pick }),
      ...(table.keyWidth === 0 ? [`insert into ${quoted(table.name)} select * from ${quoted(table.name)} where ${where}`] : []),
    ]
    const sql = statements[pick(statements.length)]!
    if (sql !== undefined) await world.cluster.psql(database, `do $$ begin ${sql}; exception when others then null; end $$`)
  }
}

/** Without a key: some row. */
function whereRow(table: RandomTable, { key }: RandomTable['rows'][number], pick: (below: number) => number): string {
  if (table.keyWidth === 0) return `ctid = (select ctid from ${quoted(table.name)} order by ctid offset ${pick(table.rows.length)} limit 1)`
  return keyColumnsOf(table)
    .map((column, at) => `${column} = ${key[at]}`)
    .join(' and ')
}

function pointElsewhere(schema: RandomSchema, index: number, { where, pick }: { where: string; pick: (below: number) => number }): string {
  const table = schema.tables[index]!
  const reference = table.references[pick(Math.max(1, table.references.length))]
  if (!reference) return `update ${quoted(table.name)} set word = 'touched' where ${where}`
  const target = schema.tables[reference.to]!
  // Sometimes to a row that came meanwhile, so that it cannot go again as long as this one stays.
  const key = pick(3) === 0 ? newKey(target, pick(12)) : target.rows[pick(target.rows.length)]!.key
  const set = columnsOfReference(schema, reference).map((column, at) => `${column} = ${key[at]}`)
  return `update ${quoted(table.name)} set ${set.join(', ')} where ${where}`
}

const newKey = (table: RandomTable, step: number) => keyColumnsOf(table).map((_column, at) => 1000 + step * 10 + at)

function addRow(schema: RandomSchema, index: number, { step, pick }: { step: number; pick: (below: number) => number }): string {
  const table = schema.tables[index]!
  const columns = [...keyColumnsOf(table)]
  const values = newKey(table, step).map(String)
  for (const reference of table.references) {
    const target = schema.tables[reference.to]!
    const key = target.rows[pick(target.rows.length)]!.key
    columns.push(...columnsOfReference(schema, reference))
    values.push(...key.map(String))
  }
  return `insert into ${quoted(table.name)} (${columns.join(', ')}, word) values (${values.join(', ')}, 'new ${step}')`
}

import { Fault } from '#base/fault.ts'
import { quoteLiteral, quoteName, sqlStateOf, type Connection } from './connection.ts'
import { rowsOf, type GraphReference, type GraphTable } from './reference-graph.ts'

/** One way from rows to rows: by a foreign key, or as somebody declared it. */
export interface Way {
  readonly child: GraphTable
  readonly parent: GraphTable
  /** `child` and `parent` stand for the two tables. */
  readonly condition: string
  /** Columns of the child that the condition speaks of. */
  readonly childColumns: readonly string[]
  /** Down: who names an owned row is owned as well. */
  readonly isOwning: boolean
  /** Up: the row that is named has to exist. */
  readonly isNeeded: boolean
}

export interface ClosureRoot {
  readonly table: GraphTable
  readonly column: string
  /** As people write it; compared as the column's own type. */
  readonly value: string
  /** That there is none is an answer as well. */
  readonly mayBeAbsent?: boolean | undefined
}

export interface ClosureCount {
  readonly table: GraphTable
  /** Rows that are part of the entity, and rows that only have to exist. */
  readonly own: number
  readonly needed: number
}

export interface Asked {
  readonly roots: readonly ClosureRoot[]
  /** All rows of these, and of others only those that have to exist for them. */
  readonly tables: readonly GraphTable[]
  /** Rows of these are kept only where the condition holds; `source` stands for the table. What hangs on others goes with them. */
  readonly ranges: readonly { readonly table: GraphTable; readonly condition: string }[]
}

/** What belongs to some entities, as temporary tables of the session that found it. */
export interface Closure {
  readonly counts: readonly ClosureCount[]
  /** The temporary table with the keys of a table's rows, their `own` and `gen`; undefined when none was found. */
  placeOf(table: GraphTable): string | undefined
}

/**
 * Finds every row that belongs to the roots, by batches and never row by row: first down the owning ways until nothing new is
 * found (cycles end by themselves), then up to what must exist for them. Rows found upward lead nowhere further down. The session
 * must be in a transaction that may write, since the keys go into temporary tables; nothing else is written.
 * Faults: ENTITY_UNKNOWN for a root that is not there, ENTITY_KEY for a value that its column cannot hold, DATABASE_COVERAGE without TEMP.
 */
export async function findClosure(connection: Connection, roots: readonly ClosureRoot[], ways: readonly Way[]): Promise<Closure> {
  const needed = ways.filter(({ isNeeded }) => isNeeded)
  const work = new ClosureWork(connection, needed)
  for (const root of roots) await work.begin(root)
  await work.descend(ways.filter(({ isOwning }) => isOwning))
  await work.ascend(needed)
  return { counts: await work.counts(), placeOf: (table) => work.placeOf(table) }
}

/** Of a table whose key is one column: the keys with which a closure began, as text. */
export async function rootKeys(connection: Connection, place: string): Promise<string[]> {
  const rows = await connection.query<{ key: string }>(
    `SELECT k0::pg_catalog.text AS key FROM ${place} WHERE own AND gen OPERATOR(pg_catalog.=) 0`,
  )
  return rows.map(({ key }) => key)
}

/**
 * As `findClosure`, for entities and whole tables together, of which ranges may keep a part. A row of a root is always kept. Faults as of `findClosure`.
 */
export async function findAsked(connection: Connection, { roots, tables, ranges }: Asked, ways: readonly Way[]): Promise<Closure> {
  const needed = ways.filter(({ isNeeded }) => isNeeded)
  const work = new ClosureWork(connection, needed)
  const owning = ways.filter(({ isOwning }) => isOwning)
  for (const root of roots) await work.begin(root)
  await work.descend(owning)
  for (const table of tables) await work.take(table)
  await work.keep(ranges, owning)
  await work.ascend(needed)
  return { counts: await work.counts(), placeOf: (table) => work.placeOf(table) }
}

/** Rows whose keys are new in one generation; small ones are not worth statistics. */
const analyzedRowsMin = 1_000

class ClosureWork {
  readonly #connection: Connection
  readonly #places = new Map<number, { readonly table: GraphTable; readonly place: string }>()
  /** Of each table: the generations in which it got rows. */
  readonly #gained = new Map<number, Set<number>>()
  /** Of each table: columns by which its rows name others. They are kept with the keys, so that no table is read a second time for them. */
  readonly #naming = new Map<number, readonly string[]>()
  #generation = 0

  constructor(connection: Connection, needed: readonly Way[]) {
    this.#connection = connection
    for (const { child, childColumns } of needed)
      this.#naming.set(child.oid, [...new Set([...(this.#naming.get(child.oid) ?? []), ...childColumns])])
  }

  placeOf({ oid }: GraphTable): string | undefined {
    return this.#gained.has(oid) ? this.#places.get(oid)?.place : undefined
  }

  async begin({ table, column, value, mayBeAbsent }: ClosureRoot): Promise<void> {
    const place = await this.#make(table)
    // Counts what is found, also where another root found it before.
    const found = await this.#counted(
      `INSERT INTO ${place} SELECT ${this.#kept(table, 'root')}, true, 0 FROM ${rowsOf(table)} AS root WHERE ${isValue(table, column)}
       ON CONFLICT (${placeKeyOf(table)}) DO UPDATE SET own = true`,
      [value],
    )
    if (found === 0 && mayBeAbsent) return
    if (found === 0) throw new Fault('ENTITY_UNKNOWN', `no row of ${table.schema}.${table.name} has that ${column}`, { column })
    this.#gain(table, 0)
  }

  /** Semi-naive: each generation looks only from the rows that the one before found. */
  async descend(ways: readonly Way[]): Promise<void> {
    for (let isNew = true; isNew;) {
      const from = this.#generation
      this.#generation += 1
      isNew = false
      for (const way of ways) {
        if (!this.#gained.get(way.parent.oid)?.has(from)) continue
        if ((await this.#follow(way, from)) > 0) isNew = true
      }
    }
  }

  /** All rows of a table. */
  async take(table: GraphTable): Promise<void> {
    const place = await this.#make(table)
    const insert = `INSERT INTO ${place} SELECT ${this.#kept(table, 'source')}, true, ${this.#generation} FROM ${rowsOf(table)} AS source`
    await this.#grew(table, place, await this.#counted(`${insert} ON CONFLICT DO NOTHING`))
  }

  /** Gives up what is out of a range, then what belongs to that, and so on down; but for the roots. */
  async keep(ranges: Asked['ranges'], ways: readonly Way[]): Promise<void> {
    let gone = new Set<number>()
    for (const { table, condition } of ranges) {
      const place = this.placeOf(table)
      if (place === undefined) continue
      const count = await this.#counted(
        `UPDATE ${place} AS found SET gen = -1 FROM ${rowsOf(table)} AS source
         WHERE found.gen > 0 AND ${isRow(table, 'found', 'source')} AND (${condition}) IS NOT TRUE`,
      )
      if (count > 0) gone.add(table.oid)
    }
    for (let generation = -2; gone.size > 0; generation -= 1) {
      const next = new Set<number>()
      for (const way of ways)
        if (gone.has(way.parent.oid) && this.placeOf(way.child) && (await this.#giveUp(way, generation)) > 0) next.add(way.child.oid)
      gone = next
    }
    for (const { place } of this.#places.values()) await this.#counted(`DELETE FROM ${place} WHERE gen < 0`)
  }

  async #giveUp({ child, parent, condition }: Way, generation: number): Promise<number> {
    return await this.#counted(
      `UPDATE ${this.#places.get(child.oid)!.place} AS mine SET gen = ${generation}
       FROM ${this.#places.get(parent.oid)!.place} AS gone
         JOIN ${rowsOf(parent)} AS parent ON ${isRow(parent, 'gone', 'parent')}
         JOIN ${rowsOf(child)} AS child ON ${condition}
       WHERE gone.gen = ${generation + 1} AND mine.gen > 0 AND ${isRow(child, 'mine', 'child')}`,
    )
  }

  /** From all rows that were found so far, then from those that this found. */
  async ascend(ways: readonly Way[]): Promise<void> {
    let isFrom = (generation: number, now: number) => generation < now
    for (let isNew = true; isNew;) {
      const now = (this.#generation += 1)
      isNew = false
      for (const way of ways) {
        const gained = [...(this.#gained.get(way.child.oid) ?? [])].filter((generation) => isFrom(generation, now))
        if (gained.length > 0 && (await this.#climb(way, gained)) > 0) isNew = true
      }
      isFrom = (generation, next) => generation === next - 1
    }
  }

  async counts(): Promise<ClosureCount[]> {
    const counts: ClosureCount[] = []
    for (const { table, place } of this.#places.values()) {
      const [row] = await this.#connection.query<{ own: string; needed: string }>(
        `SELECT count(*) FILTER (WHERE own) AS own, count(*) FILTER (WHERE NOT own) AS needed FROM ${place}`,
      )
      if (row && (row.own !== '0' || row.needed !== '0')) counts.push({ table, own: Number(row.own), needed: Number(row.needed) })
    }
    return counts
  }

  async #follow({ child, parent, condition }: Way, from: number): Promise<number> {
    const place = await this.#make(child)
    const added = await this.#counted(
      `INSERT INTO ${place} SELECT ${this.#kept(child, 'child')}, true, ${this.#generation}
       FROM ${this.#places.get(parent.oid)!.place} AS found
         JOIN ${rowsOf(parent)} AS parent ON ${isRow(parent, 'found', 'parent')}
         JOIN ${rowsOf(child)} AS child ON ${condition}
       WHERE found.own AND found.gen = ${from}
       ON CONFLICT DO NOTHING`,
    )
    if (added > 0) await this.#grew(child, place, added)
    return added
  }

  async #climb({ child, parent, condition, childColumns }: Way, gained: readonly number[]): Promise<number> {
    const place = await this.#make(parent)
    const kept = this.#naming.get(child.oid)!
    const naming = [...new Set(childColumns)].map((column) => `found.u${kept.indexOf(column)} AS ${quoteName(column)}`)
    const added = await this.#counted(
      `INSERT INTO ${place} SELECT ${this.#kept(parent, 'parent')}, false, ${this.#generation}
       FROM (SELECT DISTINCT ${naming.join(', ')} FROM ${this.#places.get(child.oid)!.place} AS found
             WHERE found.gen IN (${gained.join(', ')})) AS child
         JOIN ${rowsOf(parent)} AS parent ON ${condition}
       ON CONFLICT DO NOTHING`,
    )
    if (added > 0) await this.#grew(parent, place, added)
    return added
  }

  /** What is kept of a row: its key, and what it names others by. */
  #kept(table: GraphTable, alias: string): string {
    return [keyOf(table, alias), ...(this.#naming.get(table.oid) ?? []).map((column) => `${alias}.${quoteName(column)}`)].join(', ')
  }

  async #grew(table: GraphTable, place: string, added: number): Promise<void> {
    this.#gain(table, this.#generation)
    if (added >= analyzedRowsMin) await this.#connection.query(`ANALYZE ${place}`)
  }

  #gain({ oid }: GraphTable, generation: number): void {
    const gained = this.#gained.get(oid) ?? new Set()
    this.#gained.set(oid, gained.add(generation))
  }

  /** The keys of a table's rows. Without a key a row is named by where it lies, which holds for this transaction's snapshot. */
  async #make(table: GraphTable): Promise<string> {
    const known = this.#places.get(table.oid)
    if (known) return known.place
    const place = `pg_temp.${quoteName(`closure_${table.oid}`)}`
    const columns = table.key?.map(({ name }, index) => `source.${quoteName(name)} AS k${index}`) ?? [
      'source.tableoid AS k0',
      'source.ctid AS k1',
    ]
    const naming = (this.#naming.get(table.oid) ?? []).map((column, index) => `source.${quoteName(column)} AS u${index}`)
    try {
      await this.#connection.query(`CREATE TEMPORARY TABLE ${quoteName(`closure_${table.oid}`)} ON COMMIT DROP AS
        SELECT ${[...columns, ...naming].join(', ')}, true AS own, 0 AS gen FROM ${rowsOf(table)} AS source WITH NO DATA`)
    } catch (error) {
      throw temporaryFault(error, this.#connection)
    }
    await this.#connection.query(`ALTER TABLE ${place} ADD PRIMARY KEY (${placeKeyOf(table)})`)
    this.#places.set(table.oid, { table, place })
    return place
  }

  async #counted(sql: string, parameters: readonly unknown[] = []): Promise<number> {
    try {
      return (await this.#connection.client.query(sql, [...parameters])).rowCount ?? 0
    } catch (error) {
      // invalid_text_representation, numeric_value_out_of_range, datetime_field_overflow and what else a value may not be.
      if (parameters.length > 0 && sqlStateOf(error)?.startsWith('22'))
        throw new Fault('ENTITY_KEY', 'the key is not of the type of its column', { sqlState: sqlStateOf(error) ?? null }, { cause: error })
      throw error
    }
  }
}

function temporaryFault(error: unknown, { target }: Connection): unknown {
  if (sqlStateOf(error) !== '42501') return error
  const grant = `GRANT TEMPORARY ON DATABASE ${quoteName(target.database)} TO ${quoteName(target.user)};`
  const fact = `role ${target.user} may not make temporary tables, which hold the keys of what belongs to an entity, run:\n${grant}`
  return new Fault('DATABASE_COVERAGE', fact, { role: target.user, grants: grant }, { cause: error })
}

/** As the unique index of the column compares; without one by what is written in it. */
function isValue({ uniqueColumns }: GraphTable, column: string): string {
  const known = uniqueColumns.find(({ name }) => name === column)
  return known ? `root.${quoteName(column)} OPERATOR(${known.equal}) $1` : sameText(`root.${quoteName(column)}`, '$1')
}

function keyOf(table: GraphTable, alias: string): string {
  return (table.key?.map(({ name }) => `${alias}.${quoteName(name)}`) ?? [`${alias}.tableoid`, `${alias}.ctid`]).join(', ')
}

/** The columns of a table's key as its temporary table has them. */
function placeKeyOf({ key }: GraphTable): string {
  return (key ?? ['tableoid', 'ctid']).map((_column, index) => `k${index}`).join(', ')
}

/** `found`, of a table of keys as a closure makes them, names the row `alias`. */
export function isRow(table: GraphTable, found: string, alias: string): string {
  const own = table.key?.map(({ name, equal }, index) => `${found}.k${index} OPERATOR(${equal}) ${alias}.${quoteName(name)}`)
  return (own ?? [`${found}.k0 OPERATOR(pg_catalog.=) ${alias}.tableoid`, `${found}.k1 OPERATOR(pg_catalog.=) ${alias}.ctid`]).join(' AND ')
}

/** As PostgreSQL itself judges the constraint: by the operators that it keeps with it. */
export function conditionOf({ columns, parentColumns, equal }: GraphReference): string {
  return columns
    .map((column, index) => `parent.${quoteName(parentColumns[index]!)} OPERATOR(${equal[index]!}) child.${quoteName(column)}`)
    .join(' AND ')
}

/** Of columns that nothing declares to belong together, and whose types may differ: by what is written in them. */
export function declaredCondition(columns: readonly string[], parentColumns: readonly string[]): string {
  return columns.map((column, index) => sameText(`parent.${quoteName(parentColumns[index]!)}`, `child.${quoteName(column)}`)).join(' AND ')
}

export function polymorphicCondition(names: {
  readonly typeColumn: string
  readonly idColumn: string
  readonly type: string
  readonly column: string
}): string {
  const type = sameText(`child.${quoteName(names.typeColumn)}`, quoteLiteral(names.type))
  return `${type} AND ${sameText(`parent.${quoteName(names.column)}`, `child.${quoteName(names.idColumn)}`)}`
}

function sameText(a: string, b: string): string {
  return `${a}::pg_catalog.text OPERATOR(pg_catalog.=) ${b}::pg_catalog.text`
}

import { Fault } from '#base/fault.ts'
import type { Connection } from './connection.ts'
import { freshSources, type FreshSource, type FreshSources } from './fresh-values.ts'
import { asTheyWere, asType, MappedRows, type CopyValue } from './mapped-rows.ts'
import type { GraphTable, KeyColumn } from './reference-graph.ts'
import { sameText, type RowImages } from './row-images.ts'
import { writeOrder } from './write-order.ts'

/** Columns by which rows of one table name rows of another, declared by the database or by people. */
export interface FollowedReference {
  readonly child: GraphTable
  readonly parent: GraphTable
  /** Of the child, and what each of them holds of the parent. */
  readonly columns: readonly string[]
  readonly parentColumns: readonly string[]
  /** `child` and `parent` stand for the two tables; it speaks of `childColumns`, which may be more. */
  readonly condition: string
  readonly childColumns: readonly string[]
  /** The server itself looks after it. */
  readonly isForeignKey: boolean
}

export interface CopyOrder {
  /** Tables of which rows are written from the backup; decided on by `decideRows`. */
  readonly tables: readonly RowImages[]
  readonly references: readonly FollowedReference[]
  readonly values: readonly CopyValue[]
}

export interface CopiedTable {
  readonly images: RowImages
  /** Places of the columns that `mapped_<oid>` has, in which what is written differs from the backup where it follows a copy. */
  readonly remapped: readonly number[]
  /** Where the new keys come from, beside what follows from others and what people said. */
  readonly drawn: ReadonlySet<FreshSource['kind']>
}

/**
 * Gives every row that is to be copied a key of its own, in temporary tables of the live session (`mapped_<oid>`), and lets references
 * of all rows that are written from the backup follow. A key column that names a copied row follows it; where that leaves a key as it was,
 * a column of it is drawn anew. Numbers of sequences are drawn for good, whatever becomes of the transaction.
 * Faults: ENTITY_POLICY for a key or a reference that cannot follow, with what to say; DATABASE_PRIVILEGE for a sequence.
 */
export async function giveNewKeys(live: Connection, order: CopyOrder): Promise<CopiedTable[]> {
  const work = new CopyWork(live, order)
  await work.make()
  // Rows that become copies because they follow one may need values and keys themselves.
  do {
    await work.giveValues()
    await work.renew()
  } while (await work.promote())
  await work.assertSound()
  return work.results()
}

/** A table as the work goes on. */
interface Mapped {
  readonly rows: MappedRows
  readonly fresh: FreshSources
  /** Columns of the key that can be drawn anew, first choice first, and those that can be counted on. */
  readonly keyColumns: { readonly drawn: readonly string[]; readonly counted: readonly string[] }
  /** Columns beside the key that let each value in once, and can be drawn anew. */
  readonly uniqueColumns: readonly KeyColumn[]
  readonly drawn: Set<FreshSource['kind']>
}

/** References that contradict each other would be followed without end. */
const passesMax = 1_000

class CopyWork {
  readonly #live: Connection
  readonly #order: CopyOrder
  readonly #references: readonly FollowedReference[]
  readonly #tables = new Map<number, Mapped>()
  /** What is said of one row comes after what is said of all, and stands. */
  readonly #values: readonly CopyValue[]
  readonly #given = new Set<CopyValue>()
  /** Parents before those who name them. */
  #inOrder: readonly Mapped[] = []

  constructor(live: Connection, order: CopyOrder) {
    this.#live = live
    this.#order = order
    this.#values = order.values.toSorted((a, b) => Number(a.key !== undefined) - Number(b.key !== undefined))
    const tables = new Map(order.tables.map((images) => [images.table.oid, images]))
    this.#references = order.references.filter(({ child, parent }) => tables.has(child.oid) && tables.has(parent.oid))
  }

  async make(): Promise<void> {
    const { tables, values } = this.#order
    assertNamed(tables, values)
    for (const reference of this.#references) assertWritten(reference, tables)
    for (const images of tables) this.#tables.set(images.table.oid, await this.#mapped(images))
    const edges = this.#references.map(({ child, parent }) => ({ child: child.oid, parent: parent.oid }))
    this.#inOrder = writeOrder([...this.#tables.keys()], edges).flatMap((group) => group.map((oid) => this.#tables.get(oid)!))
    for (const { rows } of this.#inOrder) await rows.make()
  }

  async giveValues(): Promise<void> {
    for (const value of this.#values) {
      const { rows } = this.#inOrder.find((one) => isOf(one.rows.images, value))!
      if ((await rows.give(value)) > 0) this.#given.add(value)
    }
    for (const mapped of this.#inOrder) await this.#follow(mapped)
  }

  /** A key is counted on only when nothing that is drawn makes it new: the second visit stays the second one. */
  async renew(): Promise<void> {
    for (let isNew = true; isNew;) isNew = (await this.#renewed('drawn')) || (await this.#renewed('counted'))
  }

  async #renewed(how: 'drawn' | 'counted'): Promise<boolean> {
    let isNew = false
    for (const mapped of this.#inOrder) {
      if (!(await renewed(mapped, mapped.keyColumns[how][0]))) continue
      isNew = true
      await this.#follow(mapped)
    }
    return isNew
  }

  async promote(): Promise<boolean> {
    let promoted = 0
    for (const { rows } of this.#inOrder) promoted += await rows.promote()
    return promoted > 0
  }

  async assertSound(): Promise<void> {
    const idle = this.#values.find((value) => value.key !== undefined && !this.#given.has(value))
    if (idle) {
      const table = `${idle.schema}.${idle.table}`
      throw new Fault('ENTITY_POLICY', `copyValues: no row of ${table} with such a key is copied`, { table, column: idle.column })
    }
    for (const { rows } of this.#inOrder) {
      const left = await rows.pending()
      if (left > 0) throw await this.#noNewKey(rows, left)
      await rows.assertFree()
    }
    for (const reference of this.#references) if (reference.isForeignKey) await this.#assertFollows(reference)
  }

  results(): CopiedTable[] {
    return this.#inOrder.map(({ rows, drawn }) => ({ images: rows.images, remapped: rows.places, drawn }))
  }

  async #mapped(images: RowImages): Promise<Mapped> {
    const { table } = images
    const fresh = await freshSources(this.#live, table)
    const down = this.#references.filter(({ child }) => child.oid === table.oid)
    const up = this.#references.filter(({ parent }) => parent.oid === table.oid)
    const naming = new Set(down.flatMap(({ columns }) => columns))
    const key = new Set(table.key!.map(({ name }) => name))
    const uniqueColumns = table.uniqueColumns.filter(({ name }) => {
      const kind = fresh.kindOf(name)
      return !naming.has(name) && !key.has(name) && (kind === 'sequence' || kind === 'uuid')
    })
    const held = [
      ...down.flatMap(({ columns, childColumns }) => [...columns, ...childColumns]),
      ...up.flatMap(({ parentColumns }) => parentColumns),
      ...this.#order.values.flatMap((value) => (isOf(images, value) ? [value.column] : [])),
      ...uniqueColumns.map(({ name }) => name),
    ]
    const [free, bound] = [[...key].filter((name) => !naming.has(name)), [...key].filter((name) => naming.has(name))]
    const of = (kind: FreshSource['kind'], names: readonly string[]) => names.filter((name) => fresh.kindOf(name) === kind)
    // A column of a sequence may name others as well, who follow it: the first visit of a patient, by its number and the patient's.
    const drawn = [...of('sequence', free), ...of('uuid', free), ...of('sequence', bound)]
    const keyColumns = { drawn, counted: of('number', free).toReversed() }
    return { rows: new MappedRows(this.#live, images, new Set(held)), fresh, keyColumns, uniqueColumns, drawn: new Set() }
  }

  /** Hands what is new in one table to those who name it, and on to those who name them. */
  async #follow(from: Mapped): Promise<void> {
    const waiting = [from]
    for (let pass = 0; waiting.length > 0; pass += 1) {
      const { rows: parent } = waiting.shift()!
      for (const reference of this.#references.filter((one) => one.parent.oid === parent.images.table.oid)) {
        if (pass > passesMax) throw contradiction(reference)
        const child = this.#tables.get(reference.child.oid)!
        const changed = await child.rows.change(followSql(child.rows, parent, reference))
        if (changed > 0 && !waiting.includes(child)) waiting.push(child)
      }
    }
  }

  /** A foreign key of which some columns follow a copy and others name a row that is none. */
  async #assertFollows(reference: FollowedReference): Promise<void> {
    const child = this.#tables.get(reference.child.oid)!.rows
    const parent = this.#tables.get(reference.parent.oid)!.rows
    const places = reference.columns.map((column) => child.placeOf(column)!)
    const [were, are] = [places.map((place) => `one.o${place}`), places.map((place) => `one.n${place}`)]
    const names = valuesOf(child, parent, reference)
    const broken = await child.count(
      `SELECT FROM ${child.relation} AS one, ${asTheyWere(child, 'one', reference.childColumns)} AS child
       WHERE NOT (${sameText(were, are)}) AND ${were.map((value) => `${value} IS NOT NULL`).join(' AND ')}
         AND NOT EXISTS (SELECT FROM ${parent.relation} AS two, ${asTheyWere(parent, 'two', reference.parentColumns)} AS parent
           WHERE ${reference.condition} AND ${sameText(are, names)})`,
    )
    if (broken > 0) throw contradiction(reference, broken)
  }

  async #noNewKey(rows: MappedRows, left: number): Promise<Fault> {
    const { schema, name: table, key, oid } = rows.images.table
    const keys = key!.map(({ name }) => name)
    const naming = this.#references.filter(({ child, columns }) => child.oid === oid && columns.some((column) => keys.includes(column)))
    const named = new Set(naming.flatMap(({ columns }) => columns))
    const free = keys.find((column) => !named.has(column))
    const fact = `${left} copies in ${rows.name} need another key, and nothing gives one to (${keys.join(', ')})`
    const parents = naming.map(({ parent }) => `${parent.schema}.${parent.name}`).join(', ')
    const advice =
      free === undefined
        ? `all of it names rows of ${parents}, which get no other key either, or name these in a circle: leave the rows out, or copy those as well`
        : `write in the policy "copyValues": [${JSON.stringify({ schema, table, column: free, suffix: '-copy' })}]`
    return new Fault('ENTITY_POLICY', `${fact}: ${advice}`, { table: rows.name, copies: left, column: free ?? null })
  }
}

async function renewed({ rows, fresh, uniqueColumns, drawn }: Mapped, column: string | undefined): Promise<boolean> {
  let given = 0
  if (column !== undefined && (await rows.pending()) > 0) {
    const source = fresh.of(column)
    given += await rows.renewKey(source)
    drawn.add(source.kind)
  }
  for (const unique of uniqueColumns) {
    if ((await rows.inUse(unique)) === 0) continue
    const source = fresh.of(unique.name)
    given += await rows.renewUnique(source, unique)
    drawn.add(source.kind)
  }
  return given > 0
}

/** What the columns of a reference are to hold, of the parent `two`. */
function valuesOf(child: MappedRows, parent: MappedRows, { columns, parentColumns }: FollowedReference): string[] {
  const typeOf = (column: string) => child.images.columns[child.placeOf(column)!]!.type
  return columns.map((column, at) => asType(`two.n${parent.placeOf(parentColumns[at]!)!}::pg_catalog.text`, typeOf(column)))
}

function followSql(child: MappedRows, parent: MappedRows, reference: FollowedReference): string {
  const { columns, parentColumns, childColumns, condition } = reference
  const values = valuesOf(child, parent, reference).map((value, at) => `${value} AS v${at}`)
  const places = columns.map((column) => child.placeOf(column)!)
  const parentAt = parentColumns.map((column) => parent.placeOf(column)!)
  const isNew = sameText(
    parentAt.map((place) => `two.o${place}`),
    parentAt.map((place) => `two.n${place}`),
  )
  const isDone = sameText(
    places.map((place) => `target.n${place}`),
    places.map((_place, at) => `found.v${at}`),
  )
  return `UPDATE ${child.relation} AS target SET ${places.map((place, at) => `n${place} = found.v${at}`).join(', ')}
    FROM (SELECT one.at, ${values.join(', ')}
          FROM ${child.relation} AS one, ${asTheyWere(child, 'one', childColumns)} AS child,
            ${parent.relation} AS two, ${asTheyWere(parent, 'two', parentColumns)} AS parent
          WHERE ${condition} AND NOT (${isNew})) AS found
    WHERE found.at OPERATOR(pg_catalog.=) target.at AND NOT (${isDone})`
}

function isOf({ table }: RowImages, { schema, table: name }: Pick<CopyValue, 'schema' | 'table'>): boolean {
  return table.schema === schema && table.name === name
}

/** ENTITY_POLICY for values of what is not there. */
function assertNamed(tables: readonly RowImages[], values: readonly CopyValue[]): void {
  for (const { schema, table, column } of values) {
    const name = `${schema}.${table}`
    const images = tables.find((one) => isOf(one, { schema, table }))
    if (!images) throw new Fault('ENTITY_POLICY', `copyValues: no row of ${name} is written for the record`, { table: name })
    if (images.columns.some((one) => one.name === column && one.isInBackup)) continue
    const fact = `copyValues: the table ${name} has no column ${column} that the backup has a value for`
    throw new Fault('ENTITY_POLICY', fact, { table: name, column })
  }
}

/** The server makes generated columns by itself, so nothing can be told to follow in them. */
function assertWritten({ child, parent, columns, childColumns, parentColumns }: FollowedReference, tables: readonly RowImages[]): void {
  for (const [table, names] of [
    [child, [...columns, ...childColumns]],
    [parent, parentColumns],
  ] as const) {
    const images = tables.find((one) => one.table.oid === table.oid)!
    const generated = names.find((name) => !images.columns.some((column) => column.name === name))
    if (generated === undefined) continue
    const name = `${table.schema}.${table.name}`
    const fact = `rows cannot be copied: ${name}.${generated}, which a reference stands on, is generated by the server`
    throw new Fault('ENTITY_POLICY', fact, { table: name, column: generated })
  }
}

function contradiction({ child, parent, columns }: FollowedReference, rows?: number): Fault {
  const [name, named] = [`${child.schema}.${child.name}`, `${parent.schema}.${parent.name}`]
  const which = rows === undefined ? 'copies' : `${rows} copies`
  const fact = `${which} in ${name} cannot follow: (${columns.join(', ')}) names rows of ${named} that keep their key, and another reference needs a new value there`
  return new Fault('ENTITY_POLICY', `${fact}: copy those rows as well, or leave these out`, { table: name, copies: rows ?? null })
}

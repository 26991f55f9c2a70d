import { Fault } from '#base/fault.ts'
import { chosenOf, mappedOf } from './choose-changes.ts'
import { theirsOf } from './compare-rows.ts'
import { quoteLiteral, quoteName, sqlStateOf, type Connection } from './connection.ts'
import type { FreshSource } from './fresh-values.ts'
import type { KeyColumn } from './reference-graph.ts'
import { keyPlaces, sameKey, liveRows, type RowImages } from './row-images.ts'

/** What people say that a column of copies is to hold: what it held with something behind it, or for one row a value of its own. */
export interface CopyValue {
  readonly schema: string
  readonly table: string
  readonly column: string
  readonly suffix?: string | undefined
  /** As COPY writes it, in the backup. */
  readonly key?: readonly string[] | undefined
  readonly value?: string | undefined
}

/** Numbers that are in use already are drawn again, so many times. */
const drawsMax = 100

/**
 * The rows of one table that are written from the backup, as `mapped_<oid>`: `at` numbers them, `is_copy` stand beside what is live under a
 * key of their own; of some columns o… as they were, n… as they are to be. Everything is done with all of them in one statement.
 */
export class MappedRows {
  readonly images: RowImages
  /** Of the columns that it holds, among the images. */
  readonly places: readonly number[]
  readonly #connection: Connection
  readonly #keyAt: readonly number[]

  constructor(connection: Connection, images: RowImages, columns: ReadonlySet<string>) {
    this.#connection = connection
    this.images = images
    this.#keyAt = keyPlaces(images)
    const isHeld = (name: string, place: number) => columns.has(name) || this.#keyAt.includes(place)
    this.places = images.columns.flatMap(({ name }, place) => (isHeld(name, place) ? [place] : []))
  }

  get name(): string {
    return `${this.images.table.schema}.${this.images.table.name}`
  }

  get relation(): string {
    return mappedOf(this.images)
  }

  placeOf(column: string): number | undefined {
    return this.places.find((place) => this.images.columns[place]!.name === column)
  }

  async make(): Promise<void> {
    const columns = this.places.flatMap((place) => [`theirs.c${place} AS o${place}`, `theirs.c${place} AS n${place}`])
    const isSame = sameKey(
      this.images,
      (place) => `theirs.c${this.#keyAt[place]!}`,
      (place) => `chosen.k${place}`,
    )
    await this.#connection.query(
      `CREATE TEMPORARY TABLE ${quoteName(`mapped_${this.images.table.oid}`)} ON COMMIT DROP AS
       SELECT pg_catalog.row_number() OVER () AS at, chosen.action OPERATOR(pg_catalog.=) 'copy' AS is_copy, false AS is_drawn, ${columns.join(', ')}
       FROM ${chosenOf(this.images)} AS chosen JOIN ${theirsOf(this.images)} AS theirs ON ${isSame}
       WHERE chosen.action IN ('copy', 'insert', 'update')`,
    )
    await this.#connection.query(`ANALYZE ${this.relation}`)
  }

  /** Returns how many copies have it. ENTITY_POLICY for a value that its column does not take. */
  async give({ column, suffix, key, value }: CopyValue): Promise<number> {
    const place = this.placeOf(column)!
    const { type } = this.images.columns[place]!
    const text =
      value === undefined ? `o${place}::pg_catalog.text OPERATOR(pg_catalog.||) ${quoteLiteral(suffix ?? '')}` : quoteLiteral(value)
    const keys = this.#keyAt.map((at) => `o${at}::pg_catalog.text`)
    const isAsked = `is_copy AND ${key === undefined ? `o${place} IS NOT NULL` : `pg_catalog.jsonb_build_array(${keys.join(', ')}) OPERATOR(pg_catalog.=) $1`}`
    return await this.change(`UPDATE ${this.relation} SET n${place} = ${asType(text, type)} WHERE ${isAsked}`, {
      parameters: key === undefined ? [] : [JSON.stringify(key)],
      column,
    })
  }

  /** Copies whose key is still the one that they had, or was drawn and is in use. */
  async pending(): Promise<number> {
    return await this.count(this.#pending())
  }

  /** Gives them values of a column of the key; returns how many were given. */
  async renewKey(source: FreshSource): Promise<number> {
    return await this.#renew(source.kind === 'number' ? this.#numbering(source.column) : this.#drawing(source, this.#pending()), source)
  }

  /** Copies of which a column that lets each value in once holds that of a live row. */
  async inUse(unique: KeyColumn): Promise<number> {
    return await this.count(this.#clashing(unique))
  }

  async renewUnique(source: FreshSource, unique: KeyColumn): Promise<number> {
    return await this.#renew(this.#drawing(source, this.#clashing(unique)), source)
  }

  /** Rows whose key follows from that of a copy are copies as well: under their old one they would be somebody else's. */
  async promote(): Promise<number> {
    const promoted = await this.change(`UPDATE ${this.relation} SET is_copy = true WHERE NOT is_copy AND NOT (${this.#isOldKey('')})`)
    if (promoted === 0) return 0
    const isSame = sameKey(
      this.images,
      (place) => `mapped.o${this.#keyAt[place]!}`,
      (place) => `chosen.k${place}`,
    )
    await this.change(
      `UPDATE ${chosenOf(this.images)} AS chosen SET action = 'copy' FROM ${this.relation} AS mapped
       WHERE mapped.is_copy AND chosen.action IN ('insert', 'update') AND ${isSame}`,
    )
    return promoted
  }

  /** ENTITY_POLICY when a new key is that of a live row, or of two copies. */
  async assertFree(): Promise<void> {
    const used = await this.count(`SELECT FROM ${this.#withUse()} AS one WHERE one.is_copy AND ${this.#isInUse()}`)
    if (used === 0) return
    const columns = this.images.table.key!.map(({ name }) => name).join(', ')
    const fact = `the new keys of ${used} copies in ${this.name} (${columns}) are those of other rows: say another value in copyValues`
    throw new Fault('ENTITY_POLICY', fact, { table: this.name, copies: used })
  }

  #pending(): string {
    return `SELECT one.at FROM ${this.#withUse()} AS one WHERE one.is_copy AND ((${this.#isOldKey('one.')}) OR (one.is_drawn AND ${this.#isInUse()}))`
  }

  /** Each row with how many of them have its key. */
  #withUse(): string {
    const keys = this.#keyAt.map((place) => `mapped.n${place}`).join(', ')
    return `(SELECT mapped.*, pg_catalog.count(*) OVER (PARTITION BY ${keys}) AS many FROM ${this.relation} AS mapped)`
  }

  #isInUse(): string {
    const isThere = sameKey(
      this.images,
      (_place, name) => `live.${quoteName(name)}`,
      (place) => `one.n${this.#keyAt[place]!}`,
    )
    return `(one.many OPERATOR(pg_catalog.>) 1 OR EXISTS (SELECT FROM ${liveRows(this.images)} AS live WHERE ${isThere}))`
  }

  #isOldKey(alias: string): string {
    return sameKey(
      this.images,
      (place) => `${alias}n${this.#keyAt[place]!}`,
      (place) => `${alias}o${this.#keyAt[place]!}`,
    )
  }

  /** Until none is left that is in use. */
  async #renew(statement: string, { column }: FreshSource): Promise<number> {
    let given = 0
    for (let time = 0; time < drawsMax; time += 1) {
      const now = await this.change(statement, { column })
      if (now === 0) return given
      given += now
    }
    const fact = `${drawsMax} times the values drawn for ${this.name}.${column} were in use: its sequence is behind its rows`
    throw new Fault('ENTITY_POLICY', fact, { table: this.name, column })
  }

  #clashing({ name, equal }: KeyColumn): string {
    const isThere = `live.${quoteName(name)} OPERATOR(${equal}) one.n${this.placeOf(name)!}`
    return `SELECT one.at FROM ${this.relation} AS one
      WHERE one.is_copy AND EXISTS (SELECT FROM ${liveRows(this.images)} AS live WHERE ${isThere})`
  }

  #drawing({ column, draw }: FreshSource, asked: string): string {
    return `UPDATE ${this.relation} AS target SET n${this.placeOf(column)!} = ${draw}, is_drawn = true
      FROM (${asked}) AS asked WHERE asked.at OPERATOR(pg_catalog.=) target.at`
  }

  /** After the greatest that stands beside the same other columns of the key: of what is live, of what was backed up, and of what was given. */
  #numbering(column: string): string {
    const number = this.placeOf(column)!
    const others = this.#keyAt.filter((place) => place !== number)
    const key = this.images.table.key!
    const equalOf = (place: number) => key[this.#keyAt.indexOf(place)]!.equal
    const isGroup = (left: (place: number) => string, right: (place: number) => string) =>
      others.map((place) => `${left(place)} OPERATOR(${equalOf(place)}) ${right(place)}`).join(' AND ') || 'true'
    const side = (value: (place: number) => string, from: string) =>
      `SELECT ${[...others.map((place) => `${value(place)} AS g${place}`), `${value(number)} AS number`].join(', ')} FROM ${from}`
    const every = [
      side((place) => `live.${quoteName(this.images.columns[place]!.name)}`, `${liveRows(this.images)} AS live`),
      side((place) => `theirs.c${place}`, `${theirsOf(this.images)} AS theirs`),
      side((place) => `mapped.n${place}`, `${this.relation} AS mapped`),
    ].join(' UNION ALL ')
    const groups = others.map((place) => `every.g${place}`).join(', ')
    const partition = others.map((place) => `wanted.n${place}`).join(', ')
    return `WITH wanted AS MATERIALIZED (SELECT mapped.* FROM ${this.relation} AS mapped JOIN (${this.#pending()}) AS asked ON asked.at OPERATOR(pg_catalog.=) mapped.at),
        top AS (SELECT ${groups}${groups && ', '}pg_catalog.max(every.number) AS greatest FROM (${every}) AS every
          WHERE EXISTS (SELECT FROM wanted WHERE ${isGroup(
            (place) => `wanted.n${place}`,
            (place) => `every.g${place}`,
          )})${groups && ` GROUP BY ${groups}`})
      UPDATE ${this.relation} AS target SET n${number} = found.number, is_drawn = true
      FROM (SELECT wanted.at, COALESCE(top.greatest, 0) OPERATOR(pg_catalog.+)
              pg_catalog.row_number() OVER (${partition && `PARTITION BY ${partition} `}ORDER BY wanted.at) AS number
            FROM wanted LEFT JOIN top ON ${isGroup(
              (place) => `top.g${place}`,
              (place) => `wanted.n${place}`,
            )}) AS found
      WHERE found.at OPERATOR(pg_catalog.=) target.at`
  }

  async count(select: string): Promise<number> {
    const [row] = await this.#connection.query<{ count: string }>(`SELECT pg_catalog.count(*) AS count FROM (${select}) AS found`)
    return Number(row!.count)
  }

  /** How many rows a statement changed. */
  async change(sql: string, { parameters = [], column }: { readonly parameters?: readonly unknown[]; readonly column?: string } = {}) {
    try {
      return (await this.#connection.client.query(sql, [...parameters])).rowCount ?? 0
    } catch (error) {
      const state = sqlStateOf(error)
      if (state === undefined || !(state.startsWith('22') || state === '23514' || state === '23502')) throw error
      // What the server says may hold the value, which may be about a person.
      const fact = `no new value for ${this.name}${column === undefined ? '' : `.${column}`} that its type takes: say one in copyValues`
      throw new Fault('ENTITY_POLICY', fact, { table: this.name, column: column ?? null, sqlState: state }, { cause: error })
    }
  }
}

/** As the type's own input takes it: a cast would cut what is too long. */
export function asType(text: string, type: string): string {
  return `(SELECT given.value FROM pg_catalog.json_to_record(pg_catalog.json_build_object('value', ${text})) AS given(value ${type}))`
}

/** Columns of a mapped row as they were, under their own names, for a condition that speaks of them. */
export function asTheyWere(rows: MappedRows, alias: string, columns: readonly string[]): string {
  const named = [...new Set(columns)].map((column) => `${alias}.o${rows.placeOf(column)!} AS ${quoteName(column)}`)
  return `LATERAL (SELECT ${named.join(', ')})`
}

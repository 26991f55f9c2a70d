/** A schema with rows, of a seed: composite keys, self references, cycles, references that may be null, odd names. */
export interface RandomSchema {
  readonly tables: readonly RandomTable[]
  readonly sql: string
}

export interface RandomTable {
  readonly name: string
  /** 1 or 2 columns, `k0` and `k1`; none where a table has no key, and then no other one names it. */
  readonly keyWidth: number
  readonly references: readonly RandomReference[]
  readonly rows: readonly RandomRow[]
}

export interface RandomReference {
  /** Of its columns: `r0_0`, `r0_1`. */
  readonly prefix: string
  readonly to: number
  readonly isRequired: boolean
  readonly isCascade: boolean
}

export interface RandomRow {
  readonly key: readonly number[]
  /** For each reference: the index of a row of that table, or null. */
  readonly named: readonly (number | null)[]
}

const keylessNames = ['device log', 'Import']

/** The same with tables without a key, of whose rows many are equal. */
export function withKeyless({ tables: keyed }: RandomSchema, pick: (below: number) => number): RandomSchema {
  const keyless = keylessNames.map((name): RandomTable => {
    const references = referencesOf(1, keyed.length, pick).map((reference) => ({ ...reference, to: pick(keyed.length) }))
    const kinds = Array.from({ length: 1 + pick(4) }, () =>
      references.map(({ to, isRequired }) => (!isRequired && pick(3) === 0 ? null : pick(keyed[to]!.rows.length))),
    )
    return {
      name,
      keyWidth: 0,
      references,
      rows: Array.from({ length: 2 + pick(14) }, () => ({ key: [], named: kinds[pick(kinds.length)]! })),
    }
  })
  const tables = [...keyed, ...keyless]
  return { tables, sql: sqlOf(tables) }
}

const oddNames = ['patient', 'Visit', 'lab result', 'say "so"', 'füße', 'order', 'select', 'a.b']

export function randomSchema(pick: (below: number) => number): RandomSchema {
  const count = 3 + pick(4)
  const widths = Array.from({ length: count }, () => 1 + pick(2))
  const references = Array.from({ length: count }, (_none, from) => referencesOf(from, count, pick))
  const sizes = Array.from({ length: count }, () => 2 + pick(12))
  const tables = widths.map((keyWidth, index): RandomTable => ({
    name: oddNames[index]!,
    keyWidth,
    references: references[index]!,
    rows: Array.from({ length: sizes[index]! }, (_none, row) => ({
      key: keyWidth === 1 ? [row * 3 + 1] : [Math.floor(row / 2), row],
      named: references[index]!.map(({ to, isRequired }) => (!isRequired && pick(3) === 0 ? null : pick(sizes[to]!))),
    })),
  }))
  return { tables, sql: sqlOf(tables) }
}

function referencesOf(from: number, count: number, pick: (below: number) => number): RandomReference[] {
  return Array.from({ length: pick(3) + (from === 0 ? 0 : 1) }, (_none, index) => ({
    prefix: `r${index}`,
    // Mostly to one before, sometimes to one behind it or to itself: circles.
    to: from > 0 && pick(4) > 0 ? pick(from) : pick(count),
    isRequired: pick(2) === 0,
    isCascade: pick(4) === 0,
  }))
}

export const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

export const keyColumnsOf = ({ keyWidth }: RandomTable) => Array.from({ length: keyWidth }, (_none, index) => `k${index}`)

export function columnsOfReference({ tables }: Pick<RandomSchema, 'tables'>, { to, prefix }: RandomReference): string[] {
  return keyColumnsOf(tables[to]!).map((column) => `${prefix}_${column}`)
}

function sqlOf(tables: readonly RandomTable[]): string {
  const keyColumns = keyColumnsOf
  const columnsOf = (reference: RandomReference) => columnsOfReference({ tables }, reference)
  const create = tables.map((table) => {
    const named = table.references.flatMap((reference) =>
      columnsOf(reference).map((column) => `${column} int${reference.isRequired ? ' not null' : ''}`),
    )
    const columns = [...keyColumns(table).map((column) => `${column} int not null`), ...named]
    const key = table.keyWidth === 0 ? [] : [`primary key (${keyColumns(table).join(', ')})`]
    return `create table ${quoted(table.name)} (${[...columns, ...key].join(', ')});`
  })
  const insert = tables.map((table) => {
    const values = table.rows.map(({ key, named }) => {
      const referred = table.references.flatMap(({ to }, index) => {
        const row = named[index]
        return row === null || row === undefined ? keyColumns(tables[to]!).map(() => 'null') : tables[to]!.rows[row]!.key.map(String)
      })
      return `(${[...key.map(String), ...referred].join(', ')})`
    })
    return `insert into ${quoted(table.name)} values ${values.join(', ')};`
  })
  const constrain = tables.flatMap((table) =>
    table.references.map((reference) => {
      const to = tables[reference.to]!
      const action = reference.isCascade ? ' on delete cascade' : ''
      return `alter table ${quoted(table.name)} add foreign key (${columnsOf(reference).join(', ')}) references ${quoted(to.name)} (${keyColumns(to).join(', ')})${action};`
    }),
  )
  return [...create, ...insert, ...constrain].join('\n')
}

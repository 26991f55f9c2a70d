import { quoteName, type Connection } from './connection.ts'
import type { DatabaseSection } from './database-section.ts'
import type { ListedTable } from './list-tables.ts'
import type { MaskCatalog } from './mask-catalog.ts'
import type { TableMasks } from './table-masks.ts'

/** How the rows of one capture leave it otherwise than they lie in the database. */
export interface RowMasks {
  of(table: ListedTable): TableMasks | undefined
  readonly keepsLargeObjects: boolean
  readonly exactness: DatabaseSection['exactness']
}

/** Decides in the snapshot itself, so that what was decided is what is there. */
export interface CaptureMasking {
  decide(catalog: MaskCatalog, database: MaskedDatabase): Promise<RowMasks>
}

/** What a decision asks of the database that it is for. */
export interface MaskedDatabase {
  /** As the operator calls it. */
  readonly name: string
  readonly encoding: string
  /** In the snapshot that is captured, to try masks on. */
  readonly connection: Connection
  /** See `mask-catalog.ts`. */
  readonly constant: (expression: string) => Promise<string | null>
  readonly canonical: (type: string, value: string) => Promise<string>
}

/** One reference on the way to a subject. */
export interface SubjectStep {
  /** The column that refers. */
  readonly column: string
  readonly parent: { readonly schema: string; readonly name: string }
  readonly parentColumn: string
  /** `parent OPERATOR(…) child`. */
  readonly equal: string
}

/** The value of a column that stands at the end of references, found row for row by the server itself. */
export function subjectExpression(
  table: { readonly schema: string; readonly name: string },
  steps: readonly SubjectStep[],
  column: string,
): string {
  const [first, ...rest] = steps
  if (!first) return `${quoteName(table.schema, table.name)}.${quoteName(column)}`
  const aliases = steps.map((_step, at) => quoteName(`integrum_subject_${at}`))
  const joins = rest.map(
    (step, at) =>
      ` JOIN ${quoteName(step.parent.schema, step.parent.name)} AS ${aliases[at + 1]} ON ${aliases[at + 1]}.${quoteName(step.parentColumn)} OPERATOR(${step.equal}) ${aliases[at]}.${quoteName(step.column)}`,
  )
  const from = `${quoteName(first.parent.schema, first.parent.name)} AS ${aliases[0]}${joins.join('')}`
  const where = `${aliases[0]}.${quoteName(first.parentColumn)} OPERATOR(${first.equal}) ${quoteName(table.schema, table.name)}.${quoteName(first.column)}`
  return `(SELECT ${aliases.at(-1)}.${quoteName(column)} FROM ${from} WHERE ${where})`
}

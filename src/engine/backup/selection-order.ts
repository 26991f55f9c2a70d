import type { Selection } from '#base/selection.ts'
import type { FileSelection } from '#engine/sources/files/file-selection.ts'
import type { Connection } from '#engine/sources/postgres/connection.ts'
import type { SelectedRows } from '#engine/sources/postgres/selected-rows.ts'

/** Some records, tables or times of a system in place of all of it, and who finds them. */
export interface SelectionOrder {
  readonly wanted: Selection
  /** Everything that it names, as people read it: `kind study`, `table public.visit`, `data type laboratory`. No keys. */
  readonly asks: readonly string[]
  /**
   * Looks in the session's own transaction, as far as the database `source` of the system knows what is asked.
   * Faults: ENTITY_UNKNOWN for a key that is not there, ENTITY_KEY, ENTITY_MODEL, DATABASE_COVERAGE.
   */
  find(connection: Connection, source: string): Promise<SelectedHere>
}

/** What one database has of a selection. */
export interface SelectedHere {
  readonly rows: SelectedRows
  /** Of each root that the database's rows speak of. */
  readonly files: { readonly roots: ReadonlyMap<string, FileSelection>; readonly refused: readonly RefusedNames[] }
  readonly counts: readonly { readonly table: string; readonly own: number; readonly needed: number }[]
  /** Those of `asks` that it knows. */
  readonly known: ReadonlySet<string>
  /** A range applies to some table of it. */
  readonly hasTimes: boolean
  /** Tables whose rows may belong to what was selected, and nothing says so. */
  readonly notCovered: readonly string[]
}

/** Values that are no path below a root. */
export interface RefusedNames {
  readonly root: string
  /** `public.document.path`, or `public.study: {code}/**`. */
  readonly what: string
  readonly count: number
  /** Printable, and of many only some. They may be of patients. */
  readonly first: readonly string[]
}

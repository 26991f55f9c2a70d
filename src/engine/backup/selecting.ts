import { Fault } from '#base/fault.ts'
import type { FileSelection } from '#engine/sources/files/file-selection.ts'
import type { SelectRows } from '#engine/sources/postgres/selected-rows.ts'
import type { Gap } from '#engine/sources/source.ts'
import type { BackupOrder } from './order.ts'
import type { RefusedNames, SelectedHere, SelectionOrder } from './selection-order.ts'
import type { SelectionSection } from './manifest.ts'

/**
 * What a backup of a selection takes of each source. The databases are asked first, one after the other; then it is known which files are wanted,
 * and whether everything that was asked for is anywhere.
 */
export class Selecting {
  readonly #order: SelectionOrder
  readonly #found = new Map<string, SelectedHere>()

  constructor(order: SelectionOrder) {
    this.#order = order
  }

  /** For the capture of one database, which may have to begin anew. */
  of(source: string): SelectRows {
    return async (connection) => {
      const found = await this.#order.find(connection, source)
      this.#found.set(source, found)
      return found.rows
    }
  }

  /** It has rows of the selection: otherwise the backup does without it. */
  isIn(source: string): boolean {
    return (this.#found.get(source)?.counts.length ?? 0) > 0
  }

  /** Once every database was asked. Faults: ENTITY_UNKNOWN, SELECTION_INVALID, SELECTION_EMPTY. */
  confirm(): void {
    const { wanted, asks } = this.#order
    const here = [...this.#found.values()]
    const missing = asks.find((ask) => !here.some(({ known }) => known.has(ask)))
    if (missing?.startsWith('kind ')) throw new Fault('ENTITY_UNKNOWN', `there is no ${missing} in the databases of the system`, {})
    if (missing !== undefined) throw new Fault('SELECTION_INVALID', `there is no ${missing} in the databases of the system`, { missing })
    const hasRange = wanted.since !== undefined || wanted.until !== undefined
    if (hasRange && !here.some(({ hasTimes }) => hasTimes)) {
      const fact = 'a range of time is given, and no table that is selected has a time column in the settings'
      throw new Fault('SELECTION_INVALID', fact, { field: 'timeColumns' })
    }
    if (here.every(({ counts }) => counts.length === 0)) throw new Fault('SELECTION_EMPTY', 'no row of the system is in the selection', {})
  }

  /** Undefined when nothing says which files below a root belong to a row: then the backup does without it. */
  filesBelow(root: string): FileSelection | undefined {
    const selections = [...this.#found.values()].flatMap(({ files }) => files.roots.get(root) ?? [])
    if (selections.length === 0) return undefined
    return {
      isSelected: (path) => selections.some((one) => one.isSelected(path)),
      mayHold: (folder) => selections.some((one) => one.mayHold(folder)),
    }
  }

  /** Values that name no file below their root: what they stood for is not in the backup. */
  tellRefused(onGap: (gap: Gap) => void): void {
    for (const [source, { files }] of this.#found) for (const refused of files.refused) onGap(gapOf(source, refused))
  }

  section({ databases, roots }: Pick<BackupOrder, 'databases' | 'roots'>): SelectionSection {
    return {
      ...this.#order.wanted,
      counts: [...this.#found].flatMap(([database, { counts }]) => counts.map((one) => ({ database, ...one }))),
      leftOut: {
        databases: databases.flatMap(({ name }) => (this.isIn(name) ? [] : [name])),
        roots: roots.flatMap(({ name }) => (this.filesBelow(name) ? [] : [name])),
      },
      notCovered: [...this.#found].flatMap(([database, { notCovered }]) => notCovered.map((table) => ({ database, table }))),
    }
  }
}

function gapOf(source: string, { what, root, count, first }: RefusedNames): Gap {
  return {
    source,
    kind: 'dangling-reference',
    what,
    detail: `${count} values are no path below root ${root}, so no file was selected by them, first ${first.join(', ')}`,
  }
}

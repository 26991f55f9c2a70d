import { Fault } from '#base/fault.ts'
import type { FilePatternPart } from '#base/file-pattern.ts'
import type { FileReference } from '#base/settings.ts'
import type { RefusedNames } from '#engine/backup/selection-order.ts'
import { byteString, byteStringOf, bytesOf, printBytesName, type ByteString } from '#engine/byte-string.ts'
import type { Closure } from '#engine/sources/postgres/closure.ts'
import type { Connection } from '#engine/sources/postgres/connection.ts'
import { findGraphTable, namesOfRows, pathsOfOtherRows, pathsOfRows, type NamingColumn } from '#engine/sources/postgres/named-files.ts'
import type { EntityModel, ModelFiles } from './entity-model.ts'
import { printTable } from './ownership.ts'
import { anyDepth, PathSelection, type SelectingPart } from './path-selection.ts'

/** Which files belong to what a closure holds. */
export interface EntityFiles {
  /** By root; one that no setting of this database speaks of is absent. */
  readonly roots: ReadonlyMap<string, PathSelection>
  /** Values that are no path below their root: they select nothing. */
  readonly refused: readonly RefusedNames[]
}

export interface FilesAsked {
  readonly model: EntityModel
  readonly fileReferences: readonly FileReference[]
  /** The name of the database in the system. */
  readonly source: string
}

/**
 * The files of an entity: those that its rows name in a column (`fileReferences`), those that patterns name by values of its rows
 * (`entities.files`), and those that the rows name which have to exist for it. A file is its own when no other row of the database
 * names it. ADR 0057. Fault: ENTITY_MODEL for a table or column that is not there.
 */
export async function filesOfEntity(connection: Connection, closure: Closure, asked: FilesAsked): Promise<EntityFiles> {
  const references = await namingColumns(connection, asked)
  const names = new Set([...references.map(({ root }) => root), ...asked.model.files.map(({ root }) => root)])
  const roots = new Map<string, PathSelection>()
  const refused: RefusedNames[] = []
  for (const root of names) {
    const columns = references.filter((one) => one.root === root)
    const patterns = asked.model.files.filter((one) => one.root === root)
    const found = new FoundFiles(connection, closure, root)
    for (const pattern of patterns) await found.byPattern(pattern)
    await found.byColumns(columns)
    roots.set(root, found.selection)
    refused.push(...found.refused)
  }
  return { roots, refused }
}

interface NamingReference extends NamingColumn {
  readonly root: string
}

async function namingColumns(connection: Connection, { model, fileReferences, source }: FilesAsked): Promise<NamingReference[]> {
  const here = fileReferences.filter(({ database }) => database === source)
  const columns: NamingReference[] = []
  for (const { schema, table: name, column, root, prefix } of here) {
    const relation = { schema, name }
    const table = await findGraphTable(connection, model.tables, relation)
    if (!table) throw referenceFault(`there is no table ${schema}.${name}`)
    if (!table.columns.some((one) => one.name === column)) throw referenceFault(`the table ${schema}.${name} has no column ${column}`)
    columns.push({ relation, table, column, root, prefix })
  }
  return columns
}

function referenceFault(fact: string): Fault {
  return new Fault('ENTITY_MODEL', `fileReferences: ${fact}`, { field: 'fileReferences' })
}

class FoundFiles {
  readonly selection = new PathSelection()
  readonly #connection: Connection
  readonly #closure: Closure
  readonly #root: string
  readonly #refused = new Map<string, { count: number; first: string[] }>()
  /** What stands in each pattern before its first wildcard. */
  readonly #beginnings: Buffer[] = []

  constructor(connection: Connection, closure: Closure, root: string) {
    this.#connection = connection
    this.#closure = closure
    this.#root = root
  }

  get refused(): RefusedNames[] {
    return [...this.#refused].map(([what, { count, first }]) => ({ root: this.#root, what, count, first }))
  }

  async byPattern({ table, pattern, parts }: ModelFiles): Promise<void> {
    const named = parts.flatMap((part) => (part.kind === 'name' && part.pieces.some((piece) => 'column' in piece) ? [part] : []))
    const asked = { table, names: named.map(({ pieces }) => pieces) }
    for await (const { names, isOwn } of namesOfRows(this.#connection, this.#closure, asked)) {
      const filled = names.map((bytes) => byteString(bytes))
      const wrong = filled.find((name) => !isName(name))
      if (wrong !== undefined) this.#refuse(`${printTable(table)}: ${pattern}`, wrong)
      else this.#select(parts, filled, isOwn)
    }
  }

  async byColumns(columns: readonly NamingReference[]): Promise<void> {
    if (columns.length === 0) return
    // What somebody else's row names by its whole name is not own, whatever a pattern says.
    if (this.#beginnings.length > 0) {
      for await (const path of pathsOfOtherRows(this.#connection, this.#closure, { columns, beginnings: this.#beginnings })) {
        const one = byteString(path)
        if (isPath(one) && this.selection.isSelected(one)) this.selection.addPath(one, false)
      }
    }
    const what = columns.map(({ relation, column }) => `${printTable(relation)}.${column}`).join(', ')
    for await (const { path, isOwn } of pathsOfRows(this.#connection, this.#closure, columns)) {
      const one = byteString(path)
      if (isPath(one)) this.selection.addPath(one, isOwn)
      else this.#refuse(what, one)
    }
  }

  #select(parts: readonly FilePatternPart[], filled: readonly ByteString[], isOwn: boolean): void {
    let at = 0
    const selecting = parts.map((part): SelectingPart => {
      if (part.kind === 'deep') return anyDepth
      if (part.kind === 'wild') return wildcardOf(part.text)
      if (part.pieces.some((piece) => 'column' in piece)) return filled[at++]!
      return byteStringOf(part.pieces.map((piece) => ('literal' in piece ? piece.literal : '')).join(''))
    })
    this.selection.addPattern(selecting, isOwn)
    const wildAt = selecting.findIndex((part) => typeof part !== 'string')
    const beginning = wildAt === -1 ? selecting : selecting.slice(0, wildAt)
    this.#beginnings.push(bytesOf(beginning.join('/') as ByteString))
  }

  #refuse(what: string, value: ByteString): void {
    const known = this.#refused.get(what) ?? { count: 0, first: [] }
    known.count += 1
    if (known.first.length < refusedNamedMax) known.first.push(printBytesName(value))
    this.#refused.set(what, known)
  }
}

const refusedNamedMax = 20

/** One name of a path. */
function isName(text: ByteString): boolean {
  return text !== '' && text !== '.' && text !== '..' && !/[/\0]/.test(text)
}

function isPath(text: ByteString): boolean {
  return text.split('/').every((name) => isName(name as ByteString))
}

function wildcardOf(text: string): RegExp {
  const bytes = byteStringOf(text)
  const source = bytes.replace(/[*?]|[^*?]/gs, (one) => (one === '*' ? '.*' : one === '?' ? '.' : one.replace(/[\\^$.|+()[\]{}]/, '\\$&')))
  return new RegExp(`^${source}$`, 's')
}

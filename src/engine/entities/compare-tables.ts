import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Fault } from '#base/fault.ts'
import { printCounted } from '#base/units.ts'
import { hostFault } from '#host/durable.ts'
import type { Closure } from '#engine/sources/postgres/closure.ts'
import { chooseChanges, decideRows, leftRowsSql, type ChosenChanges, type RowPolicy } from '#engine/sources/postgres/choose-changes.ts'
import { probeClashes } from '#engine/sources/postgres/clash-probe.ts'
import { chooseKeyless, compareKeyless, leftKeylessSql } from '#engine/sources/postgres/compare-keyless.ts'
import { compareRows, type ClassCounts, type TwoSides } from '#engine/sources/postgres/compare-rows.ts'
import type { Connection } from '#engine/sources/postgres/connection.ts'
import { giveNewKeys, type CopiedTable, type FollowedReference } from '#engine/sources/postgres/copied-keys.ts'
import { changeRowsSql } from '#engine/sources/postgres/copied-rows.ts'
import { copyOut } from '#engine/sources/postgres/copy-out.ts'
import type { GraphTable } from '#engine/sources/postgres/reference-graph.ts'
import { hasKey, type RowImages } from '#engine/sources/postgres/row-images.ts'
import { enabledTriggers } from '#engine/sources/postgres/row-triggers.ts'
import type { ChangedTable, ChangePolicy, ChangeSet } from './change-set.ts'
import type { Discovered } from './discover.ts'
import { printTable } from './ownership.ts'

export interface Compared extends Pick<ChangeSet, 'tables' | 'drift' | 'triggers' | 'loss'> {
  /** What should be known of copies. */
  readonly notes: readonly string[]
}

interface Sides extends TwoSides {
  readonly past: Discovered
  readonly present: Discovered
}

interface CompareOrder {
  readonly policy: ChangePolicy
  readonly folder: string
}

/** Lays every table of both closures side by side, and writes down what would be changed. */
export async function compareTables(sides: Sides, { policy, folder }: CompareOrder, signal: AbortSignal): Promise<Compared> {
  const { live, backupClosure, liveClosure } = sides
  const before = new Map(sides.past.tables.map((table) => [printTable(table), table]))
  const after = new Map(sides.present.tables.map((table) => [printTable(table), table]))
  const rowsThen = countsOf(backupClosure)
  const rowsNow = countsOf(liveClosure)
  const names = [...new Set([...rowsThen.keys(), ...rowsNow.keys()])].toSorted()
  const drift: Writable<ChangeSet['drift']> = {
    addedColumns: [],
    removedColumns: [],
    retypedColumns: [],
    removedTables: [],
    addedTables: [],
  }
  const compared: { readonly images: RowImages; readonly past: GraphTable; readonly found: ClassCounts }[] = []
  for (const name of names) {
    const [past, present] = [before.get(name), after.get(name)]
    if (!present) drift.removedTables.push({ table: name, rows: rowsThen.get(name)! })
    else if (!past) drift.addedTables.push(name)
    else {
      const images = imagesOf(present, past, drift)
      const compare = hasKey(images) ? compareRows : compareKeyless
      compared.push({ images, past, found: await compare(sides, images, past, signal) })
    }
  }
  const copied = await copiedTables(sides, { tables: compared.map(({ images }) => images).filter(hasKey), policy })
  const tables: ChangedTable[] = []
  for (const [at, one] of compared.entries()) {
    const copiesOf = copied.find(({ images }) => images === one.images)
    tables.push(await changedTable(live, { ...one, policy: policyFor(policy, one.images.table), copied: copiesOf, folder, at }, signal))
  }
  const written = compared.flatMap(({ images }, at) => (tables[at]!.file === null ? [] : [images.table]))
  const triggers = await enabledTriggers(live, written)
  return {
    tables,
    drift,
    triggers: triggers.map(({ schema, table, name }) => `${schema}.${table}.${name}`),
    loss: tables.flatMap(lossOf),
    notes: [...copied.flatMap(notesOf), ...(copied.length === 0 ? [] : compared.flatMap(({ images }) => notCopied(images)))],
  }
}

/** What is done with each row, and new keys for those that are copied. */
async function copiedTables(
  { live, present }: Sides,
  { tables, policy }: { readonly tables: readonly RowImages[]; readonly policy: ChangePolicy },
): Promise<CopiedTable[]> {
  let copies = 0
  for (const images of tables) copies += await decideRows(live, images, policyFor(policy, images.table))
  if (copies === 0) return []
  return await giveNewKeys(live, { tables, references: followedIn(present), values: policy.copyValues ?? [] })
}

/** As the live database has them, whatever they mean for whose rows are whose. */
function followedIn({ model }: Discovered): FollowedReference[] {
  return model.edges.map(({ child, parent, columns, parentColumns, condition, kind }) => ({
    child,
    parent,
    columns: kind === 'polymorphic' ? columns.slice(-1) : columns,
    parentColumns,
    condition,
    childColumns: columns,
    isForeignKey: kind === 'foreign-key',
  }))
}

function notesOf({ images, drawn }: CopiedTable): string[] {
  const name = printTable(images.table)
  return [
    ...(drawn.has('sequence') ? [`new keys of ${name} were drawn from its sequence: if this is not carried out, they are left out`] : []),
    ...(drawn.has('number')
      ? [`new keys of ${name} are the next numbers: when somebody else takes them first, this has to be planned anew`]
      : []),
  ]
}

function notCopied(images: RowImages): string[] {
  return hasKey(images) ? [] : [`${printTable(images.table)} has no key: its rows are not copied, and name what they named`]
}

type Writable<T> = { -readonly [Field in keyof T]: T[Field] }

function countsOf({ counts }: Closure): Map<string, number> {
  return new Map(counts.map(({ table, own, needed }) => [printTable(table), own + needed]))
}

/** Columns of the live table, which of them the backup knows, and what became of the others. */
function imagesOf(present: GraphTable, past: GraphTable, drift: Writable<ChangeSet['drift']>): RowImages {
  const name = printTable(present)
  const columnsThen = new Map(past.columns.map((column) => [column.name, column]))
  const columns = present.columns
    .filter(({ isGenerated }) => !isGenerated)
    .map((column) => ({ name: column.name, type: column.type, isInBackup: columnsThen.has(column.name) }))
  const missing = present.key?.find((column) => !columnsThen.has(column.name))
  if (missing)
    throw new Fault('ENTITY_DRIFT', `the key of ${name} has the column ${missing.name}, which the backup has not`, { table: name })
  if (!columns.some(({ isInBackup }) => isInBackup))
    throw new Fault('ENTITY_DRIFT', `${name} has no column that the backup has`, { table: name })
  for (const column of present.columns) {
    const before = columnsThen.get(column.name)
    if (!before) drift.addedColumns.push(`${name}.${column.name}`)
    else if (before.type !== column.type) drift.retypedColumns.push({ column: `${name}.${column.name}`, was: before.type, is: column.type })
  }
  const known = new Set(present.columns.map((column) => column.name))
  drift.removedColumns.push(...past.columns.flatMap((column) => (known.has(column.name) ? [] : [`${name}.${column.name}`])))
  return { table: present, columns }
}

interface Choosing {
  readonly policy: RowPolicy
  readonly copied: CopiedTable | undefined
  readonly folder: string
  readonly images: RowImages
  readonly found: ClassCounts
  readonly at: number
}

async function changedTable(live: Connection, choosing: Choosing, signal: AbortSignal): Promise<ChangedTable> {
  const { images, found, policy, copied, folder, at } = choosing
  const { schema, name: table, key } = images.table
  const chosen = hasKey(images)
    ? await chooseChanges(live, images, { policy, remapped: copied?.remapped ?? [] })
    : await chooseKeyless(live, images, policy)
  const isWritten = chosen.inserts + chosen.updates + chosen.deletes > 0
  const clashes = isWritten ? await probeClashes(live, images) : []
  const name = path.join('rows', String(at + 1).padStart(4, '0'))
  const file = isWritten ? `${name}.copy` : null
  const { open, ...counts } = chosen
  const left = leftOf(found, chosen)
  return {
    schema,
    table,
    key: (key ?? []).map(({ name }) => name),
    columns: images.columns.map((column) => ({ ...column })),
    found: { ...found },
    ...counts,
    open: open.map((rows) => ({ ...rows, first: rows.first.map((one) => [...one]) })),
    clashes: clashes.map(({ index, columns, count, first }) => ({
      index,
      columns: [...columns],
      count,
      first: first.map((one) => ({ row: [...one.row], live: [...one.live] })),
    })),
    file,
    sha256:
      file === null
        ? null
        : await writeRows(live, { query: changeRowsSql(images, chosen.copies > 0), file: path.join(folder, file) }, signal),
    ...(left > 0 && { left: await leftRows(live, { images, rows: left, folder, file: `${name}.left.copy` }, signal) }),
  }
}

/** How many rows differ and are not written. */
function leftOf(found: ClassCounts, { inserts, beside, updates, deletes }: ChosenChanges): number {
  const { unchanged: _unchanged, present: _present, 'present-different': _different, ...differing } = found
  return Object.values(differing).reduce((sum, count) => sum + count, 0) - (inserts - beside) - updates - deletes
}

interface Left {
  readonly images: RowImages
  readonly rows: number
  readonly folder: string
  readonly file: string
}

async function leftRows(live: Connection, { images, rows, folder, file }: Left, signal: AbortSignal) {
  const query = hasKey(images) ? leftRowsSql(images) : leftKeylessSql(images)
  return { file, sha256: await writeRows(live, { query, file: path.join(folder, file) }, signal), rows }
}

function policyFor(policy: ChangePolicy, { schema, name }: GraphTable): RowPolicy {
  const own = policy.tables.find((one) => one.schema === schema && one.table === name)
  return {
    asCopy: policy.asCopy ?? false,
    changed: own?.changed ?? policy.changed,
    added: own?.added ?? policy.added,
    conflicts: own?.conflicts ?? policy.conflicts,
    parents: own?.parents ?? policy.parents,
    rows: policy.rows.filter((one) => one.schema === schema && one.table === name),
  }
}

/** As COPY text. Returns its SHA-256. */
async function writeRows(live: Connection, { query, file }: { readonly query: string; readonly file: string }, signal: AbortSignal) {
  const statement = `COPY (${query}) TO STDOUT`
  const hash = createHash('sha256')
  async function* hashed(): AsyncGenerator<Buffer, void> {
    for await (const bytes of copyOut(live, { statement }, signal)) {
      hash.update(bytes)
      // What a COPY lends is used again at once.
      yield Buffer.from(bytes)
    }
  }
  try {
    await pipeline(hashed, createWriteStream(file, { mode: 0o600, flags: 'wx' }))
  } catch (error) {
    throw error instanceof Fault ? error : hostFault(error, `cannot write ${file}`)
  }
  return hash.digest('hex')
}

function lossOf({ schema, table, updates, deletes }: ChangedTable): string[] {
  const name = `${schema}.${table}`
  return [
    ...(deletes > 0 ? [`${printCounted(deletes, 'row')} of ${name}, written since the backup, would be deleted`] : []),
    ...(updates > 0
      ? [`${printCounted(updates, 'row')} of ${name} would be as in the backup again; what was changed there since would be gone`]
      : []),
  ]
}

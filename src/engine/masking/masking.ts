import { strict as assert } from 'node:assert'
import type { ListedTable } from '#engine/sources/postgres/list-tables.ts'
import type { MaskCatalog, MaskableTable } from '#engine/sources/postgres/mask-catalog.ts'
import { subjectExpression, type CaptureMasking, type MaskedDatabase, type RowMasks } from '#engine/sources/postgres/row-masks.ts'
import { copiedColumns } from '#engine/sources/postgres/segments.ts'
import type { TableMasks } from '#engine/sources/postgres/table-masks.ts'
import { planMasks, type MaskWishes } from './mask-plan.ts'
import { maskRows, type MaskedField } from './mask-rows.ts'
import { printPlace } from './column-links.ts'
import type { MaskPlan, PlannedMask } from './planned-mask.ts'
import { assertMasksHold } from './try-masks.ts'
import { valueMask } from './value-mask.ts'

/**
 * The masks of one backup. What is planned for a database is planned inside its own snapshot; the key stays in this process, since
 * rows are masked on their way through it and not by the server.
 */
export class Masking implements CaptureMasking {
  readonly #wishes: MaskWishes
  readonly #key: Uint8Array
  readonly #planned = new Map<string, MaskPlan>()

  /** `key` has 32 bytes. */
  constructor(wishes: MaskWishes, key: Uint8Array) {
    assert.equal(key.byteLength, 32)
    this.#wishes = wishes
    this.#key = key
  }

  /** By the name of the database. */
  get planned(): ReadonlyMap<string, MaskPlan> {
    return this.#planned
  }

  async decide(catalog: MaskCatalog, database: MaskedDatabase): Promise<RowMasks> {
    const plan = await planMasks(catalog, this.#wishes, database)
    this.#planned.set(database.name, plan)
    // Text of an unknown encoding cannot be sent back as it came.
    if (database.encoding !== 'SQL_ASCII') await assertMasksHold(database.connection, plan, this.#key)
    const rootOf = (table: ListedTable) => catalog.rootOf.get(table.oid) ?? table.oid
    const masked = Map.groupBy(plan.columns, ({ table }) => table.oid)
    const encoding = database.encoding === 'SQL_ASCII' ? 'latin1' : 'utf8'
    return {
      of: (table) => {
        if (plan.excluded.some(({ oid }) => oid === rootOf(table))) return { kind: 'excluded' }
        const columns = masked.get(rootOf(table))
        return columns && this.#masksOf(table, columns, encoding)
      },
      keepsLargeObjects: this.#wishes.masks.keepsLargeObjects,
      exactness: exactnessOf(plan, this.#wishes.masks.keepsLargeObjects),
    }
  }

  #masksOf(table: ListedTable, columns: readonly PlannedMask[], encoding: 'utf8' | 'latin1'): TableMasks {
    const through = throughRoot(table, columns)
    const order = copiedColumns(through ? { ...table, columns: through.columns } : table)
    const extra: string[] = []
    const fields = new Map<number, MaskedField>()
    for (const { column, mask, subject } of columns) {
      const at = order.findIndex(({ name }) => name === column.name)
      assert(at >= 0, 'a masked column is copied')
      const subjectAt = subject && order.length + extra.push(subjectExpression(table, subject.steps, subject.column)) - 1
      fields.set(at, { name: column.name, mask: valueMask(this.#key, mask), subjectAt })
    }
    const mask = { table: `${table.schema}.${table.name}`, columns: fields, width: order.length, encoding } as const
    return { kind: 'masked', extra, mask: (rows) => maskRows(rows, mask), through }
  }
}

/** Rows whose partition the masks may change are loaded through the table that has the partitions, in the order of its columns. */
function throughRoot(table: ListedTable, columns: readonly PlannedMask[]): Extract<TableMasks, { kind: 'masked' }>['through'] {
  const root = columns.find(({ column }) => column.isPartitionKey)?.table
  if (!root || root.oid === table.oid) return undefined
  return {
    schema: root.schema,
    table: root.name,
    columns: root.columns.map(({ name, type, isGenerated }) => ({ name, type, isGenerated })),
  }
}

function exactnessOf({ columns, excluded }: MaskPlan, keepsLargeObjects: boolean): RowMasks['exactness'] {
  const name = ({ schema, name: table }: MaskableTable) => `${schema}.${table}`
  const said = (what: string, names: readonly string[], why: string) =>
    names.length === 0 ? [] : [{ what: `${what}: ${names.join(', ')}`, why }]
  return [
    ...said(
      'masked columns',
      columns.map((one) => `${printPlace(one)} (${one.rule.mask})`),
      'their values are not those of the original',
    ),
    ...said('rows that were left out', excluded.map(name), 'the masks leave out the whole table'),
    {
      what: 'generated columns of masked tables, materialized views',
      why: 'computed anew from masked rows, so they are not compared with the original',
    },
    ...(keepsLargeObjects ? [] : [{ what: 'large objects', why: 'nothing masks them, so they are left out; what names one finds none' }]),
    {
      what: 'definitions: names, defaults, CHECK constraints, bounds of partitions, labels of enums, comments, functions, views; rows of extensions; values of sequences',
      why: 'they stand as in the original: no mask looks into them',
    },
  ]
}

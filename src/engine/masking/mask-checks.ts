import { Fault } from '#base/fault.ts'
import type { MaskableTable, UniqueSet } from '#engine/sources/postgres/mask-catalog.ts'
import { printPlace, type ColumnLink, type ColumnPlace } from './column-links.ts'
import { refused } from './mask-forms.ts'
import { statedHere, type PlannedMask } from './planned-mask.ts'

/** What the definition of a column forbids, whatever its values are. MASK_REFUSED. */
export function assertFits(planned: PlannedMask): void {
  const { table, column, rule, because } = planned
  const refuse = (why: string) => refused(rule, planned, because === statedHere ? why : `${why} (${because})`)
  if (column.isGenerated) throw refuse('the database computes it from other columns: mask those')
  if (column.isEnum && rule.mask !== 'null' && rule.mask !== 'exclude' && rule.mask !== 'fixed')
    throw refuse(`it is ${column.type}, an enum`)
  if (isNull(planned) && column.isNotNull) throw refuse('it is NOT NULL')
  if (column.isPartitionKey && table.partitioning !== 'hash' && !table.hasDefaultPartition)
    throw refuse('its value decides in which partition a row lies, and there is no default partition for what fits in none')
  const lost = table.uniques.find(
    (unique) => unique.columns.includes(column.name) && !staysUnique(planned, unique) && unique.columns.length === 1,
  )
  if (lost) throw refuse(`${lost.name} keeps its values unique, and two of them may come to the same`)
}

/** Keys of several columns of which one is masked so that two rows may come to the same. */
export function keyWarning(planned: PlannedMask): string[] {
  const { table, column, rule } = planned
  return table.uniques
    .filter(
      (unique) =>
        unique.columns.includes(column.name) && (unique.hasExpressions || (unique.columns.length > 1 && !staysUnique(planned, unique))),
    )
    .map(
      ({ name }) =>
        `${printPlace(planned)} (${rule.mask}) is part of the key ${name}: whether that still holds, a drill of the masked backup shows`,
    )
}

/** A hash and an address of e-mail are as unique as what they are made of; dates of one subject keep their order. */
function staysUnique(planned: PlannedMask, unique: UniqueSet): boolean {
  const { mask, subject } = planned
  if (mask.kind === 'hash' || mask.kind === 'email') return true
  if (mask.kind === 'shift') return subject !== undefined && subject.steps.length === 0 && unique.columns.includes(subject.column)
  return isNull(planned) && !unique.nullsEqual
}

function isNull({ mask }: PlannedMask): boolean {
  return mask.kind === 'constant' && mask.text === null
}

/** Rows that stay must not refer to rows that are left out. */
export function assertExcludable(
  excluded: readonly MaskableTable[],
  links: readonly ColumnLink[],
  isGone: (place: ColumnPlace) => boolean,
): void {
  for (const table of excluded) {
    const left = links.find(({ kind, child, parent }) => kind === 'foreign-key' && parent.table.oid === table.oid && !isGone(child))
    if (!left) continue
    const fact = `the rows of ${table.schema}.${table.name} cannot be left out: ${printPlace(left.child)} refers to them; leave out its table as well, or mask it null`
    throw new Fault('MASK_REFUSED', fact, { table: `${table.schema}.${table.name}`, column: left.child.column.name })
  }
}

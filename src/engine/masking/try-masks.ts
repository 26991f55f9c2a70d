import { Fault } from '#base/fault.ts'
import type { Connection } from '#engine/sources/postgres/connection.ts'
import {
  countClashes,
  countRefused,
  readOddDomains,
  readTrialRows,
  readTrialTables,
  refusalOfType,
  triedRowsMax,
  type TrialRows,
  type TrialTable,
} from '#engine/sources/postgres/mask-trial.ts'
import { subjectExpression } from '#engine/sources/postgres/row-masks.ts'
import { refused } from './mask-forms.ts'
import { printPlace } from './column-links.ts'
import type { MaskPlan, PlannedMask } from './planned-mask.ts'
import { valueMask } from './value-mask.ts'

export interface MaskTrial {
  /** Masks whose values a constraint would refuse. */
  readonly broken: readonly Fault[]
  /** Constraints that were not asked, and why. */
  readonly untried: readonly string[]
  /** Rows of masked tables that were tried, and whether these are all of them. */
  readonly rows: number
  readonly isAll: boolean
}

/**
 * Masks some rows of every masked table, all of a small one, and asks the server whether CHECK constraints, domains and unique keys would hold.
 * Nothing is written, no function of the application is called, and no original value leaves the database but into this process.
 */
export async function tryMasks(connection: Connection, plan: MaskPlan, key: Uint8Array): Promise<MaskTrial> {
  const masked = Map.groupBy(plan.columns, ({ table }) => table.oid)
  const oddDomains = await readOddDomains(connection)
  const trial = { broken: [] as Fault[], untried: new Set<string>(), rows: 0, isAll: true }
  for (const table of await readTrialTables(connection, [...masked.keys()])) {
    const planned = masked.get(table.root) ?? []
    const rows = await rowsOf(connection, table, { planned, key })
    trial.rows += rows.places.length
    if (rows.isCut) trial.isAll = false
    if (rows.places.length === 0) continue
    const tried = { rows, planned, oddDomains }
    for (const result of [
      ...(await tryTypes(connection, tried)),
      ...(await tryChecks(connection, tried)),
      ...(await tryKeys(connection, tried)),
    ])
      if (typeof result === 'string') trial.untried.add(result)
      else trial.broken.push(result)
  }
  return { ...trial, untried: [...trial.untried] }
}

/** The same, where the first mask that would break something ends it. MASK_REFUSED. */
export async function assertMasksHold(connection: Connection, plan: MaskPlan, key: Uint8Array): Promise<void> {
  const [first] = (await tryMasks(connection, plan, key)).broken
  if (first) throw first
}

interface Tried {
  readonly rows: TrialRows
  /** In the order of the columns of the rows. */
  readonly planned: readonly PlannedMask[]
  readonly oddDomains: ReadonlySet<string>
}

/** What was found broken, or in words what was not asked. */
type Outcome = Fault | string

interface Masking {
  readonly planned: readonly PlannedMask[]
  readonly key: Uint8Array
}

async function rowsOf(
  connection: Connection,
  table: TrialTable,
  { planned, key }: Masking,
): Promise<TrialRows & { readonly isCut: boolean }> {
  const columns = planned.map(({ column: { name, type, baseType }, subject, mask }) => ({
    name,
    type,
    baseType,
    isConstant: mask.kind === 'constant',
    subject: subject && subjectExpression(table, subject.steps, subject.column),
  }))
  const found = await readTrialRows(connection, table, columns)
  const sample = found.slice(0, triedRowsMax).filter(({ isLong }) => !isLong)
  const masks = planned.map(({ mask }) => valueMask(key, mask))
  const maskedAt = (at: number) =>
    sample.map(({ values, subjects }) => {
      const value = values[at]
      return value === null || value === undefined ? null : inColumn(planned[at]!, () => masks[at]!(value, subjects[at] ?? undefined))
    })
  const masked = columns.map((_column, at) => maskedAt(at))
  return { table, columns, places: sample.map(({ row }) => row), masked, isCut: found.length > sample.length }
}

/** A mask says what it does not take; the value itself is what nobody is to read. */
function inColumn(place: PlannedMask, mask: () => string | null): string | null {
  try {
    return mask()
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'MASK_VALUE') throw error
    const facts = { table: `${place.table.schema}.${place.table.name}`, column: place.column.name }
    throw new Fault('MASK_VALUE', `${printPlace(place)}: ${error.message}`, facts, { cause: error })
  }
}

async function tryTypes(connection: Connection, { rows, planned, oddDomains }: Tried): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const [at, place] of planned.entries()) {
    const { type, baseType } = place.column
    if (type === baseType) continue
    if (oddDomains.has(type)) outcomes.push(`the constraints of ${type}, the type of ${printPlace(place)}: they call functions`)
    else if ((await refusalOfType(connection, type, rows.masked[at]!)) !== undefined)
      outcomes.push(refused(place.rule, place, `its type ${type} does not take what the mask makes; ${instead(place)}`))
  }
  return outcomes
}

async function tryChecks(connection: Connection, { rows, planned }: Tried): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  const { table } = rows
  for (const check of table.checks) {
    const place = planned.find(({ column }) => check.columns.includes(column.name))
    if (!place) continue
    const name = `the CHECK ${check.name} of ${table.schema}.${table.name}`
    const count = check.callsFunction ? undefined : await countRefused(connection, rows, check)
    if (count === undefined)
      outcomes.push(`${name}: ${check.callsFunction ? 'it calls functions' : 'the server cannot ask it of rows that are not in the table'}`)
    else if (count > 0)
      outcomes.push(refused(place.rule, place, `${count} of ${rows.places.length} rows that were tried break ${name}; ${instead(place)}`))
  }
  return outcomes
}

async function tryKeys(connection: Connection, { rows, planned }: Tried): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  const { table } = rows
  for (const unique of table.uniques) {
    const place = planned.find(({ column }) => unique.columns.includes(column.name))
    if (!place) continue
    const name = `the unique key ${unique.name} of ${table.schema}.${table.name}`
    if (unique.isOdd) {
      outcomes.push(`${name}: it is of expressions or of some rows alone`)
      continue
    }
    const count = await countClashes(connection, rows, unique)
    if (count === undefined) outcomes.push(`${name}: the server cannot compare its columns`)
    else if (count > 0)
      outcomes.push(
        refused(place.rule, place, `of ${rows.places.length} rows that were tried some come to the same in ${name}; ${instead(place)}`),
      )
  }
  return outcomes
}

function instead({ rule, column }: PlannedMask): string {
  const nothing = column.isNotNull ? (column.constantDefault === null ? '' : ' or exclude') : ' or null'
  switch (rule.mask) {
    case 'hash':
      return rule.keepsFormat ? `fixed${nothing} may do` : `hash with keepsFormat, fixed${nothing} may do`
    case 'shift':
      return `another subject, fewer days in daysMax${nothing} may do`
    case 'fixed':
      return `another value${nothing} may do`
    case 'null':
    case 'exclude':
      return 'fixed or hash may do'
    default:
      return `hash with keepsFormat, fixed${nothing} may do`
  }
}

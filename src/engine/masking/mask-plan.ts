import { Fault, messageOf } from '#base/fault.ts'
import type { ColumnMask, EntityModelSettings, MaskSettings } from '#base/settings.ts'
import type { MaskCatalog, MaskableTable } from '#engine/sources/postgres/mask-catalog.ts'
import type { MaskedDatabase, SubjectStep } from '#engine/sources/postgres/row-masks.ts'
import { columnLinks, keyOf, linkedWith, printPlace, type ColumnLink, type ColumnPlace, type FindPlace } from './column-links.ts'
import { assertExcludable, assertFits, keyWarning } from './mask-checks.ts'
import { commonForm, hasDates, isFunctionMask, ownForm, refused, removedText, textFormOf } from './mask-forms.ts'
import { statedHere, type MaskPlan, type PlannedMask, type SubjectPath } from './planned-mask.ts'
import type { TextForm, ValueMask } from './value-mask.ts'

export type AskedDatabase = Omit<MaskedDatabase, 'encoding' | 'connection'>

export interface MaskWishes {
  readonly masks: MaskSettings
  /** Whose virtual and polymorphic references link columns as foreign keys do. */
  readonly entities?: EntityModelSettings | undefined
}

/**
 * What the settings mean for one database: every column that they mask, and every other one that has to be masked alike, because it
 * refers to one or is referred to. Reads nothing but constants of the catalog. Faults: MASK_SETTINGS for what is not there or said
 * twice, MASK_REFUSED for a mask that a column cannot have.
 */
export async function planMasks(catalog: MaskCatalog, { masks, entities }: MaskWishes, database: AskedDatabase): Promise<MaskPlan> {
  const isHere = (one: { readonly database?: string | undefined }) => one.database === undefined || one.database === database.name
  const find = finderOf(catalog)
  const excluded = masks.excludedTables.filter(isHere).map((one, at) => findTable(catalog, one, `masks.excludedTables.${at}`))
  const declared = { virtual: entities?.virtual.filter(isHere) ?? [], polymorphic: entities?.polymorphic.filter(isHere) ?? [] }
  const links = columnLinks(catalog, declared, find)
  const stated = statedRules(masks, isHere, find)
  const planned = new Map<string, PlannedMask>()
  for (const { place, rule } of stated.values()) {
    for (const one of await spread({ place, rule, links, stated, catalog }, database)) {
      const before = planned.get(keyOf(one))
      if (before && !isSame(before, one)) throw disagreeing(before, one)
      if (!before || before.because !== statedHere) planned.set(keyOf(one), one)
    }
  }
  const isExcluded = (table: MaskableTable) => excluded.some(({ oid }) => oid === table.oid)
  const columns = [...planned.values()].filter(({ table }) => !isExcluded(table))
  for (const one of columns) assertFits(one)
  assertExcludable(excluded, links, (place) => isExcluded(place.table) || isNulled(planned.get(keyOf(place))))
  return { excluded, columns, warnings: columns.flatMap((one) => keyWarning(one)) }
}

function isSame(one: PlannedMask, other: PlannedMask): boolean {
  const [a, b] = [one, other].map(({ mask, rule }) => JSON.stringify([mask, rule.mask === 'shift' ? rule.subject : null]))
  return a === b
}

function isNulled(planned: PlannedMask | undefined): boolean {
  return planned?.mask.kind === 'constant' && planned.mask.text === null
}

interface StatedRule {
  readonly place: ColumnPlace
  readonly rule: ColumnMask
}

function statedRules(masks: MaskSettings, isHere: (rule: ColumnMask) => boolean, find: FindPlace): Map<string, StatedRule> {
  const stated = new Map<string, StatedRule>()
  for (const [at, rule] of masks.columns.entries()) {
    if (!isHere(rule)) continue
    const place = find(rule, rule.column, `masks.columns.${at}`)
    if (stated.has(keyOf(place))) throw settingsFault(`masks.columns.${at}`, `${printPlace(place)} is named twice`)
    stated.set(keyOf(place), { place, rule })
  }
  return stated
}

interface Spreading extends StatedRule {
  readonly links: readonly ColumnLink[]
  readonly stated: ReadonlyMap<string, StatedRule>
  readonly catalog: MaskCatalog
}

/** The rule for its own column and for those that must not tell it apart any more. */
async function spread({ place, rule, links, stated, catalog }: Spreading, database: AskedDatabase): Promise<PlannedMask[]> {
  const because = (one: ColumnPlace) => (one === place ? statedHere : `it is linked with ${printPlace(place)}`)
  if (isFunctionMask(rule)) {
    // A reference that is to be NULL ends there.
    const open = links.filter(({ child }) => !endsAt(stated.get(keyOf(child))) || keyOf(child) === keyOf(place))
    const places = linkedWith(place, open, false)
    const form = commonForm(places, rule)
    return places.map((one) => ({ ...one, rule, mask: functionMask(rule, ownForm(form, one, rule)), because: because(one) }))
  }
  const mask = rule.mask === 'shift' ? ({ kind: 'shift', daysMax: rule.daysMax } as const) : await constantMask(place, rule, database)
  const isNull = mask.kind === 'constant' && mask.text === null
  const values = links.filter(({ kind, child, parent }) => kind !== 'part' && [keyOf(child), keyOf(parent)].includes(keyOf(place)))
  const [one] = values
  if (one && !isNull)
    throw refused(rule, place, `its values stand for others: ${printPlace(one.child)} refers to ${printPlace(one.parent)}`)
  const parts = isNull ? links : links.filter(({ kind }) => kind === 'part')
  return linkedWith(place, parts, true).map((other) => {
    if (rule.mask === 'shift' && !hasDates(other.column)) throw refused(rule, other, `${other.column.type} holds no dates`)
    const subject = rule.mask === 'shift' ? { subject: subjectPath(other, rule.subject, catalog) } : {}
    return { ...other, rule, mask, because: because(other), ...subject }
  })
}

function endsAt(stated: StatedRule | undefined): boolean {
  return stated?.rule.mask === 'null' || stated?.rule.mask === 'exclude'
}

function functionMask(
  rule: Extract<ColumnMask, { mask: 'hash' | 'name' | 'email' | 'phone' | 'address' }>,
  form: ReturnType<typeof ownForm>,
): ValueMask {
  if (rule.mask === 'hash') return { kind: 'hash', form, keepsFormat: rule.keepsFormat }
  // `commonForm` let nothing else through.
  const text = form as TextForm
  return rule.mask === 'name' ? { kind: 'name', form: text, part: rule.part } : { kind: rule.mask, form: text }
}

async function constantMask(
  place: ColumnPlace,
  rule: Extract<ColumnMask, { mask: 'null' | 'exclude' | 'fixed' | 'text' }>,
  database: AskedDatabase,
): Promise<Extract<ValueMask, { kind: 'constant' }>> {
  const { column } = place
  if (rule.mask === 'fixed') return { kind: 'constant', text: await fixedText(place, rule, database) }
  if (rule.mask === 'text') {
    const text = removedText(column)
    if (text === undefined) throw refused(rule, place, `${column.type} holds no free text`)
    return { kind: 'constant', text }
  }
  if (!column.isNotNull) return { kind: 'constant', text: null }
  if (rule.mask === 'null') throw refused(rule, place, 'it is NOT NULL')
  if (column.constantDefault === null) throw refused(rule, place, 'it is NOT NULL, and has no default that is a constant')
  return { kind: 'constant', text: await database.constant(column.constantDefault) }
}

/** As the server writes it, or what is loaded would not be what was hashed. */
async function fixedText(place: ColumnPlace, rule: Extract<ColumnMask, { mask: 'fixed' }>, database: AskedDatabase): Promise<string> {
  const { column } = place
  const lengthMax = textFormOf(column)?.lengthMax ?? null
  if (lengthMax !== null && Array.from(rule.value).length > lengthMax) throw refused(rule, place, `the value is longer than ${column.type}`)
  try {
    return await database.canonical(column.baseType, rule.value)
  } catch (error) {
    throw refused(rule, place, messageOf(error))
  }
}

function subjectPath(place: ColumnPlace, subject: readonly string[], { tables, references }: MaskCatalog): SubjectPath {
  const rule = { mask: 'shift' } as const
  let { table } = place
  const steps: SubjectStep[] = []
  for (const column of subject.slice(0, -1)) {
    const reference = references.find(({ child, columns }) => child === table.oid && columns.length === 1 && columns[0] === column)
    const parent = reference && tables.find(({ oid }) => oid === reference.parent)
    if (!parent)
      throw refused(rule, place, `no foreign key of ${table.schema}.${table.name} stands on ${column} alone, so it leads to no subject`)
    steps.push({ column, parent, parentColumn: reference.parentColumns[0]!, equal: reference.equal[0]! })
    table = parent
  }
  const column = subject.at(-1)!
  if (!table.columns.some(({ name }) => name === column))
    throw refused(rule, place, `the table ${table.schema}.${table.name} has no column ${column} to name a subject`)
  return { steps, column }
}

function finderOf(catalog: MaskCatalog): FindPlace {
  return (named, name, field) => {
    const table = findTable(catalog, named, field)
    const column = table.columns.find((one) => one.name === name)
    if (!column) throw settingsFault(field, `the table ${named.schema}.${named.table} has no column ${name}`)
    return { table, column }
  }
}

function findTable(
  { tables }: MaskCatalog,
  { schema, table }: { readonly schema: string; readonly table: string },
  field: string,
): MaskableTable {
  const found = tables.find((one) => one.schema === schema && one.name === table)
  if (found) return found
  throw settingsFault(field, `there is no table ${schema}.${table}, or it is a partition, or belongs to an extension`)
}

function settingsFault(field: string, fact: string): Fault {
  return new Fault('MASK_SETTINGS', `${field}: ${fact}`, { field })
}

function disagreeing(one: PlannedMask, other: PlannedMask): Fault {
  const rules = [one, other].map(({ rule }) => `${rule.schema}.${rule.table}.${rule.column} ${rule.mask}`).join(' and ')
  return settingsFault('masks.columns', `${printPlace(one)} would be masked in two ways, by the rules for ${rules}: give both one mask`)
}

import { Fault } from '#base/fault.ts'
import type { ColumnMask } from '#base/settings.ts'
import type { MaskableColumn } from '#engine/sources/postgres/mask-catalog.ts'
import { printPlace, type ColumnPlace } from './column-links.ts'
import { mailLengthMin, phoneLength, pseudonymLengthMin } from './pseudonyms.ts'
import type { TextForm, ValueForm } from './value-mask.ts'

/** Masks that make a value out of the value: what is linked with the column can be masked alike. */
export type FunctionMask = Extract<ColumnMask, { mask: 'hash' | 'name' | 'email' | 'phone' | 'address' }>

export function isFunctionMask(rule: ColumnMask): rule is FunctionMask {
  return ['hash', 'name', 'email', 'phone', 'address'].includes(rule.mask)
}

const numbers = ['int2', 'int4', 'int8'] as const

/** How the values of all these columns are read and written, so that equal ones stay equal. MASK_REFUSED where that cannot be kept. */
export function commonForm(places: readonly ColumnPlace[], rule: FunctionMask): ValueForm {
  const forms = places.map((place) => ({ place, form: formOf(place, rule) }))
  const first = forms[0]!
  const other = forms.find(
    ({ place, form }) => !isAlike(first.form, form) || !isComparable(place.column, first.place.column, forms.length > 1),
  )
  if (other) {
    const types = `${first.place.column.type} and ${other.place.column.type}`
    throw refused(rule, other.place, `it is linked with ${printPlace(first.place)}, and what is equal in ${types} would no longer be so`)
  }
  const { form } = first
  if (form.family !== 'text') return form
  const lengths = forms.flatMap((one) => (one.form.family === 'text' && one.form.lengthMax !== null ? [one.form.lengthMax] : []))
  const lengthMax = lengths.length === 0 ? null : Math.min(...lengths)
  const narrowest = forms.find((one) => one.form.family === 'text' && one.form.lengthMax === lengthMax) ?? first
  assertRoom(rule, narrowest.place, lengthMax)
  return { ...form, lengthMax }
}

/** The form of one column within its group: it is filled up as its own type wants. */
export function ownForm(common: ValueForm, place: ColumnPlace, rule: FunctionMask): ValueForm {
  const own = formOf(place, rule)
  return common.family === 'text' && own.family === 'text' ? { ...common, paddedTo: own.paddedTo } : common
}

export function refused(rule: Pick<ColumnMask, 'mask'>, place: ColumnPlace, why: string): Fault {
  const { table, column } = place
  return new Fault('MASK_REFUSED', `${printPlace(place)} cannot have the mask ${rule.mask}: ${why}`, {
    table: `${table.schema}.${table.name}`,
    column: column.name,
    mask: rule.mask,
  })
}

/** Of a column of text; undefined of any other. */
export function textFormOf({ base, isBuiltIn, modifier }: MaskableColumn): TextForm | undefined {
  if (base === 'citext') return { family: 'text', lengthMax: null, paddedTo: null, ignoresCase: true }
  if (!isBuiltIn || !['text', 'varchar', 'bpchar'].includes(base)) return undefined
  // "varlena" modifiers count their own four bytes.
  const lengthMax = modifier > 4 ? modifier - 4 : null
  return { family: 'text', lengthMax, paddedTo: base === 'bpchar' ? lengthMax : null, ignoresCase: false }
}

function formOf(place: ColumnPlace, rule: FunctionMask): ValueForm {
  const { column } = place
  const text = textFormOf(column)
  if (text) {
    if (!column.isDeterministic) throw refused(rule, place, 'its collation takes different texts for equal')
    return text
  }
  if (rule.mask !== 'hash') throw refused(rule, place, `it is ${column.type}, not text`)
  if (column.isBuiltIn && (column.base === 'uuid' || column.base === 'numeric')) return { family: column.base }
  const number = numbers.find((one) => column.isBuiltIn && column.base === one)
  if (number) return { family: number }
  throw refused(rule, place, `it is ${column.type}; a hash is made of text, uuid, whole numbers and numeric`)
}

function isAlike(a: ValueForm, b: ValueForm): boolean {
  if (a.family !== b.family) return false
  return a.family !== 'text' || b.family !== 'text' || a.ignoresCase === b.ignoresCase
}

/** 1.0 equals 1.00: only where both are written with as many digits is what is equal written alike. */
function isComparable(a: MaskableColumn, b: MaskableColumn, isLinked: boolean): boolean {
  return a.base !== 'numeric' || !isLinked || (a.modifier !== -1 && a.modifier === b.modifier)
}

function assertRoom(rule: FunctionMask, place: ColumnPlace, lengthMax: number | null): void {
  const needed = { hash: pseudonymLengthMin, email: mailLengthMin, phone: phoneLength, name: 1, address: 1 }[rule.mask]
  if (lengthMax === null || lengthMax >= needed || (rule.mask === 'hash' && rule.keepsFormat)) return
  const instead = rule.mask === 'hash' ? '; with keepsFormat it takes no more than the original' : ''
  throw refused(rule, place, `it needs ${needed} characters, and ${place.column.type} holds ${lengthMax}${instead}`)
}

const dated = /^_?(date|timestamp|timestamptz|daterange|tsrange|tstzrange|datemultirange|tsmultirange|tstzmultirange)$/

export function hasDates({ base, isBuiltIn }: MaskableColumn): boolean {
  return isBuiltIn && dated.test(base)
}

/** What stands where free text was; undefined of a type that holds none. */
export function removedText(column: MaskableColumn): string | undefined {
  const text = textFormOf(column)
  if (text) return (text.lengthMax === null ? removed : removed.slice(0, text.lengthMax)).padEnd(text.paddedTo ?? 0)
  if (column.isBuiltIn && column.base.startsWith('_')) return '{}'
  return column.isBuiltIn ? { json: '{}', jsonb: '{}', xml: '<removed/>', bytea: '\\x' }[column.base] : undefined
}

const removed = '(removed)'

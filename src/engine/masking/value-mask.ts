import { unreachable } from '#base/unreachable.ts'
import { maskInteger, maskKeepingFormat, maskNumeric } from './kept-format.ts'
import { addressLengthMax, fakeAddress, fakeMail, fakeName, fakePhone, pseudonym, pseudonymUuid, type NamePart } from './pseudonyms.ts'
import { shiftDates, shiftOf } from './shifted-dates.ts'

/** Text as a column holds it. */
export interface TextForm {
  readonly family: 'text'
  /** Characters; null without a bound. */
  readonly lengthMax: number | null
  /** `char(n)`: filled up with blanks, which mean nothing. */
  readonly paddedTo: number | null
  /** `citext`: letters in either case are equal. */
  readonly ignoresCase: boolean
}

export type ValueForm = TextForm | { readonly family: 'uuid' | 'int2' | 'int4' | 'int8' | 'numeric' }

/** What is done to the values of a column, decided once. */
export type ValueMask =
  | { readonly kind: 'constant'; readonly text: string | null }
  | { readonly kind: 'hash'; readonly form: ValueForm; readonly keepsFormat: boolean }
  | { readonly kind: 'name'; readonly form: TextForm; readonly part: NamePart }
  | { readonly kind: 'email' | 'phone' | 'address'; readonly form: TextForm }
  | { readonly kind: 'shift'; readonly daysMax: number }

/** A value as PostgreSQL writes it, and the subject of its row; null means NULL. */
export type MaskValue = (value: string, subject: string | undefined) => string | null

/** How many masked values a column remembers: most columns repeat theirs, and foreign keys always do. */
const rememberedMax = 20_000

/** The mask is a function of key, form and value: the same value becomes the same in every column of the form, table and backup. */
export function valueMask(key: Uint8Array, mask: ValueMask): MaskValue {
  switch (mask.kind) {
    case 'constant':
      return () => mask.text
    case 'shift':
      return shifting(key, mask.daysMax)
    case 'hash':
      return remembering(hashing(key, mask))
    case 'name':
      return remembering(onText(mask.form, (value) => fakeName(key, mask.part, value)))
    case 'email':
      return remembering(onText(mask.form, (value) => fakeMail(key, value, mask.form.lengthMax ?? Infinity)))
    case 'phone':
      return remembering(onText(mask.form, (value) => fakePhone(key, value)))
    case 'address':
      return remembering(onText({ ...mask.form, lengthMax: mask.form.lengthMax ?? addressLengthMax }, (value) => fakeAddress(key, value)))
    default:
      return unreachable(mask)
  }
}

function hashing(key: Uint8Array, { form, keepsFormat }: Extract<ValueMask, { kind: 'hash' }>): (value: string) => string {
  switch (form.family) {
    case 'text':
      return onText(form, (value) => (keepsFormat ? maskKeepingFormat(key, value) : pseudonym(key, value, form.lengthMax ?? undefined)))
    case 'uuid':
      return (value) => pseudonymUuid(key, value)
    case 'numeric':
      return (value) => maskNumeric(key, value)
    case 'int2':
    case 'int4':
    case 'int8': {
      const { family } = form
      return (value) => maskInteger(key, family, value)
    }
    default:
      return unreachable(form)
  }
}

/** What equals for the database is masked as one value. */
function onText({ lengthMax, paddedTo, ignoresCase }: TextForm, mask: (value: string) => string): (value: string) => string {
  return (value) => {
    const trimmed = paddedTo === null ? value : value.replace(/ +$/, '')
    const masked = mask(ignoresCase ? trimmed.toLowerCase() : trimmed)
    const fitting = lengthMax === null ? masked : Array.from(masked).slice(0, lengthMax).join('')
    return paddedTo === null ? fitting : fitting + ' '.repeat(Math.max(0, paddedTo - Array.from(fitting).length))
  }
}

function shifting(key: Uint8Array, daysMax: number): MaskValue {
  const shifts = new Map<string | undefined, number>()
  return (value, subject) => {
    let days = shifts.get(subject)
    if (days === undefined) {
      if (shifts.size >= rememberedMax) shifts.clear()
      shifts.set(subject, (days = shiftOf(key, subject, daysMax)))
    }
    return shiftDates(value, days)
  }
}

function remembering(mask: (value: string) => string): MaskValue {
  const known = new Map<string, string>()
  return (value) => {
    let masked = known.get(value)
    if (masked === undefined) {
      if (known.size >= rememberedMax) known.clear()
      known.set(value, (masked = mask(value)))
    }
    return masked
  }
}

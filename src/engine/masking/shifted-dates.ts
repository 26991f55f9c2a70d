import { Fault } from '#base/fault.ts'
import { digestOf } from './pseudonyms.ts'

/** By how many days the dates of a subject move: from 1 to `daysMax`, forward or back, by the key. Rows without a subject share one. */
export function shiftOf(key: Uint8Array, subject: string | undefined, daysMax: number): number {
  const digest = digestOf(key, 'shift', subject === undefined ? '' : `=${subject}`)
  const days = Number(digest.readBigUInt64BE(0) % BigInt(daysMax)) + 1
  return digest[8]! % 2 === 0 ? days : -days
}

/**
 * Every date in a value as PostgreSQL writes it under `DateStyle ISO`: of `date`, `timestamp`, `timestamptz`, of ranges, multiranges
 * and arrays of them. The time of day stays; `infinity` stays. MASK_VALUE where a date leaves what `date` can hold.
 */
export function shiftDates(text: string, days: number): string {
  return text.replace(
    datePattern,
    (_whole, year: string, month: string, day: string, time: string | undefined, era: string | undefined) => {
      const of = era === undefined ? Number(year) : 1 - Number(year)
      const moved = civilFromDays(daysFromCivil(of, Number(month), Number(day)) + days)
      if (moved.year < -4712 || moved.year > 294_275) throw new Fault('MASK_VALUE', 'a date moves beyond what PostgreSQL can hold')
      const written = moved.year > 0 ? moved.year : 1 - moved.year
      const two = (part: number) => String(part).padStart(2, '0')
      return `${String(written).padStart(4, '0')}-${two(moved.month)}-${two(moved.day)}${time ?? ''}${moved.year > 0 ? '' : ' BC'}`
    },
  )
}

const datePattern = /(\d{4,7})-(\d\d)-(\d\d)( \d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d(?::\d\d){0,2})?)?( BC)?/g

/** Days since 1970-01-01 of the proleptic Gregorian calendar, year 0 being 1 BC (Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

function civilFromDays(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shiftedMonth + (shiftedMonth < 10 ? 3 : -9)
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
  }
}

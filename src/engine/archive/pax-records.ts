import { damagedArchive } from './archive-fault.ts'

/** Records of an extended header, by keyword; keywords and values are bytes, one character each. */
export type PaxRecords = ReadonlyMap<string, string>

/** pax(1) "pax Extended Header": `<length> <keyword>=<value>\n`, where the length counts itself. */
export function encodePaxRecord(keyword: string, value: string): Buffer {
  const rest = ` ${keyword}=${value}\n`
  let digits = 1
  while (String(rest.length + digits).length > digits) digits += 1
  return Buffer.from(`${rest.length + digits}${rest}`, 'latin1')
}

export function decodePaxRecords(bytes: Uint8Array): Map<string, string> {
  const text = Buffer.from(bytes).toString('latin1')
  const records = new Map<string, string>()
  for (let at = 0; at < text.length;) {
    const space = text.indexOf(' ', at)
    const length = space < 0 ? Number.NaN : Number(text.slice(at, space))
    const end = at + length
    const equals = text.indexOf('=', space)
    if (!/^\d+$/.test(text.slice(at, space)) || end > text.length || text[end - 1] !== '\n' || equals < 0 || equals >= end) {
      throw damagedArchive('an extended header is not readable')
    }
    records.set(text.slice(space + 1, equals), text.slice(equals + 1, end - 1))
    at = end
  }
  return records
}

/** Seconds since 1970 with a fraction, as pax(1) writes times. */
export function printPaxTime(ns: bigint): string {
  const size = ns < 0n ? -ns : ns
  const fraction = String(size % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '')
  return `${ns < 0n ? '-' : ''}${size / 1_000_000_000n}${fraction === '' ? '' : `.${fraction}`}`
}

export function parsePaxTime(text: string): bigint {
  const [, sign, seconds, fraction = ''] = /^(-?)(\d{1,18})(?:\.(\d*))?$/.exec(text) ?? []
  if (seconds === undefined) throw damagedArchive('an extended header has a time that is none')
  const size = BigInt(seconds) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'))
  return sign === '-' ? -size : size
}

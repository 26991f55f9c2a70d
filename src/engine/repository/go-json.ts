import { Fault } from '#base/fault.ts'
import { bytesOf, byteString, type ByteString } from '#engine/byte-string.ts'

// restic writes its documents with Go's encoding/json and strconv. Written the same way, byte for byte, a tree that did
// not change keeps its hash whichever program wrote it.

/** A JSON string as Go's `json.Marshal` writes it, quotes included. */
export function goString(text: string): string {
  // Nothing to escape, as in almost every name.
  if (/^[ !#-%'-;=?-[\]-~]*$/.test(text)) return `"${text}"`
  const json = JSON.stringify(text)
  return /[<>&\u2028\u2029\u0008\u000c]/.test(text) ? json.replace(/\\.|[<>&\u2028\u2029]/g, (c) => goEscapes[c] ?? c) : json
}

const goEscapes: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
  '\\b': '\\u0008',
  '\\f': '\\u000c',
}

/** The bytes of a name as the inside of a `strconv.Quote` literal. */
export function goQuote(name: ByteString): string {
  // oxlint-disable-next-line no-control-regex
  if (/^[\u0020-\u007e]*$/.test(name) && !/["\\]/.test(name)) return name
  const bytes = bytesOf(name)
  let quoted = ''
  for (let at = 0; at < bytes.length;) {
    const { character, length } = utf8At(bytes, at)
    quoted += character === undefined ? `\\x${hex(bytes[at]!, 2)}` : quotedCharacter(character)
    at += length
  }
  return quoted
}

/** The reverse of `goQuote`; DAMAGE_TREE for what strconv.Unquote refuses. */
export function goUnquote(quoted: string): ByteString {
  // Bytes and characters are the same, as in almost every name.
  if (/^[ -[\]-~]*$/.test(quoted)) return quoted as ByteString
  if (!quoted.includes('\\')) return byteString(Buffer.from(quoted, 'utf8'))
  const parts: Buffer[] = []
  const escape = /\\(?:([abfnrtv\\"'])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))/y
  for (let at = 0; at < quoted.length;) {
    if (quoted[at] !== '\\') {
      const next = quoted.indexOf('\\', at)
      const end = next < 0 ? quoted.length : next
      parts.push(Buffer.from(quoted.slice(at, end), 'utf8'))
      at = end
      continue
    }
    escape.lastIndex = at
    const found = escape.exec(quoted)
    const bytes = found && unescaped(found)
    if (!bytes) throw new Fault('DAMAGE_TREE', 'a name in a tree has an escape that is not valid', { escape: quoted.slice(at, at + 10) })
    parts.push(bytes)
    at = escape.lastIndex
  }
  return byteString(Buffer.concat(parts))
}

/** RFC 3339 in UTC with as many digits of the second as are needed, as Go's `time.Time` marshals. Years 0 to 9999. */
export function goTime(ns: bigint): string {
  // Most files have one time three times over.
  if (ns !== printed.ns) printed = { ns, text: printTime(ns) }
  return printed.text
}

let printed = { ns: 0n, text: '1970-01-01T00:00:00Z' }

function printTime(ns: bigint): string {
  const clamped = ns < nsMin ? nsMin : ns > nsMax ? nsMax : ns
  let fraction = Number(clamped % nsPerSecond)
  if (fraction < 0) fraction += 1e9
  const seconds = Number((clamped - BigInt(fraction)) / nsPerSecond)
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19)
  if (fraction === 0) return `${whole}Z`
  const digits = String(fraction).padStart(9, '0')
  let end = 9
  while (digits.charCodeAt(end - 1) === 48) end -= 1
  return `${whole}.${digits.slice(0, end)}Z`
}

const nsPerSecond = 1_000_000_000n
// restic clamps the same way (`FixTime`): JSON times have four digits for the year.
const nsMin = BigInt(Date.parse('0000-01-01T00:00:00Z')) * 1_000_000n
const nsMax = BigInt(Date.parse('9999-12-31T23:59:59Z')) * 1_000_000n + 999_999_999n

/** Nanoseconds since 1970 of a Go time in any zone; `undefined` when it is none. */
export function parseGoTime(text: string): bigint | undefined {
  if (text !== parsed.text) parsed = { text, ns: parseTime(text) }
  return parsed.ns
}

let parsed: { readonly text: string; readonly ns: bigint | undefined } = { text: '', ns: undefined }

function parseTime(text: string): bigint | undefined {
  const found = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text)
  if (!found) return undefined
  const ms = Date.parse(found[1]! + found[3]!)
  if (Number.isNaN(ms)) return undefined
  return BigInt(ms) * 1_000_000n + BigInt((found[2] ?? '').padEnd(9, '0'))
}

function quotedCharacter(character: string): string {
  const simple = simpleEscapes[character]
  if (simple !== undefined) return simple
  if (character === ' ' || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(character)) return character
  const code = character.codePointAt(0)!
  if (code < 0x20 || code === 0x7f) return `\\x${hex(code, 2)}`
  return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`
}

const simpleEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
}
const simpleUnescapes: Readonly<Record<string, string>> = { a: '\u0007', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

function unescaped(found: RegExpExecArray): Buffer | undefined {
  const [, simple, byte, short, long, octal] = found
  if (simple !== undefined) return Buffer.from(simpleUnescapes[simple] ?? simple, 'latin1')
  if (byte !== undefined) return Buffer.of(Number.parseInt(byte, 16))
  if (octal !== undefined) {
    const value = Number.parseInt(octal, 8)
    return value > 255 ? undefined : Buffer.of(value)
  }
  const code = Number.parseInt(short ?? long!, 16)
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined
  return Buffer.from(String.fromCodePoint(code), 'utf8')
}

/** The character that starts at `at`, or none when the byte there begins no valid UTF-8. */
function utf8At(bytes: Buffer, at: number): { character?: string; length: number } {
  const first = bytes[at]!
  const length =
    first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xf0 && first < 0xf5 ? 4 : 0
  if (length === 0 || at + length > bytes.length) return { length: 1 }
  const slice = bytes.subarray(at, at + length)
  const character = slice.toString('utf8')
  return Buffer.from(character, 'utf8').equals(slice) ? { character, length } : { length: 1 }
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}

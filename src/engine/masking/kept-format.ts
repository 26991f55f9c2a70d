import { Fault } from '#base/fault.ts'
import { permute } from './permutation.ts'

/** Characters that stand for one another: each is replaced by one of its own kind. */
interface Alphabet {
  readonly size: number
  readonly first: number
  /** Code points in between that are no letters. */
  readonly without?: number
}

const alphabets: readonly Alphabet[] = [
  { first: 0x30, size: 10 }, // 0-9
  { first: 0x41, size: 26 }, // A-Z
  { first: 0x61, size: 26 }, // a-z
  { first: 0xc0, size: 30, without: 0xd7 }, // À-Þ
  { first: 0xdf, size: 32, without: 0xf7 }, // ß-ÿ
  { first: 0x100, size: 128 }, // Latin Extended-A
  { first: 0x410, size: 32 }, // А-Я
  { first: 0x430, size: 32 }, // а-я
  { first: 0x4e00, size: 20_992 }, // Chinese
  { first: 0xac00, size: 11_172 }, // Hangul
]

/** How many characters are permuted as one. Longer texts go piece by piece, each depending on those before it. */
const pieceLength = 48

/**
 * A text of the same length and kinds of characters: what is neither letter nor digit stays. A permutation of all texts of one
 * form, so two never become one; where the form allows few texts, one may become itself. MASK_VALUE for letters and digits
 * of other scripts, which would stay as they are.
 */
export function maskKeepingFormat(key: Uint8Array, text: string): string {
  const points = Array.from(text, (character) => character.codePointAt(0)!)
  const kinds = points.map(kindOf)
  const form = kinds.map((kind, at) => (kind === undefined ? `=${points[at]}` : kind)).join(',')
  const changed = points.flatMap((_point, at) => (kinds[at] === undefined ? [] : [at]))
  for (let from = 0; from < changed.length; from += pieceLength) {
    const piece = changed.slice(from, from + pieceLength)
    const before = text.length > pieceLength ? Array.from(text).slice(0, piece[0]).join('') : ''
    const sizes = piece.map((at) => BigInt(alphabets[kinds[at]!]!.size))
    const indexes = piece.map((at) => indexIn(alphabets[kinds[at]!]!, points[at]!))
    const size = sizes.reduce((product, one) => product * one, 1n)
    const number = indexes.reduce((sum, index, at) => sum * sizes[at]! + BigInt(index), 0n)
    let rest = permute(key, { size, tweak: `format ${from} ${form} ${before}` }, number)
    for (let at = piece.length - 1; at >= 0; at -= 1) {
      points[piece[at]!] = pointOf(alphabets[kinds[piece[at]!]!]!, Number(rest % sizes[at]!))
      rest /= sizes[at]!
    }
  }
  return points.map((point) => String.fromCodePoint(point)).join('')
}

/** The number of its alphabet; undefined of what stays. */
function kindOf(point: number): number | undefined {
  const found = alphabets.findIndex(
    ({ first, size, without }) => point >= first && point < first + size + (without ? 1 : 0) && point !== without,
  )
  if (found >= 0) return found
  if (!/[\p{L}\p{N}\p{M}]/u.test(String.fromCodePoint(point))) return undefined
  throw new Fault('MASK_VALUE', 'a value has letters or digits of a script whose format cannot be kept')
}

function indexIn({ first, without }: Alphabet, point: number): number {
  return point - first - (without !== undefined && point > without ? 1 : 0)
}

function pointOf({ first, without }: Alphabet, index: number): number {
  const point = first + index
  return without !== undefined && point >= without ? point + 1 : point
}

/**
 * A number as `numeric` writes it, of as many digits: the first stays no zero, and a lone zero before the point stays. NaN and
 * Infinity stay as well.
 */
export function maskNumeric(key: Uint8Array, text: string): string {
  const parts = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text)
  if (!parts) return text
  const [, sign = '', whole = '', fraction = ''] = parts
  const hasWhole = whole !== '0'
  const digits = hasWhole ? whole + fraction : fraction
  // Numbers of so many digits: the first one is 1-9 where there is a whole part, and none is all zeros, which would lose its sign.
  const least = hasWhole ? 10n ** BigInt(digits.length - 1) : 1n
  const size = 10n ** BigInt(digits.length) - least
  const value = BigInt(digits || '0')
  if (value < least) return text
  const masked = permute(key, { size, tweak: `numeric ${sign} ${whole.length} ${fraction.length} ${hasWhole}` }, value - least) + least
  const all = masked.toString().padStart(digits.length, '0')
  const [before, after] = hasWhole ? [all.slice(0, whole.length), all.slice(whole.length)] : ['0', all]
  return `${sign}${before}${fraction === '' ? '' : `.${after}`}`
}

const bitsOf = { int2: 15n, int4: 31n, int8: 63n } as const

/** A whole number of the same type and sign. */
export function maskInteger(key: Uint8Array, type: keyof typeof bitsOf, text: string): string {
  const value = BigInt(text)
  const order = { size: 1n << bitsOf[type], tweak: type }
  return (value < 0n ? -1n - permute(key, order, -1n - value) : permute(key, order, value)).toString()
}

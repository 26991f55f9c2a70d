/**
 * A pattern of paths in which values of a row stand, such as a folder of each study. A name with values in it has no wildcard:
 * `{code}*` of the study 1 would be the files of the study 10 as well.
 */
export type FilePatternPart =
  | { readonly kind: 'deep' }
  | { readonly kind: 'wild'; readonly text: string }
  | { readonly kind: 'name'; readonly pieces: readonly FilePatternPiece[] }

export type FilePatternPiece = { readonly literal: string } | { readonly column: string }

/**
 * Parts of a pattern from the root down: `{column}` for a value, `?` for a character and `*` for any within a name, `**` across names.
 * Undefined when it is none: without a value, with one beside a wildcard, with an empty name, `.` or `..`.
 */
export function parseFilePattern(pattern: string): readonly FilePatternPart[] | undefined {
  const parts = pattern.split('/').map(partOf)
  if (parts.some((part) => part === undefined)) return undefined
  const known = parts.filter((part) => part !== undefined)
  return columnsOfPattern(known).length > 0 ? known : undefined
}

export function columnsOfPattern(parts: readonly FilePatternPart[]): string[] {
  return parts.flatMap((part) => (part.kind === 'name' ? part.pieces : [])).flatMap((piece) => ('column' in piece ? [piece.column] : []))
}

function partOf(text: string): FilePatternPart | undefined {
  if (text === '' || text === '.' || text === '..') return undefined
  if (text === '**') return { kind: 'deep' }
  const pieces = text.split(/(\{[^{}]+\})/).filter((piece) => piece !== '')
  const hasValue = pieces.some(isColumn)
  if (pieces.some((piece) => !isColumn(piece) && /[{}]/.test(piece))) return undefined
  if (/[*?]/.test(text)) return hasValue || text.includes('**') ? undefined : { kind: 'wild', text }
  return { kind: 'name', pieces: pieces.map((piece) => (isColumn(piece) ? { column: piece.slice(1, -1) } : { literal: piece })) }
}

const isColumn = (piece: string) => /^\{[^{}]+\}$/.test(piece)

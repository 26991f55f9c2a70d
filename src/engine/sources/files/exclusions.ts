import { byteStringOf, type ByteString } from '#engine/byte-string.ts'

/** Decides by path below the root (parts joined with `/`) whether an entry, and all below it, stays out of the backup. */
export type Exclusion = (path: ByteString) => boolean

/**
 * Patterns are matched against the whole path below the root: `?` one byte, `*` within a name, `**` across names; a
 * leading `/` and a trailing `/` change nothing. What matches is left out with all that is below it.
 */
export function exclusionOf(patterns: readonly string[]): Exclusion {
  if (patterns.length === 0) return () => false
  const expressions = patterns.map((pattern) => new RegExp(`^(?:${expressionOf(pattern)})$`, 's'))
  return (path) => expressions.some((expression) => expression.test(path))
}

function expressionOf(pattern: string): string {
  const bytes = byteStringOf(pattern.replace(/^\/+|\/+$/g, ''))
  return bytes.replace(/\*\*\/|\*\*|\*|\?|[^*?]/gs, (part) => {
    if (part === '**/') return '(?:.*/)?'
    if (part === '**') return '.*'
    if (part === '*') return '[^/]*'
    if (part === '?') return '[^/]'
    return part.replace(/[\\^$.|+()[\]{}]/, '\\$&')
  })
}

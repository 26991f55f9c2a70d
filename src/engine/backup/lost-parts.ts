import type { Loss } from '#engine/repository/losses.ts'

/** What is lost of a backup in the words of whoever made it: segments of one table are one table. */
export interface LostPart {
  readonly kind: 'table' | 'file' | 'directory'
  /** `clinic: public.visits`, or the path in the backup. */
  readonly what: string
  /** Files in the repository: the segments of a table. */
  readonly pieces: number
}

/** design of a backup: `database/<name>/data/<schema>/<table>/NNNNNN.copy`, each part percent-encoded. */
const segment = /^database\/([^/]+)\/data\/([^/]+)\/([^/]+)(?:\/[^/]+)?$/

export function lostParts(losses: readonly Loss[]): LostPart[] {
  const parts = losses.map(({ path, kind }): LostPart => {
    const found = segment.exec(path)
    if (!found) return { kind, what: path === '' ? 'everything: its top directory cannot be read' : path, pieces: 1 }
    const [, database, schema, table] = found.map(decoded)
    return { kind: 'table', what: `${database}: ${schema}.${table}`, pieces: 1 }
  })
  return [...Map.groupBy(parts, ({ kind, what }) => `${kind} ${what}`).values()].map((same) => ({ ...same[0]!, pieces: same.length }))
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    // Not encoded by us: it is shown as it is.
    return part
  }
}

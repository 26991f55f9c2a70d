import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'

export interface Migration {
  readonly number: number
  /** What stands in its first line. */
  readonly caption: string
  readonly sql: string
  readonly sha256: string
}

const folder = new URL('./migrations/', import.meta.url)

/** In order: `0001-….sql`, each beginning with a comment that says what it is about. A migration that was run is never edited. */
export function readMigrations(): readonly Migration[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .toSorted()
    .map((name) => {
      const sql = readFileSync(new URL(name, folder), 'utf8')
      return {
        number: Number(name.slice(0, 4)),
        caption: sql.slice(0, sql.indexOf('\n')).replace(/^-- /, ''),
        sql,
        sha256: createHash('sha256').update(sql).digest('hex'),
      }
    })
}

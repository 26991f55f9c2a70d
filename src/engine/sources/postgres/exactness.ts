import type { Connection } from './connection.ts'
import { reorderedTables } from './column-order.ts'
import type { DatabaseSection } from './database-section.ts'
import { changedMembers } from './extension-members.ts'
import { losses } from './losses-sql.ts'

type Statement = DatabaseSection['exactness'][number]

/** Names beyond these are counted: a statement is to be read. */
const namesMax = 100

/**
 * What a restore will not bring back bit for bit, and why. Only what this database really has is named; docs/exactness.md
 * lists every kind of object with what becomes of it.
 */
export async function exactnessOf(connection: Connection): Promise<Statement[]> {
  const found: Statement[] = []
  for (const { what, why, names, isNameless } of losses) {
    const rows = await connection.query<{ name: string }>(`SELECT name FROM (${names}) AS lost (name) ORDER BY name COLLATE "C"`)
    if (rows.length > 0 && isNameless) found.push({ what, why })
    else found.push(...named({ what, why }, rows))
  }
  const reordered = await reorderedTables(connection)
  const members = await changedMembers(connection)
  return [
    ...always,
    ...found,
    ...named(
      { what: 'order of columns in inherited tables', why: 'pg_dump puts inherited columns first; rows name their columns' },
      reordered,
    ),
    ...named(changedMembersLoss, members.changed),
    ...named(unknownMembersLoss, members.unknown),
  ]
}

const always: readonly Statement[] = [
  { what: 'passwords of roles', why: 'password hashes are not kept; roles that are created cannot log in by password until one is set' },
  {
    what: 'places of rows, object ids, transaction ids, statistics',
    why: 'rows are loaded anew; the database is analyzed after the restore',
  },
  {
    what: 'what belongs to the server: its configuration, settings and grants for all databases, places of tablespaces, replication',
    why: 'a backup is of one database',
  },
]

const changedMembersLoss: Statement = {
  what: 'members of extensions',
  why: 'changed, added or given something of their own since the extension was made; it is made anew: owners, grants and policies come back, nothing else of that',
}

const unknownMembersLoss: Statement = {
  what: 'extensions',
  why: 'pg_upgrade rewrote them, so whether somebody changed their members cannot be told; owners, grants and policies come back',
}

function named({ what, why }: Statement, found: readonly { readonly name: string }[]): Statement[] {
  if (found.length === 0) return []
  const shown = found.slice(0, namesMax).map(({ name }) => name)
  const more = found.length > namesMax ? ` and ${found.length - namesMax} more` : ''
  return [{ what: `${what}: ${shown.join(', ')}${more}`, why }]
}

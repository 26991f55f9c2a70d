import { sql } from 'kysely'
import { everything } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'

/** What any request may leave behind: its event in the trail, and when a credential was last used. */
const leftAside = ['audit_events', 'audit_head', 'audit_checkpoints', 'sessions', 'api_keys']

/** A hash of each table of the catalog, to see that nothing changed. */
export async function catalogState({ catalog }: House): Promise<Readonly<Record<string, string>>> {
  return await catalog.as(everything, async (tx) => {
    const { rows } = await sql<{ name: string }>`select tablename as name from pg_tables where schemaname = 'public' order by 1`.execute(tx)
    const state: Record<string, string> = {}
    for (const { name } of rows.filter((row) => !leftAside.includes(row.name))) {
      const found = await sql<{ hash: string }>`
        select count(*) || ' ' || coalesce(md5(string_agg(row::text, '' order by row::text)), '') as hash from ${sql.table(name)} as row`.execute(
        tx,
      )
      state[name] = found.rows[0]!.hash
    }
    return state
  })
}

import { messageOf } from '#base/fault.ts'
import { callsFunction } from './checks-sql.ts'
import { quoteLiteral, quoteName, sqlStateOf, type Connection } from './connection.ts'
import { splitQuotedList } from './database-properties.ts'
import type { DatabaseSection } from './database-section.ts'

/** A CHECK whose answer may change with other rows, settings or the clock, of a table or of a domain. */
export interface SetAsideCheck {
  readonly kind: 'table' | 'domain'
  /** `"schema"."name"` of the table or domain. */
  readonly on: string
  readonly name: string
  readonly definition: string
  readonly comment: string | null
  /** Also defined here, not merely inherited. */
  readonly isLocal: boolean
  /** How many ancestors stand above its table. */
  readonly depth: number
}

/**
 * Takes away the checks that may look at rows which are not loaded yet: COPY would refuse every row of such a table, and
 * a plain pg_restore does lose it. They are found in the staging's own catalog, by the rule that the capture goes by.
 */
export async function setChecksAside(connection: Connection): Promise<SetAsideCheck[]> {
  const checks = await connection.query<SetAsideCheck & Record<string, unknown>>(checksSql)
  // From the top: dropping one takes those inherited from it along and leaves what is defined below itself.
  for (const check of checks.filter(({ isLocal }) => isLocal)) {
    await connection.query(`alter ${check.kind} ${check.on} drop constraint ${quoteName(check.name)}`)
  }
  return checks
}

const checksSql = `
  with recursive tree(oid, depth) as (
    select c.oid, 0 from pg_catalog.pg_class c
    where c.relkind in ('r', 'p', 'f') and not exists (select from pg_catalog.pg_inherits i where i.inhrelid = c.oid)
    union all
    select i.inhrelid, tree.depth + 1 from tree join pg_catalog.pg_inherits i on i.inhparent = tree.oid
  ), depths as (select oid, max(depth) as depth from tree group by oid)
  select case when k.conrelid <> 0 then 'table' else 'domain' end as kind,
    pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(coalesce(c.relname, t.typname)) as on,
    k.conname as name, pg_catalog.pg_get_constraintdef(k.oid) as definition,
    pg_catalog.obj_description(k.oid, 'pg_constraint') as comment, k.conislocal as "isLocal", coalesce(depths.depth, 0)::int as depth
  from pg_catalog.pg_constraint k
    left join pg_catalog.pg_class c on c.oid = k.conrelid
    left join pg_catalog.pg_type t on t.oid = k.contypid
    left join depths on depths.oid = k.conrelid
    join pg_catalog.pg_namespace n on n.oid = coalesce(c.relnamespace, t.typnamespace)
  where k.contype = 'c' and ${callsFunction}
    and not exists (
      select from pg_catalog.pg_depend d
      where d.deptype = 'e' and ((d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = k.conrelid)
        or (d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass and d.objid = k.contypid)))
  order by kind, depth, "on", name`

/**
 * Puts them back, over the loaded rows. They run under the database's own search path, which their functions may count
 * on. One that the rows violate (they entered before the function changed, or past it) is made as it was all the same,
 * marked valid, and noted: refusing it would lose what the backup holds.
 */
export async function putChecksBack(
  connection: Connection,
  { checks, section, notes }: { checks: readonly SetAsideCheck[]; section: DatabaseSection; notes: string[] },
): Promise<void> {
  if (checks.length === 0) return
  const [path] = await connection.query<{ before: string }>("select current_setting('search_path') as before")
  await connection.query(`set search_path = ${ownSearchPath(section)}`)
  // From the bottom: one that is defined both here and above then merges with the one that comes down.
  for (const check of checks.filter(({ isLocal }) => isLocal).toReversed()) await putBack(connection, check, notes)
  for (const check of checks) await putCommentBack(connection, check)
  await connection.query("select set_config('search_path', $1, false)", [path!.before])
}

export function ownSearchPath(section: DatabaseSection): string {
  const values = section.properties.settings.find(({ role }) => role === null)?.values ?? []
  const own = values.find((value) => value.startsWith('search_path='))
  const names = own === undefined ? ['$user', 'public'] : splitQuotedList(own.slice('search_path='.length))
  return names.length === 0 ? 'pg_catalog' : names.map(quoteLiteral).join(', ')
}

async function putBack(connection: Connection, check: SetAsideCheck, notes: string[]): Promise<void> {
  const add = `alter ${check.kind} ${check.on} add constraint ${quoteName(check.name)} ${check.definition}`
  try {
    await connection.query(add)
  } catch (error) {
    if (sqlStateOf(error) === undefined) throw error
    await connection.query(`${add} not valid`)
    await connection.query(
      `update pg_catalog.pg_constraint set convalidated = true where contype = 'c' and conname = $1
       and (conrelid, contypid) = (select case $2 when 'table' then pg_catalog.to_regclass($3::text)::oid else 0 end,
                                          case $2 when 'domain' then pg_catalog.to_regtype($3::text)::oid else 0 end)`,
      [check.name, check.kind, check.on],
    )
    // "cannot alter type because column uses it": a domain inside a composite type cannot be looked through again.
    if (sqlStateOf(error) === '0A000') return
    notes.push(`check ${check.name} of ${check.on} does not hold for the rows of the backup and was kept as it was: ${messageOf(error)}`)
  }
}

async function putCommentBack(connection: Connection, check: SetAsideCheck): Promise<void> {
  if (check.comment === null) return
  const on = check.kind === 'domain' ? `domain ${check.on}` : check.on
  await connection.query(`comment on constraint ${quoteName(check.name)} on ${on} is ${quoteLiteral(check.comment)}`)
}

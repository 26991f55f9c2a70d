import type pg from 'pg'
import { Fault } from '#base/fault.ts'
import { readMigrations, type Migration } from './migrations.ts'

/** Any number that nothing else of ours uses: one process at a time brings the catalog up to date. */
const migrationLock = 8_440_001

/**
 * Brings the catalog up to date, forward only, each migration in a transaction of its own. A catalog that a newer
 * Integrum wrote, or one whose past was edited, is refused and left as it is.
 */
export async function migrate(client: pg.ClientBase, now: Date): Promise<readonly Migration[]> {
  await assertPlainRole(client)
  await client.query('select pg_advisory_lock($1)', [migrationLock])
  try {
    await client.query(`create table if not exists migrations (number integer primary key, caption text not null, sha256 text not null,
      applied_at timestamptz not null)`)
    const missing = await missingMigrations(client)
    for (const migration of missing) await apply(client, migration, now)
    return missing
  } finally {
    await client.query('select pg_advisory_unlock($1)', [migrationLock])
  }
}

/** CATALOG_VERSION unless it is just what this Integrum would bring it to. */
export async function assertKnownVersion(client: pg.ClientBase): Promise<void> {
  const [missing] = await missingMigrations(client)
  if (missing)
    throw new Fault('CATALOG_VERSION', `the catalog lacks migration ${missing.number}, which this Integrum needs`, {
      number: missing.number,
    })
}

async function missingMigrations(client: pg.ClientBase): Promise<readonly Migration[]> {
  const applied = (await client.query<{ number: number; sha256: string }>('select number, sha256 from migrations order by number')).rows
  const known = readMigrations()
  for (const { number, sha256 } of applied) {
    const same = known.find((migration) => migration.number === number)
    if (!same) throw new Fault('CATALOG_VERSION', `the catalog is at migration ${number}, which this Integrum does not know`, { number })
    if (same.sha256 !== sha256)
      throw new Fault('CATALOG_VERSION', `migration ${number} of the catalog is not the one that this Integrum has`, { number })
  }
  return known.filter(({ number }) => !applied.some((one) => one.number === number))
}

async function apply(client: pg.ClientBase, { number, caption, sql, sha256 }: Migration, now: Date): Promise<void> {
  await client.query('begin')
  try {
    await client.query(sql)
    await client.query('insert into migrations (number, caption, sha256, applied_at) values ($1, $2, $3, $4)', [
      number,
      caption,
      sha256,
      now,
    ])
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}

/** A superuser, or a role that bypasses row security, would see the rows of every tenant in every query. */
async function assertPlainRole(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ name: string; isFree: boolean }>(
    'select rolname as name, rolsuper or rolbypassrls as "isFree" from pg_roles where rolname = current_user',
  )
  if (rows[0]?.isFree)
    throw new Fault('CATALOG_ROLE', `the role ${rows[0].name} of the catalog bypasses row security`, { role: rows[0].name })
}

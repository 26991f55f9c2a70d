import { sql } from 'kysely'
import type { Tx } from '#service/catalog/scope.ts'
import type { CatalogCopyRow } from '#service/health/health-tables.ts'
import type { CopiedRow, CopiedTable } from './copied-tables.ts'

/** Rows of one table that belong into the copy of a tenant, each as one line of JSON; in an order that stays. */
export async function linesOfTable(tx: Tx, { name, where, omit = [] }: CopiedTable, tenantId: string): Promise<string[]> {
  const chosen = sql.raw(where.replaceAll('$1', `'${tenantId.replaceAll("'", "''")}'`))
  const { rows } = await sql<{ line: string }>`
    select json_build_object('table', ${name}::text, 'row', to_jsonb(t) - ${[...omit]}::text[])::text as line
    from ${sql.table(name)} as t where ${chosen} order by 1`.execute(tx)
  return rows.map(({ line }) => line)
}

/** Takes a row in as far as the table has its columns. False when there is one like it already, or what it refers to is not there. */
export async function insertCopied(tx: Tx, name: string, row: CopiedRow): Promise<boolean> {
  const columns = (await columnsOf(tx, name)).filter((column) => column in row).map((column) => sql.ref(column))
  await sql`savepoint one_row`.execute(tx)
  try {
    const { numAffectedRows } = await sql`
      insert into ${sql.table(name)} (${sql.join(columns)})
      select ${sql.join(columns)} from jsonb_populate_record(null::${sql.table(name)}, ${JSON.stringify(row)}::jsonb)
      on conflict do nothing`.execute(tx)
    return numAffectedRows === 1n
  } catch (error) {
    if (!isOfRow(error)) throw error
    await sql`rollback to savepoint one_row`.execute(tx)
    return false
  }
}

/**
 * What it refers to was not taken, or a rule of the table has changed since (class 23); a value is of another type (22); it is of
 * another tenant, which row security refuses (42501). Other rows may fit.
 */
function isOfRow(error: unknown): boolean {
  const code = String((error as { code?: unknown } | null)?.code)
  return code.startsWith('22') || code.startsWith('23') || code === '42501'
}

async function columnsOf(tx: Tx, name: string): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select attname as name from pg_attribute where attrelid = ${name}::regclass and attnum > 0 and not attisdropped`.execute(tx)
  return rows.map((row) => row.name)
}

export async function hasTenant(tx: Tx, { id, name }: { readonly id: string; readonly name: string }): Promise<boolean> {
  const { rows } = await sql`select from tenants where id = ${id} or name = ${name}`.execute(tx)
  return rows.length > 0
}

export async function isOnlyTenant(tx: Tx): Promise<boolean> {
  const { rows } = await sql<{ count: number }>`select count(*) as count from tenants`.execute(tx)
  return rows[0]!.count === 1
}

/** In which no copy was written, nor tried, since `before`. */
export async function repositoriesWithoutCopy(
  tx: Tx,
  before: Date,
): Promise<{ readonly id: string; readonly tenant_id: string; readonly name: string }[]> {
  const { rows } = await sql<{ id: string; tenant_id: string; name: string }>`
    select id, tenant_id, name from repositories as repository
    where retired_at is null
      and not exists (select from catalog_copies where repository_id = repository.id and at > ${before})
      and not exists (select from runs where repository_id = repository.id and kind = 'catalog-copy'
        and (status in ('pending', 'in_progress') or created_at > ${before}))`.execute(tx)
  return rows
}

/** One service at a time asks for copies; until the transaction ends. */
export async function lockCopies(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('catalog-copies'))`.execute(tx)
}

export async function noteCatalogCopy(tx: Tx, copy: CatalogCopyRow): Promise<void> {
  const { repository_id: _, ...columns } = copy
  await tx
    .insertInto('catalog_copies')
    .values(copy)
    .onConflict((conflict) => conflict.column('repository_id').doUpdateSet(columns))
    .execute()
}

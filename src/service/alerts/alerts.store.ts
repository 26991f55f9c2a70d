import { sql, type Insertable, type Selectable } from 'kysely'
import type { Tx } from '#service/catalog/scope.ts'
import type { AlertRow, NoticeRow } from './alert-tables.ts'

export type StoredAlert = Selectable<AlertRow>

/** Opens it, or notes that it was found so again; `isNew` when it was not open before. */
export async function insertAlert(tx: Tx, alert: Insertable<AlertRow>): Promise<StoredAlert & { readonly isNew: boolean }> {
  const { severity, fact, hint, facts, seen_at } = alert
  return await tx
    .insertInto('alerts')
    .values(alert)
    .onConflict((conflict) =>
      conflict
        .column('key')
        .where('settled_at', 'is', null)
        .doUpdateSet({ severity, fact, hint, facts, seen_at, times: sql<number>`alerts.times + 1` }),
    )
    .returningAll()
    .returning(sql<boolean>`times = 1`.as('isNew'))
    .executeTakeFirstOrThrow()
}

/** Undefined when none was open. */
export async function closeAlert(
  tx: Tx,
  { key, at, because }: { readonly key: string; readonly at: Date; readonly because: string },
): Promise<StoredAlert | undefined> {
  return await tx
    .updateTable('alerts')
    .set({ settled_at: at, settled_because: because })
    .where('key', '=', key)
    .where('settled_at', 'is', null)
    .returningAll()
    .executeTakeFirst()
}

export async function insertNotice(tx: Tx, notice: Insertable<NoticeRow>): Promise<void> {
  await tx.insertInto('notices').values(notice).execute()
}

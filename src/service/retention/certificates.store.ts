import type { Insertable, Selectable } from 'kysely'
import type { z } from 'zod'
import type { retention } from '#contract/retention.ts'
import { boundsOf } from '#service/catalog/page.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { DeletionCertificateRow } from './retention-tables.ts'

export type StoredCertificate = Selectable<DeletionCertificateRow>

export async function insertCertificate(tx: Tx, row: Insertable<DeletionCertificateRow>): Promise<void> {
  await tx.insertInto('deletion_certificates').values(row).execute()
}

export async function findCertificate(tx: Tx, id: string): Promise<StoredCertificate | undefined> {
  return await tx.selectFrom('deletion_certificates').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function listCertificates(
  tx: Tx,
  query: z.output<(typeof retention.certificates)['query']>,
): Promise<{ readonly rows: Omit<StoredCertificate, 'document'>[]; readonly total: number }> {
  const { limit, offset } = boundsOf(query)
  const chosen = tx
    .selectFrom('deletion_certificates')
    .$if(query.backupId !== undefined, (rows) => rows.where('backup_id', '=', query.backupId!))
  const { total } = await chosen.select((select) => select.fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
  const rows = await chosen
    .select(['id', 'tenant_id', 'backup_id', 'backup_name', 'system_name', 'removed_at'])
    .orderBy('removed_at', 'desc')
    .orderBy('id')
    .limit(limit)
    .offset(offset)
    .execute()
  return { rows, total }
}

/** restic's own id of a repository. */
export async function repositoryIdOf(tx: Tx, id: string): Promise<string> {
  return (await tx.selectFrom('repositories').select('repository_id').where('id', '=', id).executeTakeFirstOrThrow()).repository_id
}

import type { Signature } from '#contract/signatures.ts'
import type { Tx } from '#service/catalog/scope.ts'

export type NewSignature = Omit<Signature, 'signedAt'> & { readonly signedAt: Date; readonly address: string }

export async function insertSignature(tx: Tx, one: NewSignature): Promise<void> {
  await tx
    .insertInto('signatures')
    .values({
      id: one.id,
      tenant_id: one.tenantId,
      user_id: one.userId,
      user_name: one.userName,
      user_title: one.userTitle,
      meaning: one.meaning,
      reason: one.reason,
      subject_kind: one.subjectKind,
      subject_id: one.subjectId,
      digest: one.digest,
      signed_at: one.signedAt,
      address: one.address,
    })
    .execute()
}

export interface SignaturesWanted {
  readonly subjectId?: string | undefined
  readonly limit: number
  readonly offset: number
}

/** The newest first, with how many there are in all. */
export async function listSignatures(
  tx: Tx,
  { subjectId, limit, offset }: SignaturesWanted,
): Promise<{ readonly rows: Signature[]; readonly total: number }> {
  const wanted = tx.selectFrom('signatures').$if(subjectId !== undefined, (query) => query.where('subject_id', '=', subjectId!))
  const { total } = await wanted.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
  const rows = await wanted.selectAll().orderBy('signed_at', 'desc').orderBy('id').limit(limit).offset(offset).execute()
  return {
    total,
    rows: rows.map((row) => ({
      id: row.id,
      tenantId: row.tenant_id,
      userId: row.user_id,
      userName: row.user_name,
      userTitle: row.user_title,
      meaning: row.meaning,
      reason: row.reason,
      subjectKind: row.subject_kind,
      subjectId: row.subject_id,
      digest: row.digest,
      signedAt: row.signed_at.toISOString(),
    })),
  }
}

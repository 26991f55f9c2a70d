import type { Tx } from '#service/catalog/scope.ts'

export interface OidcAccount {
  readonly id: string
  readonly name: string
  readonly hasPassword: boolean
  readonly isRetired: boolean
  readonly isLinked: boolean
}

/** By the provider and its own id of them, which never becomes anybody else's. */
export async function findByOidc(tx: Tx, issuer: string, subject: string): Promise<OidcAccount | undefined> {
  const row = await accounts(tx).where('oidc_issuer', '=', issuer).where('oidc_subject', '=', subject).executeTakeFirst()
  return row && accountOf(row)
}

export async function findAnyByName(tx: Tx, name: string): Promise<OidcAccount | undefined> {
  const row = await accounts(tx)
    .where(({ fn }) => fn<string>('lower', ['name']), '=', name.toLowerCase())
    .executeTakeFirst()
  return row && accountOf(row)
}

function accounts(tx: Tx) {
  return tx.selectFrom('users').select(['id', 'name', 'password_hash', 'retired_at', 'oidc_subject'])
}

type Row = NonNullable<Awaited<ReturnType<ReturnType<typeof accounts>['executeTakeFirst']>>>

function accountOf({ id, name, password_hash: hash, retired_at: retired, oidc_subject: subject }: Row): OidcAccount {
  return { id, name, hasPassword: hash !== null, isRetired: retired !== null, isLinked: subject !== null }
}

export async function linkOidc(
  tx: Tx,
  id: string,
  { issuer, subject }: { readonly issuer: string; readonly subject: string },
): Promise<void> {
  await tx.updateTable('users').set({ oidc_issuer: issuer, oidc_subject: subject }).where('id', '=', id).execute()
}

import { sql } from 'kysely'
import { limits } from '#base/limits.ts'
import type { Tx } from '#service/catalog/scope.ts'

/** One account as signing in sees it. */
export interface Account {
  readonly id: string
  readonly name: string
  readonly title: string
  readonly email: string | null
  readonly passwordHash: string | null
  readonly mustChangePassword: boolean
  readonly totpSecretSealed: Buffer | null
}

function accounts(tx: Tx) {
  return tx
    .selectFrom('users')
    .select([
      'id',
      'name',
      'title',
      'email',
      'password_hash as passwordHash',
      'must_change_password as mustChangePassword',
      'totp_secret_sealed as totpSecretSealed',
    ])
    .where('retired_at', 'is', null)
}

/** Without regard to case. Those that were retired sign in no more. */
export async function findAccountByName(tx: Tx, name: string): Promise<Account | undefined> {
  return await accounts(tx)
    .where(sql`lower(name)`, '=', name.toLowerCase())
    .executeTakeFirst()
}

export async function findAccount(tx: Tx, id: string): Promise<Account | undefined> {
  return await accounts(tx).where('id', '=', id).executeTakeFirst()
}

/**
 * Counts a try as a failure before anything is looked at, so that any number at once are no more tries than one after
 * the other. Undefined: the account is locked, or there is none.
 */
export async function countTry(tx: Tx, id: string, now: Date): Promise<number | undefined> {
  const lock = sql<Date | null>`case when failed_count + 1 >= ${limits.signInFailuresMax} then ${now}::timestamptz
    + least(${limits.lockOutMs} * power(2, least(failed_count + 1 - ${limits.signInFailuresMax}, 20)), ${limits.lockOutMsMax})
    * interval '1 millisecond' end`
  const row = await tx
    .updateTable('users')
    .set({ failed_count: sql<number>`failed_count + 1`, locked_until: lock })
    .where('id', '=', id)
    .where('retired_at', 'is', null)
    .where(sql<boolean>`(locked_until is null or locked_until <= ${now}::timestamptz)`)
    .returning('failed_count')
    .executeTakeFirst()
  return row?.failed_count
}

/** The try was no failure, and what failed before still counts. `count` as `countTry` gave it. */
export async function takeBackTry(tx: Tx, id: string, count: number): Promise<void> {
  await tx
    .updateTable('users')
    // Another try may have failed meanwhile: then its lock stays.
    .set({
      failed_count: sql<number>`greatest(failed_count - 1, 0)`,
      locked_until: sql<Date | null>`case when failed_count = ${count} then null else locked_until end`,
    })
    .where('id', '=', id)
    .execute()
}

export async function clearTries(tx: Tx, id: string): Promise<void> {
  await tx.updateTable('users').set({ failed_count: 0, locked_until: null }).where('id', '=', id).execute()
}

/** The hashes of the last passwords, the present one among them. */
export async function lastPasswords(tx: Tx, id: string): Promise<readonly string[]> {
  const present = await tx.selectFrom('users').select('password_hash').where('id', '=', id).executeTakeFirst()
  const earlier = await tx
    .selectFrom('password_history')
    .select('password_hash')
    .where('user_id', '=', id)
    .orderBy('replaced_at', 'desc')
    .limit(limits.passwordHistory - 1)
    .execute()
  return [present?.password_hash ?? null, ...earlier.map((row) => row.password_hash)].filter((hash) => hash !== null)
}

/** Keeps the one before in the history. */
export async function setPassword(
  tx: Tx,
  id: string,
  { hash, at, mustChange }: { readonly hash: string; readonly at: Date; readonly mustChange: boolean },
): Promise<void> {
  await sql`insert into password_history (user_id, password_hash, replaced_at)
    select id, password_hash, ${at} from users where id = ${id} and password_hash is not null`.execute(tx)
  await tx
    .updateTable('users')
    .set({ password_hash: hash, password_changed_at: at, must_change_password: mustChange })
    .where('id', '=', id)
    .execute()
}

export interface NewAccount {
  readonly id: string
  readonly name: string
  readonly title: string
  readonly email: string | null
  readonly passwordHash: string | null
  readonly mustChangePassword: boolean
  readonly at: Date
}

export async function insertAccount(tx: Tx, account: NewAccount): Promise<void> {
  await tx
    .insertInto('users')
    .values({
      id: account.id,
      name: account.name,
      title: account.title,
      email: account.email,
      password_hash: account.passwordHash,
      password_changed_at: account.passwordHash === null ? null : account.at,
      must_change_password: account.mustChangePassword,
      created_at: account.at,
    })
    .execute()
}

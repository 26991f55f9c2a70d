import type { Tx } from './scope.ts'

/** A document of the whole installation; undefined as long as nobody set it. Whoever reads it parses it. */
export async function readSetting(tx: Tx, name: string): Promise<unknown> {
  return (await tx.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirst())?.value
}

export async function writeSetting(tx: Tx, name: string, { value, at }: { readonly value: unknown; readonly at: Date }): Promise<void> {
  const text = JSON.stringify(value)
  await tx
    .insertInto('settings')
    .values({ name, value: text, changed_at: at })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: text, changed_at: at }))
    .execute()
}

export async function removeSetting(tx: Tx, name: string): Promise<void> {
  await tx.deleteFrom('settings').where('name', '=', name).execute()
}

/** Held until the transaction ends, where it is set. */
export async function lockSetting(tx: Tx, name: string): Promise<void> {
  await tx.selectFrom('settings').select('name').where('name', '=', name).forUpdate().execute()
}

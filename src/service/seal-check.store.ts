import type { Catalog } from './catalog/catalog.ts'
import { everything } from './catalog/scope.ts'
import type { Sealing } from './seal.ts'

const name = 'sealing-check'
const text = 'sealed by the key of this catalog'

/**
 * SECRET_UNREADABLE unless the key is the one that the secrets of this catalog are sealed with: found out at the start,
 * not by the first job, which would fail. The first service to start leaves what is looked at.
 */
export async function assertSealingFits(catalog: Catalog, sealing: Sealing, now: Date): Promise<void> {
  await catalog.as(everything, async (tx) => {
    const value = JSON.stringify(sealing.seal(text, name).toString('base64'))
    await tx
      .insertInto('settings')
      .values({ name, value, changed_at: now })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    const stored = await tx.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirstOrThrow()
    sealing.unseal(Buffer.from(String(stored.value), 'base64'), name)
  })
}

import type { Tx } from '#service/catalog/scope.ts'
import { insertEvent, type NewEvent } from './events.store.ts'

/** Tells whoever listens to `/api/v1/events`, once the transaction is committed, and not at all when it is not. */
export async function publish(tx: Tx, event: NewEvent): Promise<void> {
  await insertEvent(tx, event)
}

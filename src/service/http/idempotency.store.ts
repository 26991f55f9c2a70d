import { Fault } from '#base/fault.ts'
import type { Tx } from '#service/catalog/scope.ts'

export interface Remembered {
  readonly callerId: string
  readonly key: string
  readonly endpoint: string
  readonly requestHash: string
}

/** What this key was answered with before. IDEMPOTENCY_KEY_REUSED when it came with another request. */
export async function recallReply(
  tx: Tx,
  { callerId, key, endpoint, requestHash: hash }: Remembered,
): Promise<{ readonly reply: unknown } | undefined> {
  const row = await tx
    .selectFrom('idempotency_keys')
    .selectAll()
    .where('caller_id', '=', callerId)
    .where('key', '=', key)
    .executeTakeFirst()
  if (!row) return undefined
  if (row.endpoint !== endpoint || row.request_sha256 !== hash)
    throw new Fault('IDEMPOTENCY_KEY_REUSED', 'this Idempotency-Key came with another request before', { field: 'Idempotency-Key' })
  return { reply: row.reply }
}

export interface Answered {
  readonly status: number
  readonly reply: unknown
  readonly at: Date
}

/** In the act's own transaction. The second of two at once waits here, then fails and takes its act back: DOUBLE_SUBMIT. */
export async function rememberReply(
  tx: Tx,
  { callerId, key, endpoint, requestHash: hash }: Remembered,
  { status, reply, at }: Answered,
): Promise<void> {
  const inserted = await tx
    .insertInto('idempotency_keys')
    .values({ caller_id: callerId, key, endpoint, request_sha256: hash, status, reply: JSON.stringify(reply ?? null), created_at: at })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  if (inserted.numInsertedOrUpdatedRows !== 1n) throw new Fault('DOUBLE_SUBMIT', 'the same request was carried out at the same moment')
}

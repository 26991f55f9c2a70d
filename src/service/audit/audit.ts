import type { House } from '#service/house.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { LinkedEvent } from './audit-event.ts'
import { appendEvent } from './audit.store.ts'

/** What the service did by itself: jobs that ended, what was due, what it found. Never a secret, never patient data. */
export interface SystemEvent {
  /** `<capability>.<what happened>`, such as `backup.completed`. */
  readonly action: string
  readonly outcome?: 'done' | 'refused'
  readonly tenantId: string | null
  readonly subject?: { readonly kind: string; readonly id: string; readonly name?: string }
  readonly reason?: string
  readonly before?: unknown
  readonly after?: unknown
  readonly facts?: Readonly<Record<string, unknown>>
}

/** In the transaction that does it, last. Acts of people are recorded by the gate. */
export async function recordSystemEvent(
  tx: Tx,
  { clock, random, trail }: Pick<House, 'clock' | 'random' | 'trail'>,
  { action, outcome = 'done', tenantId, subject, reason, before, after, facts }: SystemEvent,
): Promise<LinkedEvent> {
  return await appendEvent(tx, trail, {
    id: random.uuid(),
    tenantId,
    at: clock.now().toISOString(),
    actorKind: 'system',
    actorId: null,
    actorName: 'Integrum',
    address: '',
    requestId: null,
    action,
    outcome,
    subjectKind: subject?.kind ?? null,
    subjectId: subject?.id ?? null,
    subjectName: subject?.name ?? null,
    reason: reason ?? null,
    before: before ?? null,
    after: after ?? null,
    facts: facts ?? {},
  })
}

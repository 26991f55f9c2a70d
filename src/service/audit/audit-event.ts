import { createHash } from 'node:crypto'
import { canonicalJson } from '#engine/repository/canonical-json.ts'

/** One act or one refusal, as it enters the chain. */
export interface AuditEvent {
  readonly seq: number
  readonly id: string
  readonly tenantId: string | null
  /** UTC, with milliseconds. */
  readonly at: string
  readonly actorKind: 'user' | 'key' | 'system' | 'nobody'
  readonly actorId: string | null
  readonly actorName: string
  readonly address: string
  readonly requestId: string | null
  /** Name of the endpoint, or of what the system did by itself. */
  readonly action: string
  readonly outcome: 'done' | 'refused'
  readonly subjectKind: string | null
  readonly subjectId: string | null
  readonly subjectName: string | null
  readonly reason: string | null
  readonly before: unknown
  readonly after: unknown
  readonly facts: Readonly<Record<string, unknown>>
  /** Of the event before; 64 zeros for the first. */
  readonly previousHash: string
}

export const noHash = '0'.repeat(64)

/** SHA-256 over the canonical JSON of the event, which holds the hash of the one before: no event changes or goes unseen. */
export function hashOfEvent(event: AuditEvent): string {
  return createHash('sha256').update(canonicalJson(event)).digest('hex')
}

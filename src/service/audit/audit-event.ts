import { createHash } from 'node:crypto'
import { parseJson } from '#base/parse.ts'
import { canonicalJson } from '#engine/repository/canonical-json.ts'

/** One act or one refusal: what the trail says. */
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
}

/** An event in its place. */
export interface LinkedEvent {
  readonly event: AuditEvent
  /** Of the event before; 64 zeros for the first. */
  readonly previousHash: string
  readonly hash: string
}

export const noHash = '0'.repeat(64)

/** SHA-256 of the event in canonical JSON. It alone stands for an event that somebody may not read. */
export function contentHashOf(event: AuditEvent): string {
  return sha256(canonicalJson(event))
}

/** SHA-256 of both hashes, as 128 hex digits: no event changes, goes, comes or moves unseen. */
export function linkHash(previousHash: string, contentHash: string): string {
  return sha256(previousHash + contentHash)
}

export function linked(event: AuditEvent, previousHash: string): LinkedEvent {
  return { event, previousHash, hash: linkHash(previousHash, contentHashOf(event)) }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/**
 * As the catalog gives it back, so that what is hashed is what is stored: dates as text, nothing undefined, and no
 * character that PostgreSQL does not keep (NUL, halves of surrogate pairs).
 */
export function storable<T>(value: T): T {
  const text = JSON.stringify(value, (_name, member: unknown) => (typeof member === 'string' ? storableText(member) : member))
  return parseJson(text, 'an event') as T
}

function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '\uFFFD')
}

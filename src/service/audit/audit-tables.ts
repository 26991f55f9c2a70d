import type { Generated } from 'kysely'
import type { Json, WithDefault } from '#service/catalog/columns.ts'

export interface AuditEventRow {
  seq: number
  id: string
  tenant_id: string | null
  at: Date
  actor_kind: 'user' | 'key' | 'system' | 'nobody'
  actor_id: string | null
  actor_name: string
  address: string
  request_id: string | null
  action: string
  outcome: 'done' | 'refused'
  subject_kind: string | null
  subject_id: string | null
  subject_name: string | null
  reason: string | null
  before: Json<unknown>
  after: Json<unknown>
  facts: Json<Record<string, unknown>>
  previous_hash: string
  hash: string
  stamp: string
}

export interface AuditTables {
  audit_events: AuditEventRow
  audit_head: {
    only_one: Generated<boolean>
    seq: number
    hash: string
    signed: Json<unknown>
    generation: WithDefault<number>
    is_handing_over: WithDefault<boolean>
  }
  audit_checkpoints: { seq: number; hash: string; at: Date; public_key: string; signature: string }
  audit_copies: { repository_id: string; seq: number; snapshot: string; at: Date }
}

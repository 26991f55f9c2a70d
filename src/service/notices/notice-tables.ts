import type { Digest } from '#contract/channels.ts'
import type { NoticeKind, Severity } from '#contract/notice-kinds.ts'
import type { ColumnType } from 'kysely'
import type { Json, WithDefault } from '#service/catalog/columns.ts'
import type { Message } from './channel-kind.ts'

interface FaultRecord {
  readonly code: string
  readonly fact: string
  readonly hint: string
}
type Fallible = ColumnType<FaultRecord | null, string | null | undefined, string | null>

export interface NoticeChannelRow {
  id: string
  tenant_id: string | null
  name: string
  kind: string
  settings: Json<Record<string, unknown>>
  secrets_sealed: Buffer
  is_active: WithDefault<boolean>
  notice_kinds: NoticeKind[] | null
  severity_least: Severity
  digest: ColumnType<Digest | null, string | null, string | null>
  digest_since: Date | null
  digest_next_at: Date | null
  delivered_at: Date | null
  failing_since: Date | null
  last_fault: Fallible
  created_at: Date
  changed_at: Date
  deleted_at: Date | null
}

export interface NoticeDeliveryRow {
  id: string
  tenant_id: string | null
  channel_id: string
  notice_id: string | null
  message: Json<Message>
  status: 'pending' | 'delivered' | 'given_up'
  attempts: WithDefault<number>
  next_try_at: Date | null
  claimed_until: Date | null
  last_fault: Fallible
  answer: string | null
  created_at: Date
  ended_at: Date | null
}

export interface NoticeTables {
  notice_channels: NoticeChannelRow
  notice_deliveries: NoticeDeliveryRow
}

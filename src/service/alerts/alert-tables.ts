import type { NoticeKind, Severity } from '#contract/notice-kinds.ts'
import type { Json, WithDefault } from '#service/catalog/columns.ts'

interface ToldColumns {
  id: string
  tenant_id: string | null
  kind: NoticeKind
  severity: Severity
  system_id: string | null
  subject_kind: string | null
  subject_id: string | null
  subject_name: string | null
  fact: string
  hint: string
  facts: Json<Record<string, unknown>>
}

export interface AlertRow extends ToldColumns {
  key: string
  opened_at: Date
  seen_at: Date
  times: WithDefault<number>
  acknowledged_at: Date | null
  acknowledged_by: string | null
  settled_at: Date | null
  settled_because: string | null
}

export interface NoticeRow extends ToldColumns {
  occasion: 'opened' | 'settled' | 'happened'
  alert_id: string | null
  at: Date
}

export interface AlertTables {
  alerts: AlertRow
  notices: NoticeRow
}

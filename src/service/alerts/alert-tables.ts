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
  acknowledged_note: string | null
  settled_at: Date | null
  settled_because: string | null
  /** When it was last told again; null when it was told at its opening alone. */
  told_at: Date | null
}

/** An alert was opened, is open still, or was settled; or something happened that nobody need settle. */
export type Occasion = 'opened' | 'repeated' | 'settled' | 'happened'

export interface NoticeRow extends ToldColumns {
  occasion: Occasion
  alert_id: string | null
  at: Date
  /** Null as long as nobody has looked which channels it goes to. */
  spread_at: Date | null
}

export interface AlertTables {
  alerts: AlertRow
  notices: NoticeRow
}

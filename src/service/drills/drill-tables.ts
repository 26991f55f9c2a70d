import type { ColumnType } from 'kysely'
import type { DrillCause, DrillChoice, DrillView } from '#contract/drills.ts'
import type { Status } from '#contract/shapes.ts'
import type { WithDefault } from '#service/catalog/columns.ts'

export interface DrillPolicyRow {
  system_id: string
  tenant_id: string
  is_active: boolean
  every_nth_backup: number | null
  cron_expression: string | null
  time_zone: string
  choice: DrillChoice
  overdue_after_days: number
  next_run_at: Date | null
  created_at: Date
  changed_at: Date
}

export interface DrillRow {
  id: string
  tenant_id: string
  system_id: string | null
  system_name: string
  backup_id: string
  repository_id: string
  cause: DrillCause
  status: Status
  outcome: 'proven' | 'failed' | null
  is_backup_at_fault: boolean | null
  restored_in_ms: number | null
  objective_ms: number | null
  finding_count: WithDefault<number>
  fault: ColumnType<DrillView['fault'], string | null | undefined, string | null>
  report: string | null
  run_id: string | null
  created_by: string
  created_by_id: string | null
  created_at: Date
  ended_at: Date | null
}

export interface DrillTables {
  drill_policies: DrillPolicyRow
  drills: DrillRow
}

import type { ColumnType, Generated } from 'kysely'
import type { BackupType } from '#base/backup-types.ts'
import type { ArchiveFormat } from '#contract/backups.ts'
import type { Role } from '#contract/permissions.ts'
import type { Blackout, Follows, MissedBecause } from '#contract/schedules.ts'
import type { RetentionPolicy } from '#contract/retention.ts'
import type { Status } from '#contract/shapes.ts'
import type { SystemSettings } from '#base/settings.ts'
import type { AlertTables } from '#service/alerts/alert-tables.ts'
import type { AuditTables } from '#service/audit/audit-tables.ts'
import type { DrillTables } from '#service/drills/drill-tables.ts'
import type { HoldTables } from '#service/holds/hold-tables.ts'
import type { RetentionTables } from '#service/retention/retention-tables.ts'
import type { VerificationTables } from '#service/verification/verification-tables.ts'
import type { NoticeTables } from '#service/notices/notice-tables.ts'
import type { HealthTables } from '#service/health/health-tables.ts'
import type { Json, WithDefault } from './columns.ts'

export type FaultRecord = { readonly code: string; readonly fact: string; readonly hint: string }

export type DeletedUnder = { readonly policy: RetentionPolicy; readonly reasons: readonly string[] }

export interface TenantRow {
  id: string
  name: string
  title: string
  created_at: Date
  retired_at: Date | null
}

export interface UserRow {
  id: string
  name: string
  title: string
  email: string | null
  password_hash: string | null
  password_changed_at: Date | null
  must_change_password: WithDefault<boolean>
  totp_secret_sealed: Buffer | null
  totp_pending_sealed: Buffer | null
  totp_last_step: WithDefault<number>
  failed_count: WithDefault<number>
  locked_until: Date | null
  oidc_issuer: string | null
  oidc_subject: string | null
  created_at: Date
  retired_at: Date | null
}

export interface SessionRow {
  id: string
  user_id: string
  token_hash: Buffer
  created_at: Date
  used_at: Date
  idle_until: Date
  expires_at: Date
  address: string
  user_agent: string
  is_pending: WithDefault<boolean>
  ended_at: Date | null
}

export interface ApiKeyRow {
  id: string
  user_id: string
  name: string
  token_hash: Buffer
  permissions: string[]
  created_at: Date
  used_at: Date | null
  expires_at: Date
  revoked_at: Date | null
}

export interface SignatureRow {
  id: string
  tenant_id: string | null
  user_id: string
  user_name: string
  user_title: string
  meaning: string
  reason: string
  subject_kind: string
  subject_id: string
  digest: string
  signed_at: Date
  address: string
}

export interface RepositoryRow {
  id: string
  tenant_id: string
  name: string
  place: string
  repository_id: string
  password_sealed: Buffer
  secrets_sealed: Buffer | null
  created_at: Date
  changed_at: Date
  retired_at: Date | null
  quota_bytes: number | null
  state: ColumnType<Record<string, unknown>, string | undefined, string>
}

export interface SystemRow {
  id: string
  tenant_id: string
  name: string
  title: string
  description: WithDefault<string>
  repository_id: string
  databases: Json<readonly { readonly name: string; readonly url: string }[]>
  roots: Json<readonly { readonly name: string; readonly path: string }[]>
  settings: Json<SystemSettings>
  requires_second_approver: WithDefault<boolean>
  created_at: Date
  changed_at: Date
  retired_at: Date | null
  last_test: ColumnType<unknown, string | null | undefined, string | null>
}

export interface BackupRow {
  id: string
  tenant_id: string
  system_id: string | null
  system_name: string
  repository_id: string
  name: string
  type: BackupType
  purpose: WithDefault<string>
  description: WithDefault<string>
  status: Status
  snapshot: string | null
  file_path: string | null
  file_size_bytes: number | null
  file_size_compressed: number | null
  compression_ratio: number | null
  checksum: string | null
  created_by: string
  created_by_id: string | null
  schedule_id: string | null
  created_at: Date
  completed_at: Date | null
  standing: WithDefault<'unverified' | 'intact' | 'proven' | 'failed'>
  standing_at: Date | null
  gap_count: WithDefault<number>
  metadata: ColumnType<Record<string, unknown>, string | undefined, string>
  fault: ColumnType<FaultRecord | null, string | null | undefined, string | null>
  run_id: string | null
  deleted_at: Date | null
  deleted_by: string | null
  delete_reason: string | null
  removal_due_at: Date | null
  removal_run_id: string | null
  removal_fault: ColumnType<FaultRecord | null, string | null | undefined, string | null>
  removed_at: Date | null
  missing_at: Date | null
  /** Under which policy, and why; null when somebody did it by hand. */
  deleted_under: ColumnType<DeletedUnder | null, string | null | undefined, string | null>
  held_by_alert: string | null
  anomaly: ColumnType<Record<string, unknown> | null, string | null | undefined, string | null>
  anomaly_verdict: 'accepted' | 'rejected' | null
  /** Keys of records among it; only until the job that makes it has ended. */
  selection_sealed: Buffer | null
  anomaly_settled_at: Date | null
  anomaly_settled_by: string | null
  anomaly_reason: string | null
}

export interface RestorePlanRow {
  id: string
  tenant_id: string
  system_id: string | null
  system_name: string
  backup_id: string
  repository_id: string
  extent: WithDefault<'whole' | 'records'>
  run_id: string | null
  status: 'pending' | 'ready' | 'failed'
  request: Json<unknown>
  secrets_sealed: Buffer | null
  digest: string | null
  document: string | null
  summary: ColumnType<unknown, string | null | undefined, string | null>
  fault: ColumnType<FaultRecord | null, string | null | undefined, string | null>
  created_by: string
  created_by_id: string | null
  created_at: Date
  expires_at: Date | null
  used_at: Date | null
}

export interface RestoreOperationRow {
  id: string
  tenant_id: string
  system_id: string | null
  system_name: string
  backup_id: string
  plan_id: string | null
  kind: 'restore' | 'undo' | 'release'
  extent: WithDefault<'whole' | 'records'>
  of_restore_id: string | null
  status: Status
  restored_by: string
  restored_by_id: string | null
  waits_for_approval: WithDefault<boolean>
  approved_by: string | null
  approved_by_id: string | null
  created_at: Date
  started_at: Date | null
  completed_at: Date | null
  safety_backup_id: string | null
  without_safety_backup_reason: string | null
  reason: string
  validation_results: ColumnType<Record<string, unknown>, string | undefined, string>
  undo_until: Date | null
  undone_at: Date | null
  released_at: Date | null
  fault: ColumnType<FaultRecord | null, string | null | undefined, string | null>
  run_id: string | null
}

export interface BackupScheduleRow {
  id: string
  tenant_id: string
  system_id: string
  name: string
  backup_type: 'full' | 'database' | 'files'
  is_active: boolean
  cron_expression: string
  time_zone: string
  retention_days: number | null
  created_by: string
  created_at: Date
  changed_at: Date
  last_run_at: Date | null
  last_status: string | null
  next_run_at: Date | null
  next_tick_at: Date | null
  blackouts: ColumnType<readonly Blackout[], string | undefined, string>
  jitter_minutes: WithDefault<number>
  catch_up_minutes: number | null
  tolerance_minutes: WithDefault<number>
  follows: ColumnType<Follows | null, string | null | undefined, string | null>
  adapted_at: Date | null
  deleted_at: Date | null
}

export interface RunRow {
  id: string
  tenant_id: string
  kind: string
  system_id: string | null
  repository_id: string | null
  subject_id: string | null
  title: string
  status: Status
  job_order: Json<unknown>
  job_id: string | null
  attempt: WithDefault<number>
  failures: WithDefault<number>
  worker: string | null
  stage: string | null
  percent: number | null
  done_bytes: number | null
  total_bytes: number | null
  done_files: number | null
  bytes_per_second: number | null
  left_seconds: number | null
  trail: ColumnType<Record<string, unknown>, string | undefined, string>
  result: ColumnType<unknown, string | null | undefined, string | null>
  fault: ColumnType<FaultRecord | null, string | null | undefined, string | null>
  created_by: string
  created_by_id: string | null
  created_at: Date
  started_at: Date | null
  progress_at: Date | null
  ended_at: Date | null
  cancel_requested_at: Date | null
  cancel_requested_by: string | null
}

export interface RunLogRow {
  run_id: string
  seq: Generated<number>
  tenant_id: string
  attempt: number
  at: Date
  level: 'info' | 'warning' | 'error'
  line: string
}

export interface EventRow {
  id: Generated<number>
  tenant_id: string | null
  at: Date
  kind: string
  subject_id: string | null
  body: Json<unknown>
}

export interface DownloadRow {
  id: string
  tenant_id: string
  backup_id: string
  format: ArchiveFormat
  is_encrypted: boolean
  passphrase_sealed: Buffer | null
  sha256: string | null
  size_bytes: number | null
  path: string | null
  run_id: string | null
  created_at: Date
  expires_at: Date
}

export interface UploadRow {
  id: string
  tenant_id: string
  file_name: string
  path: string
  size_bytes: number
  sha256: string
  passphrase_sealed: Buffer | null
  run_id: string | null
  created_at: Date
  expires_at: Date
}

export interface ScheduleTickRow {
  schedule_id: string
  tenant_id: string
  tick: Date
  planned_at: Date
  backup_id: string | null
  missed_at: Date | null
  missed_because: MissedBecause | null
  fault: ColumnType<FaultRecord | null, string | null | undefined, string | null>
  created_at: Date
}

/** Every table of the catalog, as `migrations/` makes them; a slice of its own may keep its rows in `<slice>-tables.ts`. */
export interface Tables
  extends AlertTables, AuditTables, DrillTables, HealthTables, HoldTables, NoticeTables, RetentionTables, VerificationTables {
  tenants: TenantRow
  users: UserRow
  password_history: { user_id: string; password_hash: string; replaced_at: Date }
  recovery_codes: { user_id: string; code_hash: string; used_at: Date | null }
  role_grants: { id: string; user_id: string; role: Role; tenant_id: string | null; created_at: Date }
  sessions: SessionRow
  api_keys: ApiKeyRow
  setup_tokens: { token_hash: Buffer; created_at: Date; expires_at: Date; used_at: Date | null }
  password_links: { token_hash: Buffer; user_id: string; created_at: Date; expires_at: Date; used_at: Date | null }
  signing_policies: { user_id: string; version: number; accepted_at: Date; address: string }
  signatures: SignatureRow
  idempotency_keys: {
    caller_id: string
    key: string
    endpoint: string
    request_sha256: string
    status: number | null
    reply: ColumnType<unknown, string | null | undefined, string | null>
    created_at: Date
  }
  settings: { name: string; value: Json<unknown>; changed_at: Date }
  repositories: RepositoryRow
  systems: SystemRow
  system_secrets: { system_id: string; tenant_id: string; name: string; sealed: Buffer }
  backups: BackupRow
  restore_plans: RestorePlanRow
  restore_operations: RestoreOperationRow
  backup_schedules: BackupScheduleRow
  runs: RunRow
  run_log: RunLogRow
  events: EventRow
  downloads: DownloadRow
  uploads: UploadRow
  schedule_ticks: ScheduleTickRow
}

import type { RetentionPolicy } from '#contract/retention.ts'
import type { Json } from '#service/catalog/columns.ts'

export interface RetentionPolicyRow {
  id: string
  tenant_id: string
  system_id: string | null
  policy: Json<RetentionPolicy>
  reason: string
  changed_at: Date
  changed_by: string
  signature_id: string | null
}

export interface RetentionRunRow {
  system_id: string
  tenant_id: string
  evaluated_at: Date | null
  waits: string | null
}

export interface DeletionCertificateRow {
  id: string
  tenant_id: string
  backup_id: string
  backup_name: string
  system_name: string
  removed_at: Date
  document: string
}

export interface RetentionTables {
  retention_policies: RetentionPolicyRow
  retention_runs: RetentionRunRow
  deletion_certificates: DeletionCertificateRow
  retention_clock: { boot: string; elapsed_ms: number; mark: Date }
}

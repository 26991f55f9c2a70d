export interface RepositoryReadingRow {
  repository_id: string
  tenant_id: string
  is_active: boolean
  every_days: number
  due_at: Date
  run_id: string | null
  changed_at: Date
}

export interface RepositoryShareRow {
  repository_id: string
  tenant_id: string
  share: number
  shares: number
  read_at: Date
  read_bytes: number
  is_intact: boolean
}

export interface VerificationTables {
  repository_readings: RepositoryReadingRow
  repository_shares: RepositoryShareRow
}

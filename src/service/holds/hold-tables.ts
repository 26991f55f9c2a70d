export interface LegalHoldRow {
  id: string
  tenant_id: string
  backup_id: string | null
  system_id: string | null
  system_name: string | null
  from_at: Date | null
  to_at: Date | null
  reason: string
  reference: string
  placed_at: Date
  placed_by: string
  placed_by_id: string | null
  released_at: Date | null
  released_by: string | null
  release_reason: string | null
  signature_id: string | null
}

export interface HoldTables {
  legal_holds: LegalHoldRow
}

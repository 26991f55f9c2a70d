import type { Json } from '#service/catalog/columns.ts'
import type { NotCovered, NotSeen } from '#contract/health.ts'

export interface SpaceSampleRow {
  repository_id: string
  tenant_id: string
  /** Its first instant, UTC. */
  day: Date
  at: Date
  stored_bytes: number
  plain_bytes: number
  packed_bytes: number
  free_bytes: number | null
  read_bytes_per_second: number | null
}

export interface CoverageLookRow {
  system_id: string
  tenant_id: string
  at: Date
  missing: Json<readonly NotCovered[]>
  unseen: Json<readonly NotSeen[]>
}

export interface CatalogCopyRow {
  repository_id: string
  tenant_id: string
  at: Date
  snapshot: string
  size_bytes: number
}

export interface HealthTables {
  space_samples: SpaceSampleRow
  coverage_looks: CoverageLookRow
  catalog_copies: CatalogCopyRow
}

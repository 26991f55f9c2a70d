import type { Clock } from '#base/clock.ts'
import type { OnProgress, StoredSource } from '#engine/sources/source.ts'
import type { Connection } from './connection.ts'
import type { DatabaseSection, TableSection } from './database-section.ts'
import type { RoleChoice } from './roles.ts'
import type { DatabaseTarget } from './target.ts'

export interface StageOptions {
  readonly section: DatabaseSection
  /** The folder `database/<name>` of the backup. */
  readonly stored: StoredSource
  /** The live place; staging is made beside it, on the same server. */
  readonly target: DatabaseTarget
  /** `integrum_stage_<12 hex>` (SAFETY rule 1). */
  readonly stageName: string
  readonly roles: readonly RoleChoice[]
  /** Only these tables' rows, as `schema.table`; absent or null for all. */
  readonly tables?: readonly string[] | null
  /** Sessions that load and read side by side; as many as this machine has cores, at most 4, otherwise. */
  readonly connections?: number
  /** Paces the watch over space; the system's otherwise. */
  readonly clock?: Clock
  /** Called right after CREATE DATABASE, before anything else, so that the journal knows the OID. */
  readonly onCreated: (oid: number) => Promise<void>
  readonly onProgress?: OnProgress
  /** Where the dump is put while it is needed; the system's place for temporary files otherwise. */
  readonly spoolIn?: string | undefined
  /** Staging is dropped when a disk of the server has less left (SAFETY rule 22); `limits.stagingFreeBytesMin` otherwise. */
  readonly freeBytesMin?: number
}

export interface TableName {
  readonly schema: string
  readonly name: string
}

/** Where the work of staging stands: what its steps hand on. */
export interface StageWork {
  readonly options: StageOptions
  /** Tables whose rows are wanted. */
  readonly chosen: readonly TableSection[]
  readonly connections: number
  /** The staging database. */
  readonly stage: DatabaseTarget
  readonly oid: number
  /** A session beside the databases. */
  readonly beside: Connection
  readonly roleOf: (role: string) => string
  /** Some role is called otherwise in the target, so text that names roles is rewritten. */
  readonly hasMappedRoles: boolean
  /** `rest.dump`, as a file that only we may read. */
  readonly dumpFile: string
  /** What every call of pg_restore gets besides. */
  readonly restoreArguments: readonly string[]
  /** What came out otherwise than in the original, and why. */
  readonly notes: string[]
  /** Entries of the dump that the server refused and that hold no rows; each has its note. */
  readonly refused: string[]
  /** Tables that are analyzed beside verify. Known last. */
  toAnalyze: readonly TableName[]
  /** Constraints that the dump makes NOT VALID. Known after post-data. */
  notValid: number
}

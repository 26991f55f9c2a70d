import { z } from 'zod'
import { parseValue } from '#base/parse.ts'

export type CopiedRow = Readonly<Record<string, unknown>>

/** Whose copy it is that a row is taken from. */
export interface Taking {
  readonly at: Date
  /** Sealed with the key of this very installation, so nobody else can have written it. */
  readonly isConfirmed: boolean
  /** The repository that the copy lies in, as it is reached now. */
  readonly repository: { readonly repositoryId: string; readonly columns: CopiedRow }
}

export interface CopiedTable {
  readonly name: string
  /** Of the rows that belong into the copy of one tenant: SQL with that tenant as $1. */
  readonly where: string
  /** Columns that never leave the catalog, and those that say nothing elsewhere. */
  readonly omit?: readonly string[]
  /** What becomes of a row in an empty catalog; undefined: it is not taken. Absent: it is taken as it is. */
  readonly take?: (row: CopiedRow, taking: Taking) => CopiedRow | undefined
}

const ofTenant = 'tenant_id = $1'
const ifConfirmed: CopiedTable['take'] = (row, { isConfirmed }) => (isConfirmed ? row : undefined)
/** What begins something by itself waits for somebody to switch it on, unless it is known to be as it was. */
const offUnlessConfirmed: CopiedTable['take'] = (row, { isConfirmed }) => (isConfirmed ? row : { ...row, is_active: false })

/** THE LIST, each table behind those that it refers to: what the repository alone cannot tell. */
export const copiedTables: readonly CopiedTable[] = [
  { name: 'tenants', where: 'id = $1' },
  {
    name: 'users',
    where: 'id in (select user_id from role_grants where tenant_id = $1 or tenant_id is null)',
    omit: [
      'password_hash',
      'password_changed_at',
      'must_change_password',
      'totp_secret_sealed',
      'totp_pending_sealed',
      'totp_last_step',
      'failed_count',
      'locked_until',
      'oidc_issuer',
      'oidc_subject',
    ],
  },
  {
    name: 'role_grants',
    where: 'tenant_id = $1 or tenant_id is null',
    // Whoever may write to a repository shall not make an administrator of everything by it.
    take: (row, { isConfirmed }) => (isConfirmed || row['tenant_id'] !== null ? row : undefined),
  },
  {
    name: 'repositories',
    where: ofTenant,
    omit: ['state'],
    take: (row, { repository, isConfirmed }) => {
      if (row['repository_id'] === repository.repositoryId) return { ...row, ...repository.columns }
      return isConfirmed ? row : undefined
    },
  },
  { name: 'systems', where: ofTenant, omit: ['last_test'], take: (row, { isConfirmed }) => (isConfirmed ? row : withoutPrograms(row)) },
  { name: 'system_secrets', where: ofTenant, take: ifConfirmed },
  { name: 'backup_schedules', where: ofTenant, take: offUnlessConfirmed },
  { name: 'drill_policies', where: ofTenant, take: offUnlessConfirmed },
  { name: 'notice_channels', where: ofTenant, take: ifConfirmed },
  { name: 'settings', where: "name not in ('sealing-check')", take: ifConfirmed },
  { name: 'signatures', where: ofTenant },
  { name: 'retention_policies', where: ofTenant },
  // Backups are kept on account of those that are open.
  { name: 'alerts', where: `${ofTenant} and settled_at is null` },
  {
    name: 'backups',
    where: `${ofTenant} and status not in ('pending', 'in_progress')`,
    omit: ['metadata', 'run_id', 'removal_run_id', 'removal_fault', 'removal_due_at', 'standing', 'standing_at'],
    take: (row, { at }) => {
      // A tombstone stays one, unless the repository shows what it says was removed: one of tomorrow would hide it.
      if (typeof row['removed_at'] === 'string' && Date.parse(row['removed_at']) <= at.getTime()) return row
      // Everything else is missing until the repository shows it. What somebody had deleted, but is still there, is listed again: after
      // a disaster nothing is removed that nobody has looked at.
      const there = { removed_at: null, deleted_at: null, deleted_by: null, delete_reason: null }
      return { ...row, ...there, snapshot: null, missing_at: at.toISOString() }
    },
  },
  {
    name: 'restore_operations',
    where: `${ofTenant} and status not in ('pending', 'in_progress')`,
    omit: ['plan_id', 'run_id', 'of_restore_id', 'undo_until'],
  },
  { name: 'drills', where: `${ofTenant} and ended_at is not null`, omit: ['run_id'] },
  { name: 'legal_holds', where: ofTenant },
  { name: 'deletion_certificates', where: ofTenant },
]

/** Hooks are programs and assertions are SQL, which the service runs: nobody plants one by a repository. */
function withoutPrograms(row: CopiedRow): CopiedRow {
  const settings = parseValue(z.record(z.string(), z.unknown()), row['settings'], 'the settings of a system')
  return { ...row, settings: { ...settings, hooks: {}, assertions: [] } }
}

/** The other list: tables that no copy has, and why. Between them the two name every table of the catalog. */
export const leftOut: Readonly<Record<string, string>> = {
  audit_events: 'the trail is a file of its own',
  audit_head: 'the trail is a file of its own',
  audit_checkpoints: 'the trail is a file of its own',
  audit_copies: 'the repositories tell it',
  catalog_copies: 'the repositories tell it',
  password_history: 'passwords are made anew',
  recovery_codes: 'authenticators are set up anew',
  password_links: 'who may come in is decided anew',
  setup_tokens: 'who may come in is decided anew',
  sessions: 'who may come in is decided anew',
  api_keys: 'who may come in is decided anew',
  signing_policies: 'accepted anew by whoever signs',
  idempotency_keys: 'of requests that are long over',
  restore_plans: 'a plan is of what was there then',
  runs: 'jobs are asked for anew',
  run_log: 'jobs are asked for anew',
  schedule_ticks: 'what was missed while nobody ran is not made up for',
  retention_runs: 'what may go is looked at anew',
  retention_clock: 'of the machine that is lost',
  downloads: 'files of the machine that is lost',
  uploads: 'files of the machine that is lost',
  events: 'told to whoever listened then',
  notices: 'told to whoever listened then',
  notice_deliveries: 'told to whoever listened then',
  coverage_looks: 'looked at again',
  space_samples: 'looked at again',
  repository_readings: 'read again',
  repository_shares: 'read again',
}

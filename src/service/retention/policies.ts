import { createHash } from 'node:crypto'
import { Fault } from '#base/fault.ts'
import { parseValue } from '#base/parse.ts'
import { defaultRetention, retentionPolicySchema, type PolicyInForce, type RetentionPolicy } from '#contract/retention.ts'
import { canonicalJson } from '#engine/repository/canonical-json.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { findPolicy, removePolicy, replacePolicy, type PolicyScope, type StoredPolicy } from './policies.store.ts'
import { shortenedRules } from './shortening.ts'

export interface InForce {
  readonly policy: RetentionPolicy
  readonly source: PolicyInForce['source']
  readonly row: StoredPolicy | undefined
}

/** The system's own policy, else the organization's, else the default. */
export async function policyInForce(tx: Tx, { tenantId, systemId }: PolicyScope): Promise<InForce> {
  const own = systemId === null ? undefined : await findPolicy(tx, { tenantId, systemId })
  if (own) return { policy: policyOf(own), source: 'system', row: own }
  const organization = await findPolicy(tx, { tenantId, systemId: null })
  if (organization) return { policy: policyOf(organization), source: 'organization', row: organization }
  return { policy: defaultRetention, source: 'default', row: undefined }
}

export function policyOf(row: StoredPolicy): RetentionPolicy {
  return parseValue(retentionPolicySchema, row.policy, 'a stored retention policy')
}

export interface PolicyChange {
  readonly before: RetentionPolicy
  readonly after: RetentionPolicy
  /** In which rules it keeps less; it takes a signature then. */
  readonly shortens: readonly string[]
  readonly digest: string
}

/** What setting it, or with null taking it back, would change. INPUT_INVALID for a time zone that is none. */
export async function planChange(tx: Tx, scope: PolicyScope, wanted: RetentionPolicy | null): Promise<PolicyChange> {
  if (wanted) assertTimeZone(wanted.timeZone)
  const before = (await policyInForce(tx, scope)).policy
  const above = scope.systemId === null ? defaultRetention : (await policyInForce(tx, { ...scope, systemId: null })).policy
  const after = wanted ?? above
  const digest = createHash('sha256')
    .update(canonicalJson({ act: 'retention-policy', ...scope, before, after }))
    .digest('hex')
  return { before, after, shortens: shortenedRules(before, after), digest }
}

export interface NewPolicy {
  readonly policy: RetentionPolicy | null
  readonly reason: string
  readonly by: string
  readonly signatureId: string | null
}

export async function setPolicy(
  { clock, random }: House,
  tx: Tx,
  scope: PolicyScope,
  { policy, reason, by, signatureId }: NewPolicy,
): Promise<void> {
  if (policy === null) return await removePolicy(tx, scope)
  await replacePolicy(tx, {
    id: random.uuid(),
    tenant_id: scope.tenantId,
    system_id: scope.systemId,
    policy: JSON.stringify(policy),
    reason,
    changed_at: clock.now(),
    changed_by: by,
    signature_id: signatureId,
  })
}

export function inForceView({ policy, source, row }: InForce, scope: PolicyScope & { readonly systemName: string | null }): PolicyInForce {
  const { tenantId, systemId, systemName } = scope
  return {
    tenantId,
    systemId,
    systemName,
    policy,
    source,
    changedAt: row?.changed_at.toISOString() ?? null,
    changedBy: row?.changed_by ?? null,
  }
}

export function assertTimeZone(timeZone: string): void {
  try {
    // Throws a RangeError for a name that the machine's time zone data does not have.
    Intl.DateTimeFormat('en', { timeZone })
  } catch (cause) {
    throw new Fault('INPUT_INVALID', `there is no time zone ${timeZone}`, { field: 'policy.timeZone' }, { cause })
  }
}

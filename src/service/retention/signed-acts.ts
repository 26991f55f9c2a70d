import { createHash } from 'node:crypto'
import { Fault } from '#base/fault.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import type { retention } from '#contract/retention.ts'
import type { SignedWithMeaning } from '#contract/signatures.ts'
import { canonicalJson } from '#engine/repository/canonical-json.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { Call } from '#service/http/gate.ts'
import type { House } from '#service/house.ts'
import { recordSignature, verifySigner, type SignatureOrder, type Signer } from '#service/signatures/signatures.ts'
import { knownSystem } from '#service/systems/systems.ts'
import { tenantFor } from '#service/tenants/tenant-for.ts'
import { acceptClock, clockDoubt } from './clock.ts'
import { makeDue } from './evaluate.store.ts'
import { carryOut, planRetention, planView, relockedPlan } from './evaluate.ts'
import { inForceView, planChange, policyInForce, setPolicy, type PolicyChange } from './policies.ts'
import { lockTenantPolicies, type PolicyScope } from './policies.store.ts'

// Acts that are signed when they could lose what somebody needs: what can be refused by looking is refused before the code of the
// authenticator is used up, and everything is looked at again in the transaction.

export async function signPolicy(house: House, call: Call<typeof retention.set>): Promise<ReplyOf<typeof retention.set>> {
  const { policy, reason, signature } = call.body
  const looked = await call.read(async (tx) => {
    const scope = await scopeOf(tx, call)
    return { scope, change: await planChange(tx, scope, policy) }
  })
  const { scope } = looked
  const subject = { kind: scope.systemId === null ? 'tenant' : 'system', id: scope.systemId ?? scope.tenantId }
  call.concerns({ tenantId: scope.tenantId, subject })
  if (signature === undefined) assertNotShortened(looked.change)
  const signer = signature && (await verifySigner(house, call, signature))
  return await call.act(async (tx) => {
    await lockTenantPolicies(tx, scope.tenantId)
    const change = await planChange(tx, scope, policy)
    if (change.digest !== looked.change.digest) throw new Fault('PLAN_STALE', 'somebody else changed the policy at this moment')
    const order = { tenantId: scope.tenantId, subjectKind: 'retention-policy', subjectId: subject.id, digest: change.digest, reason }
    const signed = await signedBy(house, tx, { signer, signature, order })
    await setPolicy(house, tx, scope, { policy, reason, by: call.caller.name, signatureId: signed?.id ?? null })
    await makeDue(tx, scope)
    const reply = inForceView(await policyInForce(tx, scope), scope)
    return {
      reply,
      tenantId: scope.tenantId,
      subject,
      reason,
      before: change.before,
      after: change.after,
      facts: { shortens: change.shortens, ...factsOf(signed) },
    }
  })
}

async function scopeOf(tx: Tx, { body, scope }: Call<typeof retention.set>): Promise<PolicyScope & { readonly systemName: string | null }> {
  if (body.systemId === undefined) return { tenantId: await tenantFor(tx, scope, body.tenantId), systemId: null, systemName: null }
  const system = await knownSystem(tx, body.systemId)
  return { tenantId: system.tenant_id, systemId: system.id, systemName: system.name }
}

function assertNotShortened({ shortens }: PolicyChange): void {
  if (shortens.length === 0) return
  throw new Fault('SIGNATURE_NEEDED', `the policy keeps less than before: ${shortens.join(', ')}`, { field: 'signature' })
}

export async function signRun(house: House, call: Call<typeof retention.run>): Promise<ReplyOf<typeof retention.run>> {
  const { systemId, digest, reason, signature, shown } = call.body
  const system = await call.read(async (tx) => {
    const { id, tenant_id: tenantId, name } = await knownSystem(tx, systemId)
    const plan = await planRetention(house, tx, { id, tenantId })
    if (plan.digest !== digest) throw new Fault('PLAN_STALE', 'backups, holds or the policy have changed since the preview')
    return { id, tenantId, name }
  })
  const subject = { kind: 'system', id: system.id, name: system.name }
  call.concerns({ tenantId: system.tenantId, subject })
  const signer = signature && (await verifySigner(house, call, signature))
  return await call.act(async (tx) => {
    const plan = await relockedPlan(house, tx, system, { digest, isSigned: signer !== undefined })
    const view = await planView(tx, plan, shown)
    const order = { tenantId: system.tenantId, subjectKind: 'retention-run', subjectId: system.id, digest, reason }
    const signed = await signedBy(house, tx, { signer, signature, order })
    await carryOut(house, tx, { plan, by: call.caller.name })
    return {
      reply: view,
      tenantId: system.tenantId,
      subject,
      reason,
      facts: { digest, removes: view.removes, keeps: view.keeps, isMassDeletion: view.isMassDeletion, ...factsOf(signed) },
    }
  })
}

export async function signClock(house: House, call: Call<typeof retention.acceptClock>): Promise<ReplyOf<typeof retention.acceptClock>> {
  const { reason, signature } = call.body
  const signer = await verifySigner(house, call, signature)
  return await call.act(async (tx) => {
    const doubt = await clockDoubt(house, tx)
    const now = house.clock.now().toISOString()
    const digest = createHash('sha256')
      .update(canonicalJson({ act: 'accept-clock', fact: doubt?.fact ?? null, now }))
      .digest('hex')
    // Of the installation, which has no other id that a signature could name.
    const order = { tenantId: null, subjectKind: 'clock', subjectId: signer.userId, digest, reason }
    const signed = await signedBy(house, tx, { signer, signature, order })
    await acceptClock(house, tx, `${signer.name} signed that the clock is right: ${reason}`)
    await makeDue(tx, {})
    return {
      reply: { now, isSuspended: false, fact: null, mark: now },
      subject: { kind: 'setting', id: 'clock' },
      reason,
      before: { fact: doubt?.fact ?? null, ...doubt?.facts },
      after: { mark: now },
      facts: factsOf(signed),
    }
  })
}

interface Signing {
  readonly signer: Signer | undefined
  readonly signature: SignedWithMeaning | undefined
  readonly order: Omit<SignatureOrder, 'meaning'>
}

async function signedBy(house: House, tx: Tx, { signer, signature, order }: Signing) {
  if (!signer || !signature) return undefined
  return await recordSignature(house, tx, { signer, ...order, meaning: signature.meaning })
}

function factsOf(signed: Awaited<ReturnType<typeof signedBy>>): Readonly<Record<string, unknown>> {
  return signed ? { signatureId: signed.id, digest: signed.digest, meaning: signed.meaning } : {}
}

import type { z } from 'zod'
import type { Endpoint } from '#contract/endpoint.ts'
import type { restores } from '#contract/restores.ts'
import type { Call } from '#service/http/gate.ts'
import type { House } from '#service/house.ts'
import { recordSignature, verifySigner, type Signer } from '#service/signatures/signatures.ts'
import { knownPlan } from './plans.ts'
import {
  approveRestore,
  assertAnother,
  assertConfirmed,
  assertUsable,
  beginAfter,
  beginRestore,
  digestOfAfter,
  knownRestore,
  type Actor,
  type AfterWish,
  type BegunRestore,
} from './restores.ts'
import { findRestore } from './restores.store.ts'

type ExecuteWish = z.output<(typeof restores.execute)['body']>
type Begun = z.input<(typeof restores.execute)['reply']>

/** What can be refused by looking is refused before the code of the authenticator is used up. */
export async function executeRestore<E extends Endpoint>(house: House, call: Call<E>, wish: ExecuteWish): Promise<Begun> {
  const { planId, reason, signature, withoutSafetyBackup } = wish
  const plan = await call.read((tx) => knownPlan(tx, planId))
  call.concerns({ tenantId: plan.tenant_id, subject: { kind: 'restore-plan', id: plan.id, name: plan.system_name } })
  assertUsable(plan, house.clock.now())
  assertConfirmed(plan.system_name, wish.confirm)
  const signer = await verifySigner(house, call, signature)
  const without = withoutSafetyBackup?.reason ?? null
  return await call.act(async (tx) => {
    const begun = await beginRestore(house, tx, { planId, reason, withoutSafetyBackupReason: without, by: actorOf(signer) })
    // What is signed says that there is no way back but the one that is kept.
    const signedReason = without === null ? reason : `${reason}; without a safety backup: ${without}`
    const order = {
      subjectKind: 'restore-plan',
      subjectId: plan.id,
      digest: plan.digest,
      meaning: signature.meaning,
      reason: signedReason,
    }
    const signed = await recordSignature(house, tx, { signer, tenantId: plan.tenant_id, ...order })
    return actedOf(begun, { reason, signed, facts: { planDigest: plan.digest, withoutSafetyBackup: without } })
  })
}

type ApproveWish = z.output<(typeof restores.approve)['body']> & { readonly planId: string }

export async function approvePlan<E extends Endpoint>(house: House, call: Call<E>, wish: ApproveWish): Promise<Begun> {
  const { planId, reason, signature } = wish
  const plan = await call.read(async (tx) => {
    const found = await knownPlan(tx, planId)
    const waiting = await findRestore(tx, planId)
    if (waiting && call.caller.kind !== 'nobody') assertAnother(waiting, { id: call.caller.userId, name: call.caller.name })
    return found
  })
  call.concerns({ tenantId: plan.tenant_id, subject: { kind: 'restore-plan', id: plan.id, name: plan.system_name } })
  assertConfirmed(plan.system_name, wish.confirm)
  const signer = await verifySigner(house, call, signature)
  return await call.act(async (tx) => {
    const begun = await approveRestore(house, tx, { planId, by: actorOf(signer) })
    const order = { subjectKind: 'restore-plan', subjectId: plan.id, digest: plan.digest!, meaning: signature.meaning, reason }
    const signed = await recordSignature(house, tx, { signer, tenantId: plan.tenant_id, ...order })
    return actedOf(begun, { reason, signed, facts: { planDigest: plan.digest } })
  })
}

type SignAfterWish = Omit<AfterWish, 'by'> & Pick<ExecuteWish, 'confirm' | 'signature'>

export async function signAfter<E extends Endpoint>(house: House, call: Call<E>, wish: SignAfterWish): Promise<Begun> {
  const { kind, of, order, reason, signature } = wish
  const restore = await call.read((tx) => knownRestore(tx, of))
  call.concerns({ tenantId: restore.tenant_id, subject: { kind: 'restore', id: of, name: restore.system_name } })
  assertConfirmed(restore.system_name, wish.confirm)
  const signer = await verifySigner(house, call, signature)
  const digest = digestOfAfter(kind, restore, order)
  return await call.act(async (tx) => {
    const begun = await beginAfter(house, tx, { kind, of, reason, order, by: actorOf(signer) })
    const signedOrder = { subjectKind: `restore-${kind}`, subjectId: of, digest, meaning: signature.meaning, reason }
    const signed = await recordSignature(house, tx, { signer, tenantId: restore.tenant_id, ...signedOrder })
    return actedOf(begun, { reason, signed, facts: { ofRestoreId: of, ...order } })
  })
}

function actorOf({ userId, name }: Signer): Actor {
  return { id: userId, name }
}

interface SignedFacts {
  readonly reason: string
  readonly signed: { readonly id: string; readonly digest: string; readonly meaning: string }
  readonly facts: Readonly<Record<string, unknown>>
}

function actedOf({ row, runId }: BegunRestore, { reason, signed, facts }: SignedFacts) {
  return {
    reply: { restoreId: row.id, runId, waitsForApproval: row.waits_for_approval },
    tenantId: row.tenant_id,
    subject: { kind: 'restore', id: row.id, name: row.system_name },
    reason,
    facts: { ...facts, runId, signatureId: signed.id, digest: signed.digest, meaning: signed.meaning },
  }
}

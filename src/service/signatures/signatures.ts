import { Fault } from '#base/fault.ts'
import type { Endpoint } from '#contract/endpoint.ts'
import type { Signature, Signing } from '#contract/signatures.ts'
import { signingPolicy } from '#contract/signing-policy.ts'
import { everything, type Tx } from '#service/catalog/scope.ts'
import type { Call } from '#service/http/gate.ts'
import type { House } from '#service/house.ts'
import { ownAccount, personOf } from '#service/people/me.ts'
import { proveBoth } from '#service/people/prove.ts'
import { acceptedSigningPolicy } from '#service/people/totp.store.ts'
import { insertSignature } from './signatures.store.ts'

/** Somebody who has just proven with both components who they are. Good for one signature. */
export interface Signer {
  readonly userId: string
  readonly name: string
  readonly title: string
  readonly address: string
  readonly isSigner: true
}

export interface SignatureOrder {
  readonly tenantId: string | null
  /** `restore-plan`, `backup` … */
  readonly subjectKind: string
  readonly subjectId: string
  /** Of exactly what was shown. */
  readonly digest: string
  /** What it stands for, as it is read out later: `approved this restore`. */
  readonly meaning: string
  readonly reason: string
}

const used = new WeakSet<Signer>()

/**
 * The first half, before the transaction of the act: password and code are looked at now, whatever the session proved, and the
 * code is good no more. SESSION_NEEDED for a key, SIGNING_POLICY and TOTP_NEEDED for whoever cannot sign yet,
 * REAUTHENTICATION for a component that is not theirs, which counts towards the lock-out.
 */
export async function verifySigner<E extends Endpoint>(house: House, call: Call<E>, { password, totp }: Signing): Promise<Signer> {
  const caller = personOf(call)
  if (caller.kind !== 'user') throw new Fault('SESSION_NEEDED', `${caller.name} asked with a key, and a key never signs`)
  const account = await ownAccount(house, call)
  const accepted = await house.catalog.as(everything, (tx) => acceptedSigningPolicy(tx, account.id))
  if (accepted !== signingPolicy.version) throw new Fault('SIGNING_POLICY', `${account.name} has not accepted the signing policy`)
  if (account.totpSecretSealed === null) throw new Fault('TOTP_NEEDED', `${account.name} has no authenticator to sign with`)
  const proved = await proveBoth(house, call, { account, password, given: { code: totp }, code: 'REAUTHENTICATION' })
  await proved.clear()
  return { userId: account.id, name: account.name, title: account.title, address: call.request.address, isSigner: true }
}

/** The second half, in the transaction of the act: the signature is there with what it stands for, or not at all. */
export async function recordSignature(
  house: House,
  tx: Tx,
  { signer, ...order }: SignatureOrder & { readonly signer: Signer },
): Promise<Signature> {
  if (used.has(signer)) throw new Error('one proof of a signer is good for one signature')
  used.add(signer)
  const signedAt = house.clock.now()
  const signature = { id: house.random.uuid(), userId: signer.userId, userName: signer.name, userTitle: signer.title, ...order }
  await insertSignature(tx, { ...signature, signedAt, address: signer.address })
  return { ...signature, signedAt: signedAt.toISOString() }
}

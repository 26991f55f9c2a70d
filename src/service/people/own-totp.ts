import { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import type { me } from '#contract/me.ts'
import { everything, type Tx } from '#service/catalog/scope.ts'
import type { Call } from '#service/http/gate.ts'
import type { House } from '#service/house.ts'
import { aboutThemselves, ownAccount, personOf } from './me.ts'
import { hashOfRecoveryCode, proveBoth, provePassword, totpUse } from './prove.ts'
import { endSessionsOf } from './sessions.store.ts'
import { confirmTotp, pendingTotp, removeTotp, replaceRecoveryCodes, setPendingTotp } from './totp.store.ts'
import { newRecoveryCode, newTotpSecret, stepOfCode } from './totp.ts'

/** A secret, shown this once. It is asked for when its first code has come. */
export async function beginOwnTotp(house: House, call: Call<typeof me.beginTotp>): Promise<ReplyOf<typeof me.beginTotp>> {
  const account = await ownAccount(house, call)
  if (account.totpSecretSealed !== null) throw new Fault('TOTP_ENROLLED', `${account.name} has an authenticator already`)
  await (await provePassword(house, call, { account, password: call.body.password, code: 'REAUTHENTICATION' })).takeBack()
  const made = newTotpSecret(account.name, house.random)
  return await call.act(async (tx) => {
    await setPendingTotp(tx, account.id, house.sealing.seal(made.secret, totpUse(account.id)))
    return { reply: made, ...aboutThemselves(personOf(call)) }
  })
}

export async function confirmOwnTotp(house: House, call: Call<typeof me.confirmTotp>): Promise<ReplyOf<typeof me.confirmTotp>> {
  const { userId } = personOf(call)
  const sealed = await house.catalog.as(everything, (tx) => pendingTotp(tx, userId))
  if (sealed === undefined) throw new Fault('TOTP_NEEDED', 'no authenticator waits for its first code')
  const secret = house.sealing.unseal(sealed, totpUse(userId))
  const step = stepOfCode(call.body.code, { secret, now: house.clock.now(), lastStep: 0 })
  if (step === undefined) throw new Fault('INPUT_INVALID', 'code: it is not a code of this secret at this time', { field: 'code' })
  return await call.act(async (tx) => {
    if (!(await confirmTotp(tx, userId, { sealed, step }))) throw new Fault('TOTP_ENROLLED', 'it was confirmed at the same moment')
    return { reply: await newRecoveryCodes(house, tx, userId), ...aboutThemselves(personOf(call)) }
  })
}

export async function renewOwnRecoveryCodes(
  house: House,
  call: Call<typeof me.renewRecoveryCodes>,
): Promise<ReplyOf<typeof me.renewRecoveryCodes>> {
  const { password, code } = call.body
  const account = await enrolledAccount(house, call)
  await (await proveBoth(house, call, { account, password, given: { code }, code: 'REAUTHENTICATION' })).clear()
  return await call.act(async (tx) => ({
    reply: await newRecoveryCodes(house, tx, account.id),
    ...aboutThemselves(personOf(call)),
  }))
}

export async function removeOwnTotp(house: House, call: Call<typeof me.removeTotp>): Promise<ReplyOf<typeof me.removeTotp>> {
  const caller = personOf(call)
  const { password, proof } = call.body
  const account = await enrolledAccount(house, call)
  await (await proveBoth(house, call, { account, password, given: proof, code: 'REAUTHENTICATION' })).clear()
  return await call.act(async (tx) => {
    await removeTotp(tx, account.id)
    const endedSessions = await endSessionsOf(tx, account.id, { at: house.clock.now(), except: caller.credentialId })
    return { reply: {}, ...aboutThemselves(caller), facts: { endedSessions } }
  })
}

async function enrolledAccount(house: House, call: Parameters<typeof ownAccount>[1]) {
  const account = await ownAccount(house, call)
  if (account.totpSecretSealed === null) throw new Fault('TOTP_NEEDED', `${account.name} has no authenticator`)
  return account
}

async function newRecoveryCodes({ random }: House, tx: Tx, userId: string): Promise<{ readonly recoveryCodes: string[] }> {
  const recoveryCodes = Array.from({ length: limits.recoveryCodes }, () => newRecoveryCode(random))
  await replaceRecoveryCodes(tx, userId, recoveryCodes.map(hashOfRecoveryCode))
  return { recoveryCodes }
}

import { createHash } from 'node:crypto'
import { Fault } from '#base/fault.ts'
import type { Endpoint } from '#contract/endpoint.ts'
import { everything } from '#service/catalog/scope.ts'
import type { Call } from '#service/http/gate.ts'
import type { House } from '#service/house.ts'
import { clearTries, countTry, takeBackTry, type Account } from './accounts.store.ts'
import { isPassword } from './password.ts'
import { burnTotpStep, lastTotpStep, useRecoveryCode } from './totp.store.ts'
import { plainRecoveryCode, stepOfCode } from './totp.ts'

/** Somebody is who they say. Their try was counted as a failure, until one of these is called. */
export interface Proved {
  readonly account: Account
  /** It was none; the failures before it still count. */
  takeBack(): Promise<void>
  /** It was none, and counting begins anew. */
  clear(): Promise<void>
}

export type SecondStep = { readonly code: string } | { readonly recoveryCode: string }

/** Unless it is theirs: SIGN_IN_REFUSED, or REAUTHENTICATION for whoever is signed in already. */
interface Refusing {
  readonly code: 'SIGN_IN_REFUSED' | 'REAUTHENTICATION'
}

/** Undefined for a name that nobody has: all the same, the same is done. */
export async function provePassword<E extends Endpoint>(
  house: House,
  call: Call<E>,
  { account, password, code }: Refusing & { readonly account: Account | undefined; readonly password: string },
): Promise<Proved> {
  const count = await beginTry(house, account)
  const isTheirs = await isPassword(password, account?.passwordHash)
  if (!account) return refuse(call, { account, code, why: 'unknown name' })
  if (count === undefined) return refuse(call, { account, code, why: 'locked' })
  if (!isTheirs) return refuse(call, { account, code, why: account.passwordHash === null ? 'no password' : 'wrong password' })
  return proved(house, account, count)
}

/** Of a code that was not used before. From now on it is used, whatever comes of it. */
export async function proveSecondStep<E extends Endpoint>(
  house: House,
  call: Call<E>,
  { account, given, code }: Refusing & { readonly account: Account; readonly given: SecondStep },
): Promise<Proved> {
  const count = await beginTry(house, account)
  if (count === undefined) return refuse(call, { account, code, why: 'locked' })
  const why = await secondStepFault(house, account, given)
  if (why !== undefined) return refuse(call, { account, code, why })
  return proved(house, account, count)
}

/** Both, as one try. */
export async function proveBoth<E extends Endpoint>(
  house: House,
  call: Call<E>,
  { account, password, given, code }: Refusing & { readonly account: Account; readonly password: string; readonly given: SecondStep },
): Promise<Proved> {
  const both = await provePassword(house, call, { account, password, code })
  const why = await secondStepFault(house, account, given)
  if (why !== undefined) return refuse(call, { account, code, why })
  return both
}

type Why =
  'unknown name' | 'locked' | 'wrong password' | 'no password' | 'no second factor' | 'wrong or used code' | 'code used at the same moment'

async function secondStepFault(house: House, { id, totpSecretSealed }: Account, given: SecondStep): Promise<Why | undefined> {
  if (totpSecretSealed === null) return 'no second factor'
  const now = house.clock.now()
  if ('recoveryCode' in given) {
    const codeHash = hashOfRecoveryCode(given.recoveryCode)
    const isUsed = await house.catalog.as(everything, (tx) => useRecoveryCode(tx, id, { codeHash, at: now }))
    return isUsed ? undefined : 'wrong or used code'
  }
  const secret = house.sealing.unseal(totpSecretSealed, totpUse(id))
  const lastStep = await house.catalog.as(everything, (tx) => lastTotpStep(tx, id))
  const step = stepOfCode(given.code, { secret, now, lastStep })
  if (step === undefined) return 'wrong or used code'
  return (await house.catalog.as(everything, (tx) => burnTotpStep(tx, id, step))) ? undefined : 'code used at the same moment'
}

/** What the secret is sealed for: that of one account opens for no other. */
export function totpUse(userId: string): string {
  return `totp:${userId}`
}

export function hashOfRecoveryCode(code: string): string {
  return createHash('sha256').update(plainRecoveryCode(code)).digest('hex')
}

const noId = '00000000-0000-0000-0000-000000000000'

async function beginTry(house: House, account: Account | undefined): Promise<number | undefined> {
  return await house.catalog.as(everything, (tx) => countTry(tx, account?.id ?? noId, house.clock.now()))
}

function proved({ catalog }: House, account: Account, count: number): Proved {
  return {
    account,
    takeBack: () => catalog.as(everything, (tx) => takeBackTry(tx, account.id, count)),
    clear: () => catalog.as(everything, (tx) => clearTries(tx, account.id)),
  }
}

/** The same words whatever was wrong; the event of the refusal says it. */
function refuse<E extends Endpoint>(
  call: Call<E>,
  { account, code, why }: Refusing & { readonly account: Account | undefined; readonly why: Why },
): never {
  call.concerns({ ...(account && { subject: { kind: 'user', id: account.id, name: account.name } }), facts: { why } })
  throw new Fault(
    code,
    `the ${code === 'SIGN_IN_REFUSED' ? 'name, the password' : 'password'} or the code is not right, or the account is locked`,
  )
}

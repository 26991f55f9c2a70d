import { z } from 'zod'
import { Fault } from '#base/fault.ts'
import { parseValue } from '#base/parse.ts'
import type { BodyOf } from '#contract/endpoint.ts'
import { oidcSchema, type OidcSettings, type settings } from '#contract/settings.ts'
import type { Tx } from '#service/catalog/scope.ts'
import { readSetting, writeSetting } from '#service/catalog/settings.store.ts'
import type { House } from '#service/house.ts'

const storedSchema = oidcSchema.extend({ secretSealed: z.base64() })
type StoredOidc = z.infer<typeof storedSchema>

const name = 'oidc'
/** A secret is good for the client that it was given for. */
const useOf = ({ issuer, clientId }: Pick<OidcSettings, 'issuer' | 'clientId'>) => `oidc:${issuer} ${clientId}`

async function readStored(tx: Tx): Promise<StoredOidc | undefined> {
  const value = await readSetting(tx, name)
  return value === undefined ? undefined : parseValue(storedSchema, value, 'the setting of OpenID Connect')
}

/** Without its secret. */
export async function readOidc(tx: Tx): Promise<OidcSettings | undefined> {
  const stored = await readStored(tx)
  if (!stored) return undefined
  const { secretSealed: _sealed, ...shown } = stored
  return shown
}

export async function readOidcWithSecret({ sealing }: House, tx: Tx): Promise<{ readonly oidc: OidcSettings; readonly secret: string }> {
  const stored = await readStored(tx)
  if (!stored) throw new Fault('OIDC_OFF', 'no provider of OpenID Connect is set up')
  return { oidc: stored, secret: sealing.unseal(Buffer.from(stored.secretSealed, 'base64'), useOf(stored)) }
}

/** What was given, with the secret that was given before for the same client when none is. */
export async function secretFor(house: House, tx: Tx, body: BodyOf<typeof settings.setOidc>): Promise<string> {
  if (body.clientSecret !== undefined) return body.clientSecret
  const stored = await readStored(tx)
  if (!stored || useOf(stored) !== useOf(body))
    throw new Fault('INPUT_INVALID', 'clientSecret: there is none for this client yet', { field: 'clientSecret' })
  return (await readOidcWithSecret(house, tx)).secret
}

export async function writeOidc(
  { sealing, clock }: House,
  tx: Tx,
  { oidc, secret }: { readonly oidc: OidcSettings; readonly secret: string },
): Promise<void> {
  const secretSealed = sealing.seal(secret, useOf(oidc)).toString('base64')
  await writeSetting(tx, name, { value: { ...oidc, secretSealed }, at: clock.now() })
}

import * as client from 'openid-client'
import { z } from 'zod'
import { Fault, messageOf } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { parse } from '#base/parse.ts'
import type { OidcSettings } from '#contract/settings.ts'
import type { signIn } from '#contract/sign-in.ts'
import { everything } from '#service/catalog/scope.ts'
import { sent, type Call } from '#service/http/gate.ts'
import type { House } from '#service/house.ts'
import { admitByOidc, type OidcPerson } from './oidc-account.ts'
import { readOidcWithSecret } from './oidc-settings.ts'
import { setSessionCookie } from './open-session.ts'

/** What has to come back, kept by the browser, sealed: nobody else's answer is taken for this one's. */
const flowSchema = z.strictObject({ state: z.string(), nonce: z.string(), verifier: z.string(), until: z.number() })
const flowCookie = 'integrum_oidc'
const flowUse = 'oidc-flow'
const flowPath = '/api/v1/sign-in/oidc'

/** Asks the provider what it can do. OIDC_PROVIDER when it does not answer, or as something else. */
export async function discoverProvider(oidc: OidcSettings, secret: string): Promise<client.Configuration> {
  const issuer = new URL(oidc.issuer)
  try {
    return await client.discovery(issuer, oidc.clientId, secret, undefined, {
      timeout: limits.oidcTimeoutSeconds,
      // The setting takes plain http for this machine alone.
      ...(issuer.protocol === 'http:' && { execute: [client.allowInsecureRequests] }),
    })
  } catch (cause) {
    throw new Fault('OIDC_PROVIDER', `the provider ${issuer.origin} does not answer as one: ${messageOf(cause)}`, {}, { cause })
  }
}

async function provider(house: House) {
  const { oidc, secret } = await house.catalog.as(everything, (tx) => readOidcWithSecret(house, tx))
  return { oidc, configuration: await discoverProvider(oidc, secret) }
}

export async function goToProvider(house: House, call: Call<typeof signIn.oidc>): Promise<typeof sent> {
  const { oidc, configuration } = await provider(house)
  const chance = () => Buffer.from(house.random.bytes(32)).toString('base64url')
  const flow = { state: chance(), nonce: chance(), verifier: chance(), until: house.clock.now().getTime() + limits.oidcMsMax }
  const place = client.buildAuthorizationUrl(configuration, {
    redirect_uri: callbackOf(house, call),
    scope: oidc.scopes.join(' '),
    state: flow.state,
    nonce: flow.nonce,
    code_challenge: await client.calculatePKCECodeChallenge(flow.verifier),
    code_challenge_method: 'S256',
  })
  const { reply } = call.wire
  // Lax, since the browser comes back from another site.
  reply.setCookie(flowCookie, house.sealing.seal(JSON.stringify(flow), flowUse).toString('base64url'), flowOptions(house))
  await reply.header('cache-control', 'no-store').redirect(place.href)
  return sent
}

export async function comeFromProvider(house: House, call: Call<typeof signIn.oidcCallback>): Promise<typeof sent> {
  const { request, reply } = call.wire
  const flow = flowOf(house, request.cookies[flowCookie])
  const { oidc, configuration } = await provider(house)
  const answer = new URL(callbackOf(house, call))
  answer.search = new URLSearchParams(call.query).toString()
  const person = await personBehind(oidc, { configuration, answer, flow })
  call.concerns({ facts: { issuer: person.issuer, subject: person.subject } })
  const session = await admitByOidc(house, call, { oidc, person })
  reply.clearCookie(flowCookie, flowOptions(house))
  setSessionCookie(house, reply, session.token)
  // No redirect: a browser that comes from another site would not send the new cookie along.
  const page =
    '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=/"><title>Signed in</title><a href="/">Go on</a>'
  await reply.header('cache-control', 'no-store').type('text/html; charset=utf-8').send(page)
  return sent
}

function callbackOf({ config }: House, { wire }: Pick<Call<typeof signIn.oidc>, 'wire'>): string {
  return `${config.publicUrl ?? `${wire.request.protocol}://${wire.request.host}`}${flowPath}/callback`
}

function flowOptions({ config }: House) {
  const secure = config.publicUrl?.startsWith('https:') ?? false
  return { path: flowPath, httpOnly: true, sameSite: 'lax', secure, maxAge: limits.oidcMsMax / 1000 } as const
}

function flowOf({ sealing, clock }: House, cookie: string | undefined): z.infer<typeof flowSchema> {
  const strange = (cause?: unknown) =>
    new Fault('OIDC_REFUSED', 'this sign-in was not begun in this browser, or too long ago', {}, { cause })
  if (cookie === undefined) throw strange()
  let flow: z.infer<typeof flowSchema>
  try {
    flow = parse(flowSchema, sealing.unseal(Buffer.from(cookie, 'base64url'), flowUse), 'the sign-in that was begun')
  } catch (cause) {
    throw strange(cause)
  }
  if (flow.until <= clock.now().getTime()) throw strange()
  return flow
}

interface Answered {
  readonly configuration: client.Configuration
  readonly answer: URL
  readonly flow: z.infer<typeof flowSchema>
}

/** State, code, PKCE, nonce, signature, issuer and audience are looked at by openid-client. */
async function personBehind({ nameClaim, roleMapping }: OidcSettings, { configuration, answer, flow }: Answered): Promise<OidcPerson> {
  try {
    const tokens = await client.authorizationCodeGrant(configuration, answer, {
      pkceCodeVerifier: flow.verifier,
      expectedState: flow.state,
      expectedNonce: flow.nonce,
      idTokenExpected: true,
    })
    const { iss, sub, ...idClaims } = tokens.claims()!
    const more = configuration.serverMetadata().userinfo_endpoint ? await client.fetchUserInfo(configuration, tokens.access_token, sub) : {}
    const claims: Readonly<Record<string, unknown>> = { ...more, ...idClaims }
    const values = roleMapping === null ? [] : [claims[roleMapping.claim]].flat()
    return {
      issuer: iss,
      subject: sub,
      name: textOf(claims[nameClaim]),
      title: textOf(claims['name']),
      email: textOf(claims['email']),
      values: values.filter((value) => typeof value === 'string'),
    }
  } catch (cause) {
    throw new Fault('OIDC_REFUSED', `the provider did not let them in: ${messageOf(cause)}`, {}, { cause })
  }
}

function textOf(claim: unknown): string | undefined {
  return typeof claim === 'string' && claim !== '' ? claim : undefined
}

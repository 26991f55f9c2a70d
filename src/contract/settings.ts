import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { grantOrderSchema } from './me.ts'
import { textSchema } from './shapes.ts'

export const sessionTimesSchema = z.strictObject({
  /** Without a request. */
  idleMinutes: z.number().int().min(1).max(120),
  /** However busy. */
  longestHours: z.number().int().min(1).max(24),
})

/** The address of a provider: https, or plain http on this machine alone. */
const issuerSchema = z.url({ protocol: /^https?$/ }).refine((text) => {
  const url = URL.parse(text)
  return url !== null && (url.protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname))
}, 'a provider is reached by https')

const claimSchema = z.string().regex(/^[\w:./-]{1,200}$/, 'the name of a claim')

/** Roles by what a claim holds: whoever has the value has the role, and loses it with the value. */
const roleMappingSchema = z.strictObject({
  claim: claimSchema,
  roles: z.array(grantOrderSchema.extend({ value: textSchema(200) })).max(200),
})

const oidcFields = {
  issuer: issuerSchema,
  clientId: textSchema(200),
  scopes: z
    .array(z.string().regex(/^[\w:./-]{1,100}$/))
    .max(20)
    .default(['openid', 'profile', 'email']),
  /** Whose value is the name of the account. */
  nameClaim: claimSchema.default('preferred_username'),
  /** Makes an account, without roles of its own, for whoever the provider lets in. */
  createsAccounts: z.boolean().default(false),
  roleMapping: roleMappingSchema.nullable().default(null),
}
export const oidcSchema = z.strictObject(oidcFields)
export type OidcSettings = z.infer<typeof oidcSchema>

/** Of the whole installation. */
export const settings = {
  sessionTimes: endpoint({
    name: 'settings.session-times',
    method: 'GET',
    path: '/api/v1/settings/sessions',
    summary: 'when sessions end by themselves',
    permission: 'settings.write',
    reply: sessionTimesSchema,
  }),
  setSessionTimes: endpoint({
    name: 'settings.set-session-times',
    method: 'PUT',
    path: '/api/v1/settings/sessions',
    summary: 'when sessions that begin or are used from now on end by themselves',
    permission: 'settings.write',
    isForSessions: true,
    body: sessionTimesSchema,
    reply: sessionTimesSchema,
  }),
  oidc: endpoint({
    name: 'settings.oidc',
    method: 'GET',
    path: '/api/v1/settings/oidc',
    summary: 'the provider of OpenID Connect, without its secret',
    permission: 'settings.write',
    reply: z.object({ oidc: oidcSchema.nullable() }),
  }),
  setOidc: endpoint({
    name: 'settings.set-oidc',
    method: 'PUT',
    path: '/api/v1/settings/oidc',
    summary: 'let people in through a provider of OpenID Connect, which is asked at once',
    permission: 'settings.write',
    isForSessions: true,
    /** The secret is kept where none is given. */
    body: z.strictObject({ ...oidcFields, clientSecret: z.string().min(1).max(1_000).optional() }),
    reply: z.object({ oidc: oidcSchema }),
  }),
  removeOidc: endpoint({
    name: 'settings.remove-oidc',
    method: 'DELETE',
    path: '/api/v1/settings/oidc',
    summary: 'nobody comes in through the provider any more',
    permission: 'settings.write',
    isForSessions: true,
    status: 204,
  }),
} as const

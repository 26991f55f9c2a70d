import { z } from 'zod'
import { limits } from '#base/limits.ts'
import { endpoint } from './endpoint.ts'
import { instantSchema, nameSchema, textSchema, uuidSchema } from './shapes.ts'

/** What somebody types to be let in: letters, digits and `. _ @ -`, compared without regard to case. */
export const accountNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$/, 'a name is 1 to 100 of letters, digits and ". _ @ -"')
export const passwordSchema = z.string().min(1).max(limits.passwordLengthMax)
export const codeSchema = z.string().regex(/^\d{6}$/, 'a code has six digits')
/** Sixteen letters and digits; how they are grouped does not matter. */
export const recoveryCodeSchema = z
  .string()
  .max(40)
  .regex(/^(?:[A-Za-z2-7][\s-]*){16}$/, 'a recovery code has sixteen letters and digits')
/** A code, or one of the recovery codes. */
export const secondStepBodies = [z.strictObject({ code: codeSchema }), z.strictObject({ recoveryCode: recoveryCodeSchema })] as const
export const linkTokenSchema = z.string().min(1).max(100)

const signedInSchema = z.object({
  next: z.literal('done'),
  /** For `Authorization: Bearer`; browsers have it as a cookie. Shown this once. */
  token: z.string(),
  userId: uuidSchema,
  idleUntil: instantSchema,
  expiresAt: instantSchema,
  mustChangePassword: z.boolean(),
})
export type SignedIn = z.infer<typeof signedInSchema>

/** The password alone was right; the session opens with the second step. */
const secondStepSchema = z.object({ next: z.literal('totp'), token: z.string(), expiresAt: instantSchema })

export const signIn = {
  setUpState: endpoint({
    name: 'sign-in.set-up-state',
    method: 'GET',
    path: '/api/v1/set-up',
    summary: 'whether this installation has been set up',
    permission: 'open',
    reply: z.object({ isSetUp: z.boolean() }),
  }),
  setUp: endpoint({
    name: 'sign-in.set-up',
    method: 'POST',
    path: '/api/v1/set-up',
    summary: 'make the first administrator and the first tenant, once',
    description: 'With the token of the link that the first start printed.',
    permission: 'open',
    perMinuteMax: limits.signInsPerMinuteMax,
    hasSecretReply: true,
    status: 201,
    body: z.strictObject({
      token: linkTokenSchema,
      name: accountNameSchema,
      title: textSchema(200),
      email: z.email().max(320).optional(),
      password: passwordSchema,
      tenant: z.strictObject({ name: nameSchema.default('main'), title: textSchema(200).default('Main') }).prefault({}),
    }),
    reply: signedInSchema.extend({ tenantId: uuidSchema }),
  }),
  password: endpoint({
    name: 'sign-in.password',
    method: 'POST',
    path: '/api/v1/sign-in',
    summary: 'sign in with name and password',
    description: 'An account with a second factor gets a token that is good for the second step alone.',
    permission: 'open',
    perMinuteMax: limits.signInsPerMinuteMax,
    hasSecretReply: true,
    body: z.strictObject({ name: z.string().min(1).max(100), password: passwordSchema }),
    reply: z.discriminatedUnion('next', [signedInSchema, secondStepSchema]),
  }),
  totp: endpoint({
    name: 'sign-in.totp',
    method: 'POST',
    path: '/api/v1/sign-in/totp',
    summary: 'the second step, with a code or a recovery code',
    description: 'With the token or the cookie of the first step.',
    permission: 'open',
    perMinuteMax: limits.signInsPerMinuteMax,
    hasSecretReply: true,
    body: z.union(secondStepBodies),
    reply: signedInSchema,
  }),
  ways: endpoint({
    name: 'sign-in.ways',
    method: 'GET',
    path: '/api/v1/sign-in',
    summary: 'whether a provider lets people in, beside name and password',
    permission: 'open',
    reply: z.object({ hasOidc: z.boolean() }),
  }),
  oidc: endpoint({
    name: 'sign-in.oidc',
    method: 'GET',
    path: '/api/v1/sign-in/oidc',
    summary: 'go to the provider of OpenID Connect and sign in there',
    description: 'Redirects a browser. With PKCE, state and nonce.',
    permission: 'open',
    perMinuteMax: limits.oidcPerMinuteMax,
    media: 'text/html',
  }),
  oidcCallback: endpoint({
    name: 'sign-in.oidc-callback',
    method: 'GET',
    path: '/api/v1/sign-in/oidc/callback',
    summary: 'come back from the provider; a page that goes on to the start',
    permission: 'open',
    isAudited: true,
    perMinuteMax: limits.oidcPerMinuteMax,
    media: 'text/html',
    // A provider may add what it likes; the answer is looked at as a whole.
    query: z.record(z.string().max(100), z.string().max(4_096)),
  }),
  end: endpoint({
    name: 'sign-in.end',
    method: 'POST',
    path: '/api/v1/sign-out',
    summary: 'end this session',
    permission: 'signed-in',
    isForSessions: true,
    status: 204,
  }),
} as const

import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { permissionMatrix, roles, type Permission } from './permissions.ts'
import { instantSchema, uuidSchema } from './shapes.ts'
import { codeSchema, passwordSchema, secondStepBodies } from './sign-in.ts'
import { signingPolicy } from './signing-policy.ts'

export const permissionSchema = z.enum(Object.keys(permissionMatrix) as [Permission, ...Permission[]], {
  error: 'there is no such permission',
})
export const roleSchema = z.enum(roles)

export const grantSchema = z.object({
  role: roleSchema,
  /** Null: in the whole installation. */
  tenantId: uuidSchema.nullable(),
})

export const grantOrderSchema = z.strictObject({
  role: roleSchema,
  /** Null: in the whole installation. */
  tenantId: uuidSchema.nullable(),
})

const meSchema = z.object({
  id: uuidSchema,
  name: z.string(),
  title: z.string(),
  email: z.string().nullable(),
  /** By a session, or by a key that acts for them. */
  kind: z.enum(['user', 'key']),
  grants: z.array(grantSchema),
  tenants: z.array(z.object({ id: uuidSchema, name: z.string(), title: z.string() })),
  permissions: z.array(
    z.object({
      permission: permissionSchema,
      /** Null: in all of them. */
      tenantIds: z.array(uuidSchema).nullable(),
    }),
  ),
  hasPassword: z.boolean(),
  mustChangePassword: z.boolean(),
  isTotpEnrolled: z.boolean(),
  recoveryCodesLeft: z.number().int().nonnegative(),
  /** The version that they accepted; null before they did. Signing takes the present one. */
  signingPolicyVersion: z.number().int().nullable(),
  /** Null for a key. */
  session: z.object({ idleUntil: instantSchema, expiresAt: instantSchema }).nullable(),
})

/** Shown once; the catalog has their hashes. */
const recoveryCodesSchema = z.object({ recoveryCodes: z.array(z.string()) })

/** About whoever is signed in. */
export const me = {
  show: endpoint({
    name: 'me.show',
    method: 'GET',
    path: '/api/v1/me',
    summary: 'who is signed in, and what they may do where',
    permission: 'signed-in',
    reply: meSchema,
  }),
  beginTotp: endpoint({
    name: 'me.begin-totp',
    method: 'POST',
    path: '/api/v1/me/totp',
    summary: 'a secret for an authenticator, shown once',
    description: 'It counts from the first code on: `POST /api/v1/me/totp/confirm`.',
    permission: 'signed-in',
    isForSessions: true,
    hasSecretReply: true,
    body: z.strictObject({ password: passwordSchema }),
    reply: z.object({ secret: z.string(), uri: z.string() }),
  }),
  confirmTotp: endpoint({
    name: 'me.confirm-totp',
    method: 'POST',
    path: '/api/v1/me/totp/confirm',
    summary: 'the first code of the authenticator; from now on it is asked for',
    permission: 'signed-in',
    isForSessions: true,
    hasSecretReply: true,
    body: z.strictObject({ code: codeSchema }),
    reply: recoveryCodesSchema,
  }),
  renewRecoveryCodes: endpoint({
    name: 'me.renew-recovery-codes',
    method: 'POST',
    path: '/api/v1/me/totp/recovery-codes',
    summary: 'ten new recovery codes; the old ones end',
    permission: 'signed-in',
    isForSessions: true,
    hasSecretReply: true,
    body: z.strictObject({ password: passwordSchema, code: codeSchema }),
    reply: recoveryCodesSchema,
  }),
  removeTotp: endpoint({
    name: 'me.remove-totp',
    method: 'POST',
    path: '/api/v1/me/totp/remove',
    summary: 'the authenticator counts no more; other sessions end',
    permission: 'signed-in',
    isForSessions: true,
    status: 204,
    body: z.strictObject({ password: passwordSchema, proof: z.union(secondStepBodies) }),
  }),
  signingPolicy: endpoint({
    name: 'me.signing-policy',
    method: 'GET',
    path: '/api/v1/signing-policy',
    summary: 'what whoever signs has to accept first',
    permission: 'signed-in',
    reply: z.object({ version: z.number().int(), text: z.string() }),
  }),
  acceptSigningPolicy: endpoint({
    name: 'me.accept-signing-policy',
    method: 'POST',
    path: '/api/v1/me/signing-policy',
    summary: 'accept that a signature binds like one by hand',
    permission: 'signed-in',
    isForSessions: true,
    status: 204,
    body: z.strictObject({ version: z.literal(signingPolicy.version) }),
  }),
  changePassword: endpoint({
    name: 'me.change-password',
    method: 'POST',
    path: '/api/v1/me/password',
    summary: 'change the password; other sessions end',
    permission: 'signed-in',
    isForSessions: true,
    status: 204,
    body: z.strictObject({ currentPassword: passwordSchema, newPassword: passwordSchema }),
  }),
} as const

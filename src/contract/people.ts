import { z } from 'zod'
import { limits } from '#base/limits.ts'
import { endpoint } from './endpoint.ts'
import { keySchema } from './keys.ts'
import { grantOrderSchema, roleSchema } from './me.ts'
import { idParamsSchema, instantSchema, pageOf, pageQuery, textSchema, uuidSchema } from './shapes.ts'
import { accountNameSchema, linkTokenSchema, passwordSchema } from './sign-in.ts'

const emailSchema = z.email().max(320)
const reasonBody = z.strictObject({ reason: textSchema(1_000) })

export const personSchema = z.object({
  id: uuidSchema,
  name: z.string(),
  title: z.string(),
  email: z.string().nullable(),
  /** Those that the caller may see. */
  grants: z.array(z.object({ id: uuidSchema, role: roleSchema, tenantId: uuidSchema.nullable() })),
  /** There are more, beyond what the caller may see: the account itself is not theirs to change. */
  hasFurtherRoles: z.boolean(),
  hasPassword: z.boolean(),
  mustChangePassword: z.boolean(),
  isTotpEnrolled: z.boolean(),
  lockedUntil: instantSchema.nullable(),
  createdAt: instantSchema,
  lastSignInAt: instantSchema.nullable(),
  retiredAt: instantSchema.nullable(),
})
export type Person = z.infer<typeof personSchema>

/** Set by whoever has the link, once, within three days. */
const passwordLinkSchema = z.object({ link: z.string(), expiresAt: instantSchema })

/** Of accounts: never removed, since signatures and the trail point to them (21 CFR 11.100). */
export const people = {
  list: endpoint({
    name: 'people.list',
    method: 'GET',
    path: '/api/v1/people',
    summary: 'accounts, by name',
    permission: 'people.read',
    query: z.strictObject({
      ...pageQuery,
      search: z.string().max(100).optional(),
      retired: z.enum(['true', 'false']).default('false'),
    }),
    reply: pageOf(personSchema),
  }),
  details: endpoint({
    name: 'people.details',
    method: 'GET',
    path: '/api/v1/people/{id}',
    summary: 'one account',
    permission: 'people.read',
    params: idParamsSchema,
    reply: personSchema,
  }),
  create: endpoint({
    name: 'people.create',
    method: 'POST',
    path: '/api/v1/people',
    summary: 'a new account, with a link to set its password or with one that must be changed',
    permission: 'people.write',
    isForSessions: true,
    hasSecretReply: true,
    status: 201,
    body: z.strictObject({
      name: accountNameSchema,
      title: textSchema(200),
      email: emailSchema.optional(),
      grants: z.array(grantOrderSchema).max(50).default([]),
      /** Without one the reply has a link. */
      password: passwordSchema.optional(),
    }),
    reply: z.object({ person: personSchema, passwordLink: passwordLinkSchema.nullable() }),
  }),
  edit: endpoint({
    name: 'people.edit',
    method: 'PATCH',
    path: '/api/v1/people/{id}',
    summary: 'another title or address',
    permission: 'people.write',
    isForSessions: true,
    params: idParamsSchema,
    body: z.strictObject({ title: textSchema(200).optional(), email: emailSchema.nullable().optional() }),
    reply: personSchema,
  }),
  retire: endpoint({
    name: 'people.retire',
    method: 'POST',
    path: '/api/v1/people/{id}/retire',
    summary: 'close an account for good; its sessions and keys end',
    permission: 'people.write',
    isForSessions: true,
    params: idParamsSchema,
    body: reasonBody,
    reply: personSchema,
  }),
  grant: endpoint({
    name: 'people.grant',
    method: 'POST',
    path: '/api/v1/people/{id}/grants',
    summary: 'give a role, in a tenant or everywhere',
    permission: 'people.write',
    isForSessions: true,
    params: idParamsSchema,
    body: grantOrderSchema,
    reply: personSchema,
  }),
  revoke: endpoint({
    name: 'people.revoke',
    method: 'DELETE',
    path: '/api/v1/people/{id}/grants/{grantId}',
    summary: 'take a role back',
    permission: 'people.write',
    isForSessions: true,
    params: z.strictObject({ id: uuidSchema, grantId: uuidSchema }),
    reply: personSchema,
  }),
  passwordLink: endpoint({
    name: 'people.password-link',
    method: 'POST',
    path: '/api/v1/people/{id}/password-link',
    summary: 'a link to set a password, once; the one before ends',
    permission: 'people.write',
    isForSessions: true,
    hasSecretReply: true,
    params: idParamsSchema,
    reply: passwordLinkSchema,
  }),
  usePasswordLink: endpoint({
    name: 'people.use-password-link',
    method: 'POST',
    path: '/api/v1/password-link',
    summary: 'set the password of the account that the link is for; its sessions end',
    permission: 'open',
    perMinuteMax: limits.signInsPerMinuteMax,
    status: 204,
    body: z.strictObject({ token: linkTokenSchema, password: passwordSchema }),
  }),
  resetTotp: endpoint({
    name: 'people.reset-totp',
    method: 'POST',
    path: '/api/v1/people/{id}/totp/reset',
    summary: 'an authenticator was lost: it counts no more, and sessions end',
    permission: 'people.write',
    isForSessions: true,
    params: idParamsSchema,
    body: reasonBody,
    reply: personSchema,
  }),
  unlock: endpoint({
    name: 'people.unlock',
    method: 'POST',
    path: '/api/v1/people/{id}/unlock',
    summary: 'end a lock-out before its time',
    permission: 'people.write',
    isForSessions: true,
    params: idParamsSchema,
    body: reasonBody,
    reply: personSchema,
  }),
  keys: endpoint({
    name: 'people.keys',
    method: 'GET',
    path: '/api/v1/people/{id}/keys',
    summary: "somebody's keys",
    permission: 'people.read',
    params: idParamsSchema,
    reply: z.object({ rows: z.array(keySchema) }),
  }),
  revokeKey: endpoint({
    name: 'people.revoke-key',
    method: 'DELETE',
    path: '/api/v1/people/{id}/keys/{keyId}',
    summary: "end one of somebody's keys",
    permission: 'people.write',
    isForSessions: true,
    params: z.strictObject({ id: uuidSchema, keyId: uuidSchema }),
    status: 204,
  }),
} as const

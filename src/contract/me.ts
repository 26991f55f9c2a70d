import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { permissionMatrix, roles, type Permission } from './permissions.ts'
import { instantSchema, uuidSchema } from './shapes.ts'
import { passwordSchema } from './sign-in.ts'

export const permissionSchema = z.enum(Object.keys(permissionMatrix) as [Permission, ...Permission[]])
export const roleSchema = z.enum(roles)

export const grantSchema = z.object({
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
  /** Null for a key. */
  session: z.object({ idleUntil: instantSchema, expiresAt: instantSchema }).nullable(),
})

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

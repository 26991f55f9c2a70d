import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { permissionSchema } from './me.ts'
import { idParamsSchema, instantSchema, textSchema, uuidSchema } from './shapes.ts'

export const keySchema = z.object({
  id: uuidSchema,
  name: z.string(),
  permissions: z.array(permissionSchema),
  createdAt: instantSchema,
  usedAt: instantSchema.nullable(),
  expiresAt: instantSchema,
  revokedAt: instantSchema.nullable(),
})
export type Key = z.infer<typeof keySchema>

/** Of whoever is signed in: a program acts for them with a part of what they may do. */
export const keys = {
  list: endpoint({
    name: 'keys.list',
    method: 'GET',
    path: '/api/v1/me/keys',
    summary: 'your keys, without their tokens',
    permission: 'signed-in',
    isForSessions: true,
    reply: z.object({ rows: z.array(keySchema) }),
  }),
  create: endpoint({
    name: 'keys.create',
    method: 'POST',
    path: '/api/v1/me/keys',
    summary: 'a key for a program; its token is shown this once',
    permission: 'signed-in',
    isForSessions: true,
    hasSecretReply: true,
    status: 201,
    body: z.strictObject({
      name: textSchema(100),
      permissions: z.array(permissionSchema).min(1).max(100),
      /** A year from now at most. */
      expiresAt: instantSchema,
    }),
    reply: z.object({ key: keySchema, token: z.string() }),
  }),
  revoke: endpoint({
    name: 'keys.revoke',
    method: 'DELETE',
    path: '/api/v1/me/keys/{id}',
    summary: 'end a key',
    permission: 'signed-in',
    isForSessions: true,
    params: idParamsSchema,
    status: 204,
  }),
} as const

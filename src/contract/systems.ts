import { z } from 'zod'
import { systemSettingsSchema } from '#base/settings.ts'
import { endpoint } from './endpoint.ts'
import { idParamsSchema, instantSchema, nameSchema, pageOf, pageQuery, textSchema, uuidSchema } from './shapes.ts'

/** Without a password: that is sent beside it, sealed, and never shown again. */
export const urlSchema = z
  .string()
  .min(1)
  .max(2048)
  .regex(/^[^\u0000-\u0020\u007F]*$/, 'no spaces and no control characters')

/** Absolute, as it is, with no way out of it. */
export const directorySchema = z
  .string()
  .max(1024)
  .regex(/^\/[^\u0000-\u001F\u007F]*[^/\u0000-\u001F\u007F]$/, 'an absolute path, without "/" at its end')
  .refine(
    (path) =>
      path
        .split('/')
        .slice(1)
        .every((part) => part !== '' && part !== '.' && part !== '..'),
    'a path has no "." or ".." in it',
  )

const databaseSchema = z.strictObject({
  name: nameSchema,
  url: urlSchema,
  /** Absent in a change: the one that is there stays, while the place is the same. Null: none. */
  password: z.string().min(1).max(1024).nullable().optional(),
})
const rootSchema = z.strictObject({ name: nameSchema, path: directorySchema })

const hasOwnNames = (all: readonly { readonly name: string }[]) => new Set(all.map(({ name }) => name)).size === all.length
const databasesSchema = z.array(databaseSchema).max(50).refine(hasOwnNames, 'each database has a name of its own')
const rootsSchema = z.array(rootSchema).max(50).refine(hasOwnNames, 'each root has a name of its own')

const draft = {
  databases: databasesSchema,
  roots: rootsSchema,
  repositoryId: uuidSchema,
}
const described = {
  title: textSchema(200),
  description: z.string().trim().max(2000),
  settings: systemSettingsSchema,
  requiresSecondApprover: z.boolean(),
}

/** One thing that was looked at, in plain words. */
export const testLineSchema = z.object({
  subject: z.string(),
  result: z.enum(['ok', 'warning', 'failed']),
  fact: z.string(),
  hint: z.string(),
  /** SQL for a superuser of that database to run. */
  statements: z.array(z.string()),
})
export type TestLine = z.infer<typeof testLineSchema>

export const systemTestSchema = z.object({
  at: instantSchema,
  /** The worst of its lines. */
  result: z.enum(['ok', 'warning', 'failed']),
  lines: z.array(testLineSchema),
})
export type SystemTest = z.infer<typeof systemTestSchema>

export const systemSchema = z.object({
  id: uuidSchema,
  tenantId: uuidSchema,
  name: z.string(),
  title: z.string(),
  description: z.string(),
  repository: z.object({ id: uuidSchema, name: z.string() }),
  databases: z.array(z.object({ name: z.string(), url: z.string(), hasPassword: z.boolean() })),
  roots: z.array(z.object({ name: z.string(), path: z.string() })),
  settings: systemSettingsSchema,
  requiresSecondApprover: z.boolean(),
  createdAt: instantSchema,
  changedAt: instantSchema,
  retiredAt: instantSchema.nullable(),
  lastTest: systemTestSchema.nullable(),
})
export type SystemView = z.infer<typeof systemSchema>

export const systems = {
  list: endpoint({
    name: 'systems.list',
    method: 'GET',
    path: '/api/v1/systems',
    summary: 'the systems that are protected',
    permission: 'systems.read',
    isShared: true,
    query: z.strictObject({
      ...pageQuery,
      search: z.string().trim().max(100).optional(),
      retired: z.enum(['true', 'false']).default('false'),
    }),
    reply: pageOf(systemSchema),
  }),
  register: endpoint({
    name: 'systems.register',
    method: 'POST',
    path: '/api/v1/systems',
    summary: 'register a system: its databases, its file roots, where its backups go',
    permission: 'systems.write',
    status: 201,
    body: z
      .strictObject({
        tenantId: uuidSchema.optional(),
        name: nameSchema,
        ...draft,
        databases: draft.databases.default([]),
        roots: draft.roots.default([]),
        title: described.title,
        description: described.description.default(''),
        settings: described.settings.prefault({}),
        requiresSecondApprover: described.requiresSecondApprover.default(false),
      })
      .refine(({ databases, roots }) => databases.length + roots.length > 0, {
        message: 'a system has a database or a root',
        path: ['databases'],
      }),
    reply: systemSchema,
  }),
  details: endpoint({
    name: 'systems.details',
    method: 'GET',
    path: '/api/v1/systems/{id}',
    summary: 'one system',
    permission: 'systems.read',
    params: idParamsSchema,
    reply: systemSchema,
  }),
  edit: endpoint({
    name: 'systems.edit',
    method: 'PATCH',
    path: '/api/v1/systems/{id}',
    summary: 'change a system; what is not named stays',
    permission: 'systems.write',
    params: idParamsSchema,
    body: z.strictObject({ ...draft, ...described, reason: textSchema(500) }).partial(),
    reply: systemSchema,
  }),
  retire: endpoint({
    name: 'systems.retire',
    method: 'DELETE',
    path: '/api/v1/systems/{id}',
    summary: 'protect a system no longer; its backups stay',
    permission: 'systems.write',
    params: idParamsSchema,
    body: z.strictObject({ reason: textSchema(500).optional() }),
    reply: systemSchema,
  }),
  test: endpoint({
    name: 'systems.test',
    method: 'POST',
    path: '/api/v1/systems/{id}/test',
    summary: 'look whether a backup of this system would work',
    permission: 'systems.test',
    params: idParamsSchema,
    reply: systemTestSchema,
  }),
  testDraft: endpoint({
    name: 'systems.test-draft',
    method: 'POST',
    path: '/api/v1/systems/test',
    summary: 'the same before it is registered',
    permission: 'systems.write',
    body: z.strictObject({ ...draft, databases: draft.databases.default([]), roots: draft.roots.default([]) }),
    reply: systemTestSchema,
  }),
} as const

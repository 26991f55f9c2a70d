import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { idParamsSchema, instantSchema, nameSchema, pageOf, pageQuery, startedSchema, textSchema, uuidSchema } from './shapes.ts'

/** `local:/data/backups`: a kind of storage and an absolute place, with no way out of it. */
export const placeSchema = z
  .string()
  .max(1024)
  .regex(/^[a-z][a-z0-9]*:\/[^\u0000-\u001F\u007F]*$/, 'write it as KIND:/PLACE, such as local:/data/backups')
  .refine((place) => !/(^|\/)\.{1,2}(\/|$)/.test(place.slice(place.indexOf(':') + 1)), 'a place has no "." or ".." in it')

/** Long enough that a copied repository is not guessed open. */
const passwordLengthMin = 12

const countSchema = z.number().int().nonnegative()

/** One of `of` shares of the packs, from 1. */
export const shareSchema = z.object({ share: z.number().int().positive(), of: z.number().int().positive() })

export const lastCheckSchema = z.object({
  at: instantSchema,
  depth: z.enum(['quick', 'full']),
  /** Of a full check that read one share of the packs: which one. */
  share: shareSchema.optional(),
  isIntact: z.boolean(),
  findingCount: countSchema,
  /** The first of them. */
  findings: z.array(z.object({ code: z.string(), name: z.string(), fact: z.string() })),
})

/** What the last look at a repository found; empty before the first. */
export const repositoryStateSchema = z.object({
  seenAt: instantSchema.optional(),
  storedBytes: countSchema.optional(),
  plainBytes: countSchema.optional(),
  snapshots: countSchema.optional(),
  packs: countSchema.optional(),
  compressionRatio: z.number().optional(),
  /** Null where the storage does not tell. */
  freeBytes: countSchema.nullable().optional(),
  lastCheck: lastCheckSchema.optional(),
})
export type RepositoryState = z.infer<typeof repositoryStateSchema>

export const repositorySchema = z.object({
  id: uuidSchema,
  tenantId: uuidSchema,
  name: z.string(),
  place: z.string(),
  /** restic's own id of it, 64 hexadecimal digits. */
  repositoryId: z.string(),
  createdAt: instantSchema,
  changedAt: instantSchema,
  retiredAt: instantSchema.nullable(),
  quotaBytes: countSchema.nullable(),
  /** Backups in the catalog that are not removed. */
  backups: countSchema,
  systems: z.array(z.object({ id: uuidSchema, name: z.string() })),
  state: repositoryStateSchema,
})
export type RepositoryView = z.infer<typeof repositorySchema>

const reasonSchema = textSchema(500)

/** Where the storage does not tell how much is free, or must not be filled. */
const quotaSchema = z.number().int().positive().max(Number.MAX_SAFE_INTEGER)

export const repositories = {
  list: endpoint({
    name: 'repositories.list',
    method: 'GET',
    path: '/api/v1/repositories',
    summary: 'the repositories that hold backups',
    permission: 'repositories.read',
    isShared: true,
    query: z.strictObject({
      ...pageQuery,
      search: z.string().trim().max(100).optional(),
      retired: z.enum(['true', 'false']).default('false'),
    }),
    reply: pageOf(repositorySchema),
  }),
  create: endpoint({
    name: 'repositories.create',
    method: 'POST',
    path: '/api/v1/repositories',
    summary: 'make a repository, or connect one that exists',
    description:
      'With `create` a repository is made in an empty place; a strong password is made when none is given. Its recovery key is in this reply once and is kept nowhere: print it. With `connect` the password opens one that exists.',
    permission: 'repositories.write',
    status: 201,
    body: z
      .strictObject({
        tenantId: uuidSchema.optional(),
        name: nameSchema,
        place: placeSchema,
        mode: z.enum(['create', 'connect']),
        /** To connect, the recovery key opens it as well. */
        password: z.string().min(1).max(1024).optional(),
      })
      .superRefine(({ mode, password }, context) => {
        const refuse = (message: string) => context.addIssue({ code: 'custom', path: ['password'], message })
        if (mode === 'connect' && password === undefined) refuse('to connect a repository its password is needed')
        if (mode === 'create' && password !== undefined && password.length < passwordLengthMin)
          refuse(`a new password has at least ${passwordLengthMin} characters`)
      }),
    reply: z.object({
      repository: repositorySchema,
      /** Of a new repository, in the first answer alone: it is nowhere kept, so a repeated request is answered without it. */
      recoveryKey: z.string().optional(),
    }),
  }),
  details: endpoint({
    name: 'repositories.details',
    method: 'GET',
    path: '/api/v1/repositories/{id}',
    summary: 'one repository and what the last look at it found',
    permission: 'repositories.read',
    params: idParamsSchema,
    reply: repositorySchema,
  }),
  edit: endpoint({
    name: 'repositories.edit',
    method: 'PATCH',
    path: '/api/v1/repositories/{id}',
    summary: 'rename a repository, or say how much it may hold; what is not named stays',
    permission: 'repositories.write',
    params: idParamsSchema,
    body: z.strictObject({ name: nameSchema, quotaBytes: quotaSchema.nullable() }).partial(),
    reply: repositorySchema,
  }),
  retire: endpoint({
    name: 'repositories.retire',
    method: 'DELETE',
    path: '/api/v1/repositories/{id}',
    summary: 'use a repository no longer; nothing in it is removed',
    permission: 'repositories.write',
    params: idParamsSchema,
    body: z.strictObject({ reason: reasonSchema.optional() }),
    reply: repositorySchema,
  }),
  changePassword: endpoint({
    name: 'repositories.change-password',
    method: 'POST',
    path: '/api/v1/repositories/{id}/password',
    summary: 'open a repository by another password from now on',
    description:
      'No data is rewritten. The old password opens nothing any more, unless somebody kept a copy of its key file: see the notice.',
    permission: 'repositories.write',
    params: idParamsSchema,
    body: z.strictObject({ password: z.string().min(passwordLengthMin).max(1024).optional(), reason: reasonSchema.optional() }),
    reply: z.object({
      repository: repositorySchema,
      /** False when the storage did not let go of the old key: the next change removes it. */
      isOldRemoved: z.boolean(),
      notice: z.string(),
    }),
  }),
  check: endpoint({
    name: 'repositories.check',
    method: 'POST',
    path: '/api/v1/repositories/{id}/check',
    summary: 'look for damage: the structure, or every byte as well',
    permission: 'repositories.check',
    status: 202,
    params: idParamsSchema,
    body: z.strictObject({ depth: z.enum(['quick', 'full']).default('quick') }),
    reply: startedSchema,
  }),
} as const

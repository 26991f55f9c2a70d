import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { idParamsSchema, instantSchema, nameSchema, pageOf, pageQuery, textSchema, uuidSchema } from './shapes.ts'

export const tenantSchema = z.object({
  id: uuidSchema,
  name: z.string(),
  title: z.string(),
  createdAt: instantSchema,
  retiredAt: instantSchema.nullable(),
})

export const tenants = {
  list: endpoint({
    name: 'tenants.list',
    method: 'GET',
    path: '/api/v1/tenants',
    summary: 'the tenants of this installation, by name',
    permission: 'tenants.read',
    query: z.strictObject({ ...pageQuery, retired: z.enum(['true', 'false']).default('false') }),
    reply: pageOf(tenantSchema),
  }),
  details: endpoint({
    name: 'tenants.details',
    method: 'GET',
    path: '/api/v1/tenants/{id}',
    summary: 'one tenant',
    permission: 'tenants.read',
    params: idParamsSchema,
    reply: tenantSchema,
  }),
  create: endpoint({
    name: 'tenants.create',
    method: 'POST',
    path: '/api/v1/tenants',
    summary: 'a new tenant, apart from the others',
    permission: 'tenants.write',
    status: 201,
    body: z.strictObject({ name: nameSchema, title: textSchema(200) }),
    reply: tenantSchema,
  }),
  edit: endpoint({
    name: 'tenants.edit',
    method: 'PATCH',
    path: '/api/v1/tenants/{id}',
    summary: 'another title',
    permission: 'tenants.write',
    params: idParamsSchema,
    body: z.strictObject({ title: textSchema(200) }),
    reply: tenantSchema,
  }),
  retire: endpoint({
    name: 'tenants.retire',
    method: 'POST',
    path: '/api/v1/tenants/{id}/retire',
    summary: 'close a tenant without systems for good; roles in it count no more',
    permission: 'tenants.write',
    params: idParamsSchema,
    body: z.strictObject({ reason: textSchema(1_000) }),
    reply: tenantSchema,
  }),
} as const

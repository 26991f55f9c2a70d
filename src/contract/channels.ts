import { z } from 'zod'
import { noticeKindSchema, severitySchema } from './alerts.ts'
import { endpoint } from './endpoint.ts'
import { faultSchema, idParamsSchema, instantSchema, pageOf, pageQuery, textSchema, uuidSchema } from './shapes.ts'

const nameSchema = textSchema(80).regex(/^[^\n\t]*$/, 'a name is one line')
/** What a kind of channel asks for; `channels.kinds` says what that is. */
const documentSchema = z.record(z.string().max(64), z.unknown())

export const digestSchema = z.strictObject({
  time: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'hours and minutes, such as 07:00'),
  timeZone: z
    .string()
    .max(64)
    .regex(/^[A-Za-z][A-Za-z0-9_+/-]*$/, 'the name of a time zone, such as Europe/Berlin'),
})
export type Digest = z.infer<typeof digestSchema>

export const channelStates = ['untried', 'well', 'failing', 'given-up'] as const

export const channelSchema = z.object({
  id: uuidSchema,
  /** Null: of the whole installation, and told of all its tenants. */
  tenantId: uuidSchema.nullable(),
  name: z.string(),
  kind: z.string(),
  /** Without secrets. */
  settings: documentSchema,
  /** Where it leads, without secrets. */
  place: z.string(),
  isActive: z.boolean(),
  noticeKinds: z.array(z.string()).nullable(),
  severityLeast: severitySchema,
  digest: digestSchema.nullable(),
  digestNextAt: instantSchema.nullable(),
  /** `failing`: the newest message did not come through and is tried again; `given-up`: one never will. */
  state: z.enum(channelStates),
  deliveredAt: instantSchema.nullable(),
  failingSince: instantSchema.nullable(),
  lastFault: faultSchema.nullable(),
  waiting: z.number().int().nonnegative(),
  givenUp: z.number().int().nonnegative(),
  createdAt: instantSchema,
  changedAt: instantSchema,
})
export type ChannelView = z.infer<typeof channelSchema>

export const deliverySchema = z.object({
  id: uuidSchema,
  tenantId: uuidSchema.nullable(),
  channelId: uuidSchema,
  channelName: z.string(),
  /** Null: a digest. */
  noticeId: uuidSchema.nullable(),
  subject: z.string(),
  status: z.enum(['pending', 'delivered', 'given_up']),
  attempts: z.number().int().nonnegative(),
  nextTryAt: instantSchema.nullable(),
  lastFault: faultSchema.nullable(),
  answer: z.string().nullable(),
  createdAt: instantSchema,
  endedAt: instantSchema.nullable(),
})
export type DeliveryView = z.infer<typeof deliverySchema>

const fields = {
  name: nameSchema,
  settings: documentSchema,
  /** Never shown. Those that are not given stay what they were. */
  secrets: documentSchema.default({}),
  isActive: z.boolean().default(true),
  /** Null: all of them. */
  noticeKinds: z.array(noticeKindSchema).max(100).nullable().default(null),
  severityLeast: severitySchema.default('info'),
  digest: digestSchema.nullable().default(null),
}

export const channels = {
  list: endpoint({
    name: 'channels.list',
    method: 'GET',
    path: '/api/v1/notices/channels',
    summary: 'the ways on which people are told, by name',
    permission: 'notices.read',
    isShared: true,
    query: z.strictObject(pageQuery),
    reply: pageOf(channelSchema),
  }),
  kinds: endpoint({
    name: 'channels.kinds',
    method: 'GET',
    path: '/api/v1/notices/channel-kinds',
    summary: 'the kinds of channel there are, each with JSON Schemas of its settings and its secrets',
    permission: 'notices.read',
    isShared: true,
    reply: z.object({
      kinds: z.array(z.object({ name: z.string(), title: z.string(), settings: documentSchema, secrets: documentSchema })),
    }),
  }),
  create: endpoint({
    name: 'channels.create',
    method: 'POST',
    path: '/api/v1/notices/channels',
    summary: 'tell people on another way',
    description:
      'Without `tenantId` it is one of the whole installation for whoever administers all of it, else one of the only tenant where the caller may make it.',
    permission: 'notices.write',
    status: 201,
    body: z.strictObject({ tenantId: uuidSchema.nullable().optional(), kind: z.string().min(1).max(40), ...fields }),
    reply: channelSchema,
  }),
  edit: endpoint({
    name: 'channels.edit',
    method: 'PUT',
    path: '/api/v1/notices/channels/{id}',
    summary: 'change a channel; all of it is given but its secrets, and what waits is tried at once',
    permission: 'notices.write',
    params: idParamsSchema,
    body: z.strictObject(fields),
    reply: channelSchema,
  }),
  remove: endpoint({
    name: 'channels.delete',
    method: 'DELETE',
    path: '/api/v1/notices/channels/{id}',
    summary: 'tell nobody on this way any more; what waits is given up',
    permission: 'notices.write',
    status: 204,
    params: idParamsSchema,
  }),
  test: endpoint({
    name: 'channels.test',
    method: 'POST',
    path: '/api/v1/notices/channels/{id}/test',
    summary: 'send a message at once, and say what the server answered',
    permission: 'notices.write',
    params: idParamsSchema,
    perMinuteMax: 30,
    reply: z.object({ isDelivered: z.boolean(), answer: z.string() }),
  }),
  deliveries: endpoint({
    name: 'channels.deliveries',
    method: 'GET',
    path: '/api/v1/notices/deliveries',
    summary: 'what became of each message, the newest first',
    permission: 'notices.read',
    isShared: true,
    query: z.strictObject({
      ...pageQuery,
      channelId: uuidSchema.optional(),
      status: z.enum(['pending', 'delivered', 'given_up']).optional(),
    }),
    reply: pageOf(deliverySchema),
  }),
} as const

import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { instantSchema } from './shapes.ts'

/** After how many hours an open alert is told again; 0: never. */
const hoursSchema = z.number().int().min(0).max(720)
export const repeatingSchema = z.strictObject({ info: hoursSchema, warning: hoursSchema, critical: hoursSchema })
export type Repeating = z.infer<typeof repeatingSchema>

/** Where a message or a ping goes. */
export const webAddressSchema = z
  .url({ protocol: /^https?$/ })
  .max(2_000)
  .refine((text) => URL.parse(text)?.username === '', 'an address without a name and a password in it')

const everyMinutesSchema = z.number().int().min(1).max(1_440)

export const pingSchema = z.object({
  /** Without its path, which may be what the watcher knows this installation by. */
  place: z.string(),
  everyMinutes: everyMinutesSchema,
  pingedAt: instantSchema.nullable(),
  /** Null: the newest one came through. */
  problem: z.string().nullable(),
})

/** Of the whole installation. */
export const noticeSettings = {
  repeating: endpoint({
    name: 'notice-settings.repeating',
    method: 'GET',
    path: '/api/v1/settings/repeating',
    summary: 'how often people are told of an alert that stays open',
    permission: 'settings.write',
    reply: repeatingSchema,
  }),
  setRepeating: endpoint({
    name: 'notice-settings.set-repeating',
    method: 'PUT',
    path: '/api/v1/settings/repeating',
    summary: 'how often people are told of an alert that stays open, by severity and in hours',
    permission: 'settings.write',
    body: repeatingSchema,
    reply: repeatingSchema,
  }),
  ping: endpoint({
    name: 'notice-settings.ping',
    method: 'GET',
    path: '/api/v1/settings/ping',
    summary: 'the address that is fetched while the service is well',
    permission: 'settings.write',
    reply: z.object({ ping: pingSchema.nullable() }),
  }),
  setPing: endpoint({
    name: 'notice-settings.set-ping',
    method: 'PUT',
    path: '/api/v1/settings/ping',
    summary: 'have an address fetched again and again while the service is well, so that its watcher tells when it is silent',
    permission: 'settings.write',
    body: z.strictObject({ url: webAddressSchema, everyMinutes: everyMinutesSchema }),
    reply: z.object({ ping: pingSchema }),
  }),
  removePing: endpoint({
    name: 'notice-settings.remove-ping',
    method: 'DELETE',
    path: '/api/v1/settings/ping',
    summary: 'no address is fetched any more',
    permission: 'settings.write',
    status: 204,
  }),
} as const

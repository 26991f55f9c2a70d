import { z } from 'zod'
import { endpoint } from './endpoint.ts'

export const sessionTimesSchema = z.strictObject({
  /** Without a request. */
  idleMinutes: z.number().int().min(1).max(120),
  /** However busy. */
  longestHours: z.number().int().min(1).max(24),
})

/** Of the whole installation. */
export const settings = {
  sessionTimes: endpoint({
    name: 'settings.session-times',
    method: 'GET',
    path: '/api/v1/settings/sessions',
    summary: 'when sessions end by themselves',
    permission: 'settings.write',
    reply: sessionTimesSchema,
  }),
  setSessionTimes: endpoint({
    name: 'settings.set-session-times',
    method: 'PUT',
    path: '/api/v1/settings/sessions',
    summary: 'when sessions that begin or are used from now on end by themselves',
    permission: 'settings.write',
    isForSessions: true,
    body: sessionTimesSchema,
    reply: sessionTimesSchema,
  }),
} as const

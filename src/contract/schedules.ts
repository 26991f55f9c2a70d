import { z } from 'zod'
import { backupTypeSchema } from './backups.ts'
import { endpoint } from './endpoint.ts'
import { idParamsSchema, instantSchema, pageOf, pageQuery, textSchema, uuidSchema } from './shapes.ts'

const scheduleNameSchema = textSchema(120).regex(/^[^\n\t]*$/, 'a name is one line')
/** Minute, hour, day of month, month, day of week; no seconds. */
const cronSchema = z
  .string()
  .trim()
  .max(200)
  .regex(/^\S+( +\S+){4}$/, 'minute, hour, day of month, month and day of week, with spaces between')
const timeZoneSchema = z
  .string()
  .max(64)
  .regex(/^[A-Za-z][A-Za-z0-9_+/-]*$/, 'the name of a time zone, such as Europe/Berlin')
const retentionDaysSchema = z.number().int().min(1).max(36_500).nullable()

export const scheduleSchema = z.object({
  id: uuidSchema,
  tenantId: uuidSchema,
  systemId: uuidSchema,
  systemName: z.string(),
  name: z.string(),
  backupType: backupTypeSchema,
  isActive: z.boolean(),
  cronExpression: z.string(),
  timeZone: z.string(),
  retentionDays: retentionDaysSchema,
  createdBy: z.string(),
  createdAt: instantSchema,
  changedAt: instantSchema,
  lastRunAt: instantSchema.nullable(),
  lastStatus: z.string().nullable(),
  /** Null while it is switched off. */
  nextRunAt: instantSchema.nullable(),
  /** The next five, whether it is switched on or not. */
  nextRuns: z.array(instantSchema),
})
export type ScheduleView = z.infer<typeof scheduleSchema>

const fields = {
  name: scheduleNameSchema,
  backupType: backupTypeSchema,
  cronExpression: cronSchema,
  timeZone: timeZoneSchema.default('UTC'),
  retentionDays: retentionDaysSchema.default(null),
  isActive: z.boolean().default(true),
}

export const schedules = {
  list: endpoint({
    name: 'schedules.list',
    method: 'GET',
    path: '/api/v1/backup/schedules',
    summary: 'the schedules, the next to run first',
    permission: 'schedules.read',
    isShared: true,
    query: z.strictObject({
      ...pageQuery,
      systemId: uuidSchema.optional(),
      isActive: z.enum(['true', 'false']).optional(),
      search: z.string().trim().min(1).max(120).optional(),
    }),
    reply: pageOf(scheduleSchema),
  }),
  create: endpoint({
    name: 'schedules.create',
    method: 'POST',
    path: '/api/v1/backup/schedules',
    summary: 'have backups of a system made by the clock',
    permission: 'schedules.write',
    status: 201,
    body: z.strictObject({ systemId: uuidSchema, ...fields }),
    reply: scheduleSchema,
  }),
  edit: endpoint({
    name: 'schedules.edit',
    method: 'PUT',
    path: '/api/v1/backup/schedules/{id}',
    summary: 'change a schedule; all of it is given',
    permission: 'schedules.write',
    params: idParamsSchema,
    body: z.strictObject(fields),
    reply: scheduleSchema,
  }),
  remove: endpoint({
    name: 'schedules.delete',
    method: 'DELETE',
    path: '/api/v1/backup/schedules/{id}',
    summary: 'remove a schedule; its backups stay',
    permission: 'schedules.write',
    status: 204,
    params: idParamsSchema,
  }),
  toggle: endpoint({
    name: 'schedules.toggle',
    method: 'POST',
    path: '/api/v1/backup/schedules/{id}/toggle',
    summary: 'switch a schedule on or off',
    permission: 'schedules.write',
    params: idParamsSchema,
    body: z.strictObject({ isActive: z.boolean().optional() }),
    reply: scheduleSchema,
  }),
  preview: endpoint({
    name: 'schedules.preview',
    method: 'POST',
    path: '/api/v1/backup/schedules/preview',
    summary: 'when a cron expression would run',
    permission: 'schedules.read',
    isAudited: false,
    body: z.strictObject({ cronExpression: cronSchema, timeZone: timeZoneSchema.default('UTC') }),
    reply: z.object({ nextRuns: z.array(instantSchema) }),
  }),
} as const

import { z } from 'zod'
import { backupTypeSchema, predictedShape } from './backups.ts'
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

const clockSchema = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day from 00:00 to 23:59')
const dateSchema = z.iso.date()
export const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const

/** When nothing begins, in the schedule's own time zone: hours of each day, or of some weekdays, and whole dates. */
export const blackoutSchema = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z.literal('daily'),
      from: clockSchema,
      /** Not itself part of it. Before `from`: of the next morning. */
      to: clockSchema,
      /** On which it begins; every day without. */
      days: z.array(z.enum(weekdays)).min(1).max(7).optional(),
    })
    .refine(({ from, to }) => from !== to, { message: 'it ends when it begins; a whole day is from 00:00 to 23:59', path: ['to'] }),
  z
    .strictObject({
      kind: z.literal('dates'),
      from: dateSchema,
      /** Itself part of it. */
      to: dateSchema,
    })
    .refine(({ from, to }) => from <= to, { message: 'it ends before it begins', path: ['to'] }),
])
export type Blackout = z.infer<typeof blackoutSchema>

/** How often a schedule that follows what is observed may run at most and at least. */
const followsSchema = z
  .strictObject({
    minutesMin: z.number().int().min(15).max(10_080).default(30),
    minutesMax: z.number().int().min(15).max(10_080).default(1_440),
  })
  .refine(({ minutesMin, minutesMax }) => minutesMin <= minutesMax, { message: 'the least is above the most', path: ['minutesMax'] })
export type Follows = z.infer<typeof followsSchema>

/** Why a tick has no backup, or had none in time. */
export const missedBecause = ['service-away', 'clock-set', 'too-old', 'waiting', 'not-taken', 'refused'] as const
export type MissedBecause = (typeof missedBecause)[number]

export const upcomingSchema = z.object({
  /** When it runs: what the cron expression says, and the jitter. */
  at: instantSchema,
  tick: instantSchema,
  /** The clock on the wall at that moment, and how far it is from UTC. */
  local: z.string(),
  utcOffset: z.string(),
  /** Said where the clocks change between this run and the one before. */
  note: z.string().nullable(),
})
export type Upcoming = z.infer<typeof upcomingSchema>

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
  blackouts: z.array(blackoutSchema),
  jitterMinutes: z.number().int(),
  catchUpMinutes: z.number().int().nullable(),
  toleranceMinutes: z.number().int(),
  follows: followsSchema.nullable(),
  /** All of it, as a sentence. */
  words: z.string(),
  createdBy: z.string(),
  createdAt: instantSchema,
  changedAt: instantSchema,
  /** When what it follows last changed it. */
  adaptedAt: instantSchema.nullable(),
  lastRunAt: instantSchema.nullable(),
  /** Of the newest backup; `missed` when the newest tick made none. */
  lastStatus: z.string().nullable(),
  /** Null while it is switched off. */
  nextRunAt: instantSchema.nullable(),
  /** The next five, whether it is switched on or not. */
  nextRuns: z.array(upcomingSchema),
})
export type ScheduleView = z.infer<typeof scheduleSchema>

export const tickSchema = z.object({
  tick: instantSchema,
  /** With the jitter. */
  plannedAt: instantSchema,
  /** When a service saw to it. */
  at: instantSchema,
  backup: z.object({ id: uuidSchema, status: z.string() }).nullable(),
  /** One whose backup was not taken in time is missed, and its backup may have been made later. */
  missed: z.object({ at: instantSchema, because: z.enum(missedBecause), words: z.string() }).nullable(),
})
export type TickView = z.infer<typeof tickSchema>

const predictedSchema = z.object({ value: z.number().nullable(), ...predictedShape })
export const proposalSchema = z.object({
  cronExpression: z.string(),
  /** False when that runs just when the schedule does already. */
  isChange: z.boolean(),
  words: z.string(),
  intervalMinutes: z.number().int(),
  /** Why, one sentence each. */
  reasons: z.array(z.string()),
  newBytesPerHour: z.number().nullable(),
  /** On the wall of the schedule's time zone. */
  busyHours: z.array(z.number().int()),
  /** What its next backup will be, and how well that was known of past ones. */
  next: z.object({ storedBytes: predictedSchema, durationSeconds: predictedSchema }),
})
export type ProposalView = z.infer<typeof proposalSchema>

const when = {
  cronExpression: cronSchema,
  timeZone: timeZoneSchema.default('UTC'),
  blackouts: z.array(blackoutSchema).max(20).default([]),
  /** A run begins up to so much later, by its own fixed share of it: not all at once. */
  jitterMinutes: z.number().int().min(0).max(240).default(0),
}

const fields = {
  name: scheduleNameSchema,
  backupType: backupTypeSchema,
  ...when,
  retentionDays: retentionDaysSchema.default(null),
  /** The newest tick of a time without a service is run afterwards unless it is older than this; null: however old it is. */
  catchUpMinutes: z.number().int().min(0).max(525_600).nullable().default(null),
  /** A tick whose backup has not begun so long after its time is missed, and people are told. */
  toleranceMinutes: z.number().int().min(5).max(10_080).default(60),
  follows: followsSchema.nullable().default(null),
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
  details: endpoint({
    name: 'schedules.details',
    method: 'GET',
    path: '/api/v1/backup/schedules/{id}',
    summary: 'one schedule',
    permission: 'schedules.read',
    params: idParamsSchema,
    reply: scheduleSchema,
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
    summary: 'when a schedule would run, in words and by the clock',
    permission: 'schedules.read',
    isAudited: false,
    body: z.strictObject(when),
    reply: z.object({ words: z.string(), nextRuns: z.array(upcomingSchema) }),
  }),
  ticks: endpoint({
    name: 'schedules.ticks',
    method: 'GET',
    path: '/api/v1/backup/schedules/{id}/ticks',
    summary: 'what became of each time that a schedule was due, the newest first',
    permission: 'schedules.read',
    isShared: true,
    params: idParamsSchema,
    query: z.strictObject({ ...pageQuery, missed: z.enum(['true', 'false']).optional() }),
    reply: pageOf(tickSchema),
  }),
  proposal: endpoint({
    name: 'schedules.proposal',
    method: 'GET',
    path: '/api/v1/backup/schedules/{id}/proposal',
    summary: 'how often and when it should run, by what was observed and by the objective of its system; changes nothing',
    permission: 'schedules.read',
    params: idParamsSchema,
    reply: proposalSchema,
  }),
  defaults: endpoint({
    name: 'schedules.defaults',
    method: 'POST',
    path: '/api/v1/backup/schedules/defaults',
    summary: 'the usual schedules of a system at once: its database every day, all of it every week',
    permission: 'schedules.write',
    status: 201,
    body: z.strictObject({ systemId: uuidSchema, timeZone: timeZoneSchema.default('UTC') }),
    reply: z.object({ rows: z.array(scheduleSchema) }),
  }),
} as const

import { z } from 'zod'
import { backupTypes, wholeTypes } from '#base/backup-types.ts'
import { selectionSchema } from '#base/selection.ts'
import { backupSummarySchema } from './backup-summary.ts'
import { endpoint } from './endpoint.ts'
import {
  faultSchema,
  idParamsSchema,
  instantSchema,
  nameSchema,
  pageOf,
  pageQuery,
  startedSchema,
  statusSchema,
  textSchema,
  uuidSchema,
} from './shapes.ts'

/** What can be asked for. */
export const backupTypeSchema = z.enum(wholeTypes)
export type BackupType = z.infer<typeof backupTypeSchema>
/** What there can be. */
export const storedTypeSchema = z.enum(backupTypes)
export const archiveFormats = ['tar', 'tar.gz', 'tar.zst'] as const
export type ArchiveFormat = (typeof archiveFormats)[number]
export const standings = ['unverified', 'intact', 'proven', 'failed'] as const

const countSchema = z.number().int().nonnegative()
const backupNameSchema = textSchema(120).regex(/^[^\n\t]*$/, 'a name is one line')
const reasonSchema = textSchema(500)

export const verdicts = ['accepted', 'rejected'] as const
export type Verdict = (typeof verdicts)[number]

export const anomalySchema = z.object({
  findings: z.array(
    z.object({
      /** What was measured, such as `rows main.public.patient`. */
      measure: z.string(),
      now: z.number(),
      /** The median of those before it. */
      usual: z.number(),
      /** In words, with the numbers. */
      fact: z.string(),
    }),
  ),
  /** What may be behind it without any harm. */
  innocent: z.array(z.string()),
  /** Null until somebody has said whether it is right. */
  verdict: z.enum(verdicts).nullable(),
  settledAt: instantSchema.nullable(),
  settledBy: z.string().nullable(),
  reason: z.string().nullable(),
})
export type AnomalyView = z.infer<typeof anomalySchema>

export const backupSchema = z.object({
  id: uuidSchema,
  tenantId: uuidSchema,
  systemId: uuidSchema.nullable(),
  systemName: z.string(),
  repositoryId: uuidSchema,
  name: z.string(),
  type: storedTypeSchema,
  /** `safety` before a restore, `release` of the state that a restore replaced. */
  purpose: z.string(),
  description: z.string(),
  status: statusSchema,
  standing: z.enum(standings),
  standingAt: instantSchema.nullable(),
  /** Logical bytes: rows and files. Null until it has ended. */
  fileSizeBytes: countSchema.nullable(),
  /** What was stored for it; null where nobody counted, as for a backup that the catalog found in the repository. */
  fileSizeCompressed: countSchema.nullable(),
  /** Share saved by compression alone; what deduplication saved stands in the statistics. */
  compressionRatio: z.number().nullable(),
  gapCount: countSchema,
  createdBy: z.string(),
  createdAt: instantSchema,
  completedAt: instantSchema.nullable(),
  runId: uuidSchema.nullable(),
  scheduleId: uuidSchema.nullable(),
  deletedAt: instantSchema.nullable(),
  deletedBy: z.string().nullable(),
  deleteReason: z.string().nullable(),
  removalDueAt: instantSchema.nullable(),
  removedAt: instantSchema.nullable(),
  /** Since when its snapshot is not in the repository although nobody removed it through this service. */
  missingAt: instantSchema.nullable(),
  /** The open alert on account of which it is kept, whatever the retention says. */
  heldByAlert: uuidSchema.nullable(),
  /** How it is unlike those before it; null when it is not, or there were too few. Until it is accepted it is no good backup. */
  anomaly: anomalySchema.nullable(),
})
export type BackupView = z.infer<typeof backupSchema>

/** As lists show it, with how many legal holds keep it. */
export const listedBackupSchema = backupSchema.extend({ holdCount: countSchema })
export type ListedBackupView = z.infer<typeof listedBackupSchema>

export const backupDetailsSchema = listedBackupSchema.extend({
  /** restic's id of its snapshot. */
  snapshot: z.string().nullable(),
  /** Where it lies: the repository's place and the snapshot in it. */
  filePath: z.string().nullable(),
  /** SHA-256 of the manifest, which holds the hash of everything else. */
  checksum: z.string().nullable(),
  manifest: backupSummarySchema.nullable(),
  fault: faultSchema.nullable(),
  /** Why it was not removed when it was due. */
  removalFault: faultSchema.nullable(),
  durationSeconds: z.number().nullable(),
  run: z
    .object({
      id: uuidSchema,
      status: statusSchema,
      stage: z.string().nullable(),
      percent: z.number().nullable(),
      startedAt: instantSchema.nullable(),
      endedAt: instantSchema.nullable(),
    })
    .nullable(),
})

export type BackupDetailsView = z.infer<typeof backupDetailsSchema>

export const backupOrderFields = {
  systemId: uuidSchema,
  name: backupNameSchema.optional(),
  description: textSchema(2000).optional(),
  /** zstd. */
  compressionLevel: z.number().int().min(1).max(19).default(1),
  /** Patterns for each file root, beside those of the system's settings; `*` within a name, `**` across names. */
  exclusions: z.record(nameSchema, z.array(z.string().min(1).max(1024)).max(200)).optional(),
}

export const backupCreatedSchema = z.object({ backupId: uuidSchema, runId: uuidSchema })

export const backupListQuery = {
  ...pageQuery,
  systemId: uuidSchema.optional(),
  type: storedTypeSchema.optional(),
  status: statusSchema.optional(),
  standing: z.enum(standings).optional(),
  /** `open`: those that are unlike others, and nobody has said whether that is right. */
  anomaly: z.enum(['open', 'any']).optional(),
  /** Made at or after, and before. */
  from: instantSchema.optional(),
  to: instantSchema.optional(),
  /** Part of the name. */
  search: z.string().trim().min(1).max(120).optional(),
  deleted: z.enum(['without', 'with', 'only']).default('without'),
  sort: z.enum(['createdAt', 'name', 'fileSizeBytes', 'fileSizeCompressed', 'status']).default('createdAt'),
  order: z.enum(['asc', 'desc']).default('desc'),
}

const localDateSchema = z.iso.date()
const calendarDaysMax = 750
/** One day on the wall of that time zone. What is not named did not happen. */
export const calendarDaySchema = z.object({
  date: localDateSchema,
  completed: countSchema,
  completedWithGaps: countSchema,
  failed: countSchema,
  cancelled: countSchema,
  /** Those that wait or go on. */
  open: countSchema,
  /** Times of schedules of which no backup came. */
  missed: countSchema,
})
export type CalendarDay = z.infer<typeof calendarDaySchema>

/** Said of a number that nobody knows: nothing. Of one that is known: where it comes from. */
const estimated = (sources: readonly [string, ...string[]]) => z.object({ value: z.number().nullable(), from: z.enum(sources).nullable() })

/** By how much such a prediction was off, in the middle one of the past runs that it was tried on, as a share. */
export const predictedShape = { typicalError: z.number().nullable(), triedOn: countSchema }

export const backups = {
  create: endpoint({
    name: 'backups.create',
    method: 'POST',
    path: '/api/v1/backup/create',
    summary: 'make a backup of a system now',
    description:
      'With `selection` it holds some records, tables or times alone, and becomes a backup of type `entity`, which never stands for its system; `type` then says whether files are taken as well (`full`) or not (`database`). Keys of records stand in the body alone.',
    permission: 'backups.create',
    status: 202,
    body: z.strictObject({
      ...backupOrderFields,
      type: backupTypeSchema,
      selection: selectionSchema.optional(),
      /** For another place: masked as the system's settings say, of type `masked`, with the databases and the file roots that the masks keep. */
      isMasked: z.boolean().optional(),
    }),
    reply: backupCreatedSchema,
  }),
  list: endpoint({
    name: 'backups.list',
    method: 'GET',
    path: '/api/v1/backup/list',
    summary: 'the backups, filtered, sorted, page by page',
    permission: 'backups.read',
    isShared: true,
    query: z.strictObject(backupListQuery),
    reply: pageOf(listedBackupSchema),
  }),
  calendar: endpoint({
    name: 'backups.calendar',
    method: 'GET',
    path: '/api/v1/backup/calendar',
    summary: 'what became of the backups of each day, counted',
    description: 'Also those that were removed since. Days on which nothing happened are left out.',
    permission: 'backups.read',
    isShared: true,
    query: z
      .strictObject({
        from: localDateSchema,
        /** Itself part of it. */
        to: localDateSchema,
        timeZone: z
          .string()
          .max(64)
          .regex(/^[A-Za-z][A-Za-z0-9_+/-]*$/, 'the name of a time zone, such as Europe/Berlin')
          .default('UTC'),
        systemId: uuidSchema.optional(),
      })
      .refine(({ from, to }) => from <= to, { message: 'it ends before it begins', path: ['to'] })
      .refine(({ from, to }) => Date.parse(to) - Date.parse(from) <= calendarDaysMax * 86_400_000, {
        message: `at most ${calendarDaysMax} days at once`,
        path: ['from'],
      }),
    reply: z.object({ days: z.array(calendarDaySchema) }),
  }),
  estimate: endpoint({
    name: 'backups.estimate',
    method: 'POST',
    path: '/api/v1/backup/estimate',
    summary: 'how large a backup would be and how long it would take',
    description: 'Each number says where it comes from; what is not known is null.',
    permission: 'backups.create',
    isAudited: false,
    body: z.strictObject({ systemId: uuidSchema, type: backupTypeSchema }),
    reply: z.object({
      databases: z.array(z.object({ name: z.string(), bytes: estimated(['server', 'last-backup']), fault: faultSchema.nullable() })),
      roots: z.array(
        z.object({
          name: z.string(),
          files: countSchema.nullable(),
          bytes: estimated(['last-backup', 'walk']),
          fault: faultSchema.nullable(),
        }),
      ),
      logicalBytes: estimated(['sum']),
      storedBytes: estimated(['past-backups']).extend(predictedShape),
      durationSeconds: estimated(['past-backups']).extend(predictedShape),
    }),
  }),
  details: endpoint({
    name: 'backups.details',
    method: 'GET',
    path: '/api/v1/backup/{id}',
    summary: 'one backup with all that is known of it',
    permission: 'backups.read',
    isShared: true,
    params: idParamsSchema,
    reply: backupDetailsSchema,
  }),
  verify: endpoint({
    name: 'backups.verify',
    method: 'POST',
    path: '/api/v1/backup/{id}/verify',
    summary: 'read a backup as a restore would and compare every row and byte with its manifest',
    permission: 'backups.verify',
    status: 202,
    params: idParamsSchema,
    body: z.strictObject({ isQuick: z.boolean().default(false) }),
    reply: startedSchema,
  }),
  cancel: endpoint({
    name: 'backups.cancel',
    method: 'POST',
    path: '/api/v1/backup/{id}/cancel',
    summary: 'end a backup that goes on, or take back one that waits',
    permission: 'jobs.cancel',
    params: idParamsSchema,
    reply: z.object({ runId: uuidSchema, status: statusSchema }),
  }),
  remove: endpoint({
    name: 'backups.delete',
    method: 'DELETE',
    path: '/api/v1/backup/{id}',
    summary: 'take a backup out of the lists; it is removed when the grace period is over',
    permission: 'backups.delete',
    params: idParamsSchema,
    body: z.strictObject({ reason: reasonSchema }),
    reply: backupSchema,
  }),
  settleAnomaly: endpoint({
    name: 'backups.settle-anomaly',
    method: 'POST',
    path: '/api/v1/backup/{id}/anomaly',
    summary: 'say whether a backup that is unlike those before it is right',
    description:
      'Holds for it and for those before it of the same system and type that nobody had settled. Accepted, it counts as good and is what others are compared with; rejected, it never counts as good.',
    permission: 'backups.judge',
    params: idParamsSchema,
    body: z.strictObject({ verdict: z.enum(verdicts), reason: reasonSchema }),
    reply: z.object({ backup: backupSchema, settled: z.array(uuidSchema) }),
  }),
  undelete: endpoint({
    name: 'backups.undelete',
    method: 'POST',
    path: '/api/v1/backup/{id}/undelete',
    summary: 'take a deletion back, as long as the backup is not removed',
    permission: 'backups.delete',
    params: idParamsSchema,
    reply: backupSchema,
  }),
} as const

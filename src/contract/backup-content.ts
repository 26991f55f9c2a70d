import { z } from 'zod'
import { archiveFormats } from './backups.ts'
import { endpoint } from './endpoint.ts'
import { idParamsSchema, instantSchema, nameSchema, pageOf, pageQuery, uuidSchema, wholeNumberSchema } from './shapes.ts'

const formatSchema = z.enum(archiveFormats)
const countSchema = z.number().int().nonnegative()
const octets = 'application/octet-stream'
/** In the backup, from its root on, such as `files/uploads`. */
const backupPathSchema = z
  .string()
  .max(4096)
  // oxlint-disable-next-line no-control-regex
  .regex(/^[^\u0000]*$/, 'no null character')
  .refine((path) => !path.split('/').includes('..'), 'a path in a backup has no ".."')

const tableSizeSchema = z.object({ rows: countSchema, bytes: countSchema })

export const tableChanges = ['added', 'removed', 'changed', 'same'] as const

/** What is in a backup, on its way out; and what comes from elsewhere, on its way in. */
export const backupContent = {
  tables: endpoint({
    name: 'backups.tables',
    method: 'GET',
    path: '/api/v1/backup/{id}/tables',
    summary: 'the tables that a backup holds, with their rows',
    permission: 'backups.read',
    params: idParamsSchema,
    query: z.strictObject({ ...pageQuery, database: nameSchema.optional(), search: z.string().trim().min(1).max(120).optional() }),
    reply: pageOf(z.object({ database: z.string(), schema: z.string(), table: z.string(), rows: countSchema, bytes: countSchema })),
  }),
  selection: endpoint({
    name: 'backups.selection',
    method: 'GET',
    path: '/api/v1/backup/{id}/selection',
    summary: 'whose records a backup of a selection holds',
    description:
      'Read from the manifest in the repository: the catalog has their kinds and numbers alone. Empty for a backup of everything. The trail has the keys as digests.',
    permission: 'backups.download',
    isAudited: true,
    params: idParamsSchema,
    query: z.strictObject(pageQuery),
    reply: pageOf(z.object({ kind: z.string(), key: z.string() })),
  }),
  compare: endpoint({
    name: 'backups.compare',
    method: 'GET',
    path: '/api/v1/backup/{id}/compare/{other}',
    summary: 'the tables of two backups side by side, by what their manifests say of rows and bytes',
    description: 'Tables with as many rows and bytes in both are `same`, whatever stands in them: that is not compared.',
    permission: 'backups.read',
    params: idParamsSchema.extend({ other: uuidSchema }),
    query: z.strictObject({ ...pageQuery, change: z.enum([...tableChanges, 'any', 'different']).default('different') }),
    reply: pageOf(
      z.object({
        database: z.string(),
        schema: z.string(),
        table: z.string(),
        change: z.enum(tableChanges),
        /** Null: it has no such table. */
        before: tableSizeSchema.nullable(),
        after: tableSizeSchema.nullable(),
      }),
    ).extend({
      /** Of the second against the first, whatever was asked for. */
      counts: z.record(z.enum(tableChanges), countSchema),
      /** Added up over all tables. */
      rowCounts: z.object({ before: countSchema, after: countSchema }),
    }),
  }),
  files: endpoint({
    name: 'backups.files',
    method: 'GET',
    path: '/api/v1/backup/{id}/files',
    summary: 'one folder of a backup, read from the repository',
    permission: 'backups.read',
    params: idParamsSchema,
    query: z.strictObject({ ...pageQuery, path: backupPathSchema.default('') }),
    reply: pageOf(
      z.object({
        name: z.string(),
        type: z.enum(['file', 'dir', 'symlink', 'dev', 'chardev', 'fifo', 'socket']),
        mode: z.string(),
        sizeBytes: countSchema,
        modifiedAt: instantSchema,
        linkTarget: z.string().nullable(),
      }),
    ),
  }),
  fileDownload: endpoint({
    name: 'backups.download-file',
    method: 'GET',
    path: '/api/v1/backup/{id}/files/download',
    summary: 'one file of a backup',
    permission: 'backups.download',
    isAudited: true,
    params: idParamsSchema,
    query: z.strictObject({ path: backupPathSchema }),
    media: octets,
  }),
  archive: endpoint({
    name: 'backups.archive',
    method: 'POST',
    path: '/api/v1/backup/{id}/archive',
    summary: 'prepare a portable archive for download, with a passphrase if wanted',
    description: 'Encrypted with a passphrase it is an age file. The archive is fetched by its id once the job has ended.',
    permission: 'backups.download',
    status: 202,
    params: idParamsSchema,
    body: z.strictObject({ format: formatSchema.default('tar.zst'), passphrase: z.string().min(12).max(1024).optional() }),
    reply: z.object({ archiveId: uuidSchema, runId: uuidSchema }),
  }),
  download: endpoint({
    name: 'backups.download',
    method: 'GET',
    path: '/api/v1/backup/{id}/download',
    summary: 'a backup as a portable archive',
    description:
      'The first request for a format answers 202 with the id of the job that makes the archive, and Retry-After; then 200, or 206 for a Range. The ETag is its SHA-256.',
    permission: 'backups.download',
    isAudited: true,
    params: idParamsSchema,
    query: z.strictObject({ format: formatSchema.default('tar.zst'), archive: uuidSchema.optional() }),
    media: octets,
  }),
  upload: endpoint({
    name: 'backups.import',
    method: 'POST',
    path: '/api/v1/backup/import',
    summary: 'make a backup of a portable archive, a dump of pg_dump, or a tar of files',
    description:
      'The file is the body, as application/octet-stream. The passphrase of an encrypted archive goes into the header Integrum-Passphrase, percent-encoded.',
    permission: 'backups.import',
    status: 202,
    isUpload: true,
    query: z.strictObject({
      systemId: uuidSchema,
      /** Of the file, without a folder. */
      fileName: z
        .string()
        .min(1)
        .max(200)
        // oxlint-disable-next-line no-control-regex
        .regex(/^[^/\\\u0000-\u001F\u007F]+$/, 'the name of a file without a folder')
        .refine((name) => !/^\.{1,2}$/.test(name), 'the name of a file')
        .default('upload'),
      /** Of the database or root of a dump or a tar. */
      sourceName: nameSchema.optional(),
      /** Once more, under a new id, although the backup is there already. */
      isAsNew: z.enum(['true', 'false']).default('false'),
      compressionLevel: wholeNumberSchema(1, 19).default(1),
    }),
    reply: z.object({ runId: uuidSchema, sizeBytes: countSchema, sha256: z.string() }),
  }),
} as const

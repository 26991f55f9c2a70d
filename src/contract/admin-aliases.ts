import { z } from 'zod'
import { backupContent } from './backup-content.ts'
import { backupCreatedSchema, backupOrderFields, backups } from './backups.ts'
import { endpoint } from './endpoint.ts'
import { restores } from './restores.ts'

const createBody = z.strictObject(backupOrderFields)

/** The paths that document A has for what stands elsewhere in the contract already. Served by the same code. */
export const adminAliases = {
  createDatabase: endpoint({
    name: 'admin.create-database-backup',
    method: 'POST',
    path: '/api/v1/admin/backups/create-database',
    summary: 'as backups.create, of the databases',
    permission: 'backups.create',
    status: 202,
    body: createBody,
    reply: backupCreatedSchema,
  }),
  createFiles: endpoint({
    name: 'admin.create-files-backup',
    method: 'POST',
    path: '/api/v1/admin/backups/create-files',
    summary: 'as backups.create, of the files',
    permission: 'backups.create',
    status: 202,
    body: createBody,
    reply: backupCreatedSchema,
  }),
  createFull: endpoint({
    name: 'admin.create-full-backup',
    method: 'POST',
    path: '/api/v1/admin/backups/create-full',
    summary: 'as backups.create, of databases and files',
    permission: 'backups.create',
    status: 202,
    body: createBody,
    reply: backupCreatedSchema,
  }),
  list: endpoint({
    ...backups.list,
    name: 'admin.list-backups',
    path: '/api/v1/admin/backups',
    summary: 'as backups.list',
  }),
  download: endpoint({
    ...backupContent.download,
    name: 'admin.download-backup',
    path: '/api/v1/admin/backups/{id}/download',
    summary: 'as backups.download',
  }),
  verify: endpoint({
    ...backups.verify,
    name: 'admin.verify-backup',
    path: '/api/v1/admin/backups/{id}/verify',
    summary: 'as backups.verify',
  }),
  previewRestore: endpoint({
    ...restores.preview,
    name: 'admin.preview-restore',
    path: '/api/v1/admin/restore/preview',
    summary: 'as restores.preview',
  }),
  executeRestore: endpoint({
    ...restores.execute,
    name: 'admin.execute-restore',
    path: '/api/v1/admin/restore/execute',
    summary: 'as restores.execute',
  }),
} as const

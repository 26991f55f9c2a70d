import type { FastifyInstance } from 'fastify'
import { adminAliases } from '#contract/admin-aliases.ts'
import type { House } from '#service/house.ts'
import { serve } from '#service/http/gate.ts'
import { download } from './download.routes.ts'
import { createBackup, listBackups, verifyOne } from './backup-answers.ts'

/** Document A's paths, answered by the same code as those that they stand for. */
export function addAdminAliases(app: FastifyInstance, house: House): void {
  serve(app, house, adminAliases.createDatabase, (call) => createBackup(house, call, { ...call.body, type: 'database' }))
  serve(app, house, adminAliases.createFiles, (call) => createBackup(house, call, { ...call.body, type: 'files' }))
  serve(app, house, adminAliases.createFull, (call) => createBackup(house, call, { ...call.body, type: 'full' }))
  serve(app, house, adminAliases.list, (call) => listBackups(call))
  serve(app, house, adminAliases.download, (call) => download(house, call))
  serve(app, house, adminAliases.verify, (call) => verifyOne(house, call))
}

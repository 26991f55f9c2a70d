import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { backupContent } from '#contract/backup-content.ts'
import { pageIn } from '#service/catalog/page.ts'
import type { House } from '#service/house.ts'
import { sent, serve } from '#service/http/gate.ts'
import { recordFacts } from '#service/restores/plan-requests.ts'
import { subjectOf } from './backup-answers.ts'
import { compareTables, isAskedFor } from './compare-tables.ts'
import { browsed, contentOf, fileOf, folderOf, manifestOf } from './browse.ts'
import { knownBackup } from './backups.ts'
import { attachmentNamed } from './range.ts'
import { metadataOf } from './summary.ts'

export function addBackupContent(app: FastifyInstance, house: House): void {
  serve(app, house, backupContent.tables, async ({ params, query, read }) => {
    const { metadata } = await read((tx) => knownBackup(tx, params.id))
    const typed = query.search?.toLowerCase()
    const rows = (metadataOf(metadata).tables ?? [])
      .filter(({ database }) => query.database === undefined || database === query.database)
      .filter(({ schema, table }) => typed === undefined || `${schema}.${table}`.toLowerCase().includes(typed))
    return pageIn(rows, query)
  })
  // Whose records somebody looked up stands in the trail, and there as digests alone.
  serve(app, house, backupContent.selection, async ({ params, query, read, act, signal }) => {
    const backup = await read((tx) => browsed(tx, params.id))
    const { selection } = await manifestOf(house, backup, signal)
    const reply = pageIn(selection?.entities ?? [], query)
    const facts = { records: recordFacts(house, backup.row.system_id, reply.rows) }
    return await act(async () => ({ reply, tenantId: backup.row.tenant_id, subject: subjectOf(backup.row), facts }))
  })
  serve(app, house, backupContent.compare, async ({ params, query, read }) => {
    const [before, after] = await read(async (tx) => [await knownBackup(tx, params.id), await knownBackup(tx, params.other)] as const)
    const { tables, ...sums } = compareTables(metadataOf(before.metadata).tables ?? [], metadataOf(after.metadata).tables ?? [])
    return { ...pageIn(tables.filter(isAskedFor(query.change)), query), ...sums }
  })
  serve(app, house, backupContent.files, async ({ params, query, read, signal }) => {
    const backup = await read((tx) => browsed(tx, params.id))
    return pageIn(await folderOf(house, backup, query.path, signal), query)
  })
  serve(app, house, backupContent.fileDownload, async ({ params, query, read, act, signal, wire }) => {
    const backup = await read((tx) => browsed(tx, params.id))
    const node = await fileOf(house, backup, query.path, signal)
    await act(async () => ({
      reply: undefined,
      tenantId: backup.row.tenant_id,
      subject: subjectOf(backup.row),
      // Names of files may name patients: whoever holds the backup can tell which one it was, by its hash.
      facts: { place: query.path.split('/').slice(0, 2).join('/'), pathSha256: sha256Of(query.path), sizeBytes: node.sizeBytes },
    }))
    const content = wire.request.method === 'HEAD' ? Readable.from([]) : contentOf(house, backup, node, signal)
    void wire.reply
      .type('application/octet-stream')
      .header('content-length', String(node.sizeBytes))
      .header('cache-control', 'private, no-store')
      .header('content-disposition', attachmentNamed(query.path.slice(query.path.lastIndexOf('/') + 1)))
      .send(content)
    return sent
  })
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

import type { FastifyInstance, FastifyReply } from 'fastify'
import { Readable } from 'node:stream'
import { backupContent } from '#contract/backup-content.ts'
import type { House } from '#service/house.ts'
import { sent, serve, type Call } from '#service/http/gate.ts'
import { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { subjectOf } from './backup-answers.ts'
import { assertReadable, knownBackup, makerOf } from './backups.ts'
import type { StoredBackup } from './backups.store.ts'
import { archiveFileName, beginArchive, openArchive, type OpenArchive } from './downloads.ts'
import { findDownload, updateDownload } from './downloads.store.ts'
import { attachmentNamed, namesTag, rangeOf, type Range } from './range.ts'

export function addDownloads(app: FastifyInstance, house: House): void {
  serve(app, house, backupContent.archive, ({ params, body, caller, act }) =>
    act(async (tx) => {
      const backup = await knownBackup(tx, params.id)
      assertReadable(backup)
      const { format, passphrase } = body
      const begun = await beginArchive(house, tx, { backup, format, passphrase, by: makerOf(caller) })
      const facts = { ...begun, format, isEncrypted: passphrase !== undefined }
      return { reply: begun, tenantId: backup.tenant_id, subject: subjectOf(backup), facts }
    }),
  )
  serve(app, house, backupContent.download, (call) => download(house, call))
}

type DownloadCall = Pick<Call<typeof backupContent.download>, 'params' | 'query' | 'caller' | 'read' | 'act' | 'wire'>

/** The archive, or a part of it; a job that makes it when it is not there yet. */
export async function download(house: House, call: DownloadCall): Promise<typeof sent> {
  const { params, query, read } = call
  const { backup, row } = await read(async (tx) => {
    const found = await knownBackup(tx, params.id)
    assertReadable(found)
    const wanted = query.archive === undefined ? { format: query.format } : { id: query.archive }
    return { backup: found, row: await findDownload(tx, { backupId: found.id, ...wanted }) }
  })
  const archive = await openArchive(row)
  if (archive) return await send(house, call, { backup, archive })
  if (query.archive === undefined) return await begin(house, call, backup)
  const isComing = row !== undefined && row.sha256 === null && row.run_id !== null
  if (!isComing) throw new Fault('NOT_FOUND', `there is no archive ${query.archive} of backup ${backup.id}`, { field: 'archive' })
  return await later(call, { backup, begun: { archiveId: row.id, runId: row.run_id! } })
}

async function begin(house: House, call: DownloadCall, backup: StoredBackup): Promise<typeof sent> {
  const begun = await call.act(async (tx) => {
    const started = await beginArchive(house, tx, { backup, format: call.query.format, by: makerOf(call.caller) })
    return { reply: started, tenantId: backup.tenant_id, subject: subjectOf(backup), facts: { ...started, format: call.query.format } }
  })
  return answerLater(call.wire.reply, begun)
}

interface Coming {
  readonly backup: StoredBackup
  readonly begun: { readonly archiveId: string; readonly runId: string }
}

async function later({ act, wire }: DownloadCall, { backup, begun }: Coming): Promise<typeof sent> {
  await act(async () => ({ reply: begun, tenantId: backup.tenant_id, subject: subjectOf(backup), facts: { ...begun } }))
  return answerLater(wire.reply, begun)
}

/** 202: what was asked for is a job. */
function answerLater(reply: FastifyReply, begun: Coming['begun']): typeof sent {
  void reply.status(202).header('retry-after', '2').send(begun)
  return sent
}

async function send(
  house: House,
  { act, wire }: DownloadCall,
  { backup, archive }: { readonly backup: StoredBackup; readonly archive: OpenArchive },
): Promise<typeof sent> {
  const { row, handle } = archive
  await using opened = new AsyncDisposableStack()
  opened.use(handle)
  const { request, reply } = wire
  const { range, ifRange, ifNoneMatch } = headersOf(request.headers)
  const tag = `"${row.sha256}"`
  const wanted = ifRange === undefined || ifRange === tag ? rangeOf(range, row.size_bytes) : ({ kind: 'whole' } as const)
  const isKnown = namesTag(ifNoneMatch, tag)
  await act(async (tx) => {
    await updateDownload(tx, row.id, { expires_at: new Date(house.clock.now().getTime() + limits.spoolKeepMs) })
    const facts = { archiveId: row.id, format: row.format, sha256: row.sha256, sizeBytes: row.size_bytes, method: request.method }
    return {
      reply: undefined,
      tenantId: backup.tenant_id,
      subject: subjectOf(backup),
      facts: { ...facts, sent: isKnown ? 'nothing' : printRange(wanted) },
    }
  })
  void reply
    .header('etag', tag)
    .header('accept-ranges', 'bytes')
    .header('cache-control', 'private, no-store')
    .header('repr-digest', `sha-256=:${Buffer.from(row.sha256, 'hex').toString('base64')}:`)
  if (isKnown) return empty(reply.status(304))
  if (wanted.kind === 'unsatisfiable') return empty(reply.status(416).header('content-range', `bytes */${row.size_bytes}`))
  const { from, to } = wanted.kind === 'part' ? wanted : { from: 0, to: row.size_bytes - 1 }
  if (wanted.kind === 'part') void reply.status(206).header('content-range', `bytes ${from}-${to}/${row.size_bytes}`)
  void reply
    .type('application/octet-stream')
    .header('content-disposition', attachmentNamed(archiveFileName(backup.name, row)))
    .header('content-length', String(to - from + 1))
  if (request.method === 'HEAD') return empty(reply)
  // The stream closes the handle, whether it is read to its end or not.
  opened.move()
  void reply.send(handle.createReadStream({ start: from, end: to, highWaterMark: limits.streamBufferBytes }))
  return sent
}

/** As a stream: for HEAD nothing is counted, and Content-Length stays what the file has. */
function empty(reply: FastifyReply): typeof sent {
  void reply.send(Readable.from([]))
  return sent
}

function headersOf(headers: Readonly<Record<string, unknown>>): {
  range: string | undefined
  ifRange: string | undefined
  ifNoneMatch: string | undefined
} {
  const text = (name: string) => (typeof headers[name] === 'string' ? headers[name] : undefined)
  return { range: text('range'), ifRange: text('if-range'), ifNoneMatch: text('if-none-match') }
}

function printRange(range: Range): string {
  return range.kind === 'part' ? `bytes ${range.from}-${range.to}` : range.kind === 'whole' ? 'all' : 'nothing'
}

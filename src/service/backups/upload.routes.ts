import type { FastifyInstance } from 'fastify'
import { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { backupContent } from '#contract/backup-content.ts'
import type { House } from '#service/house.ts'
import { serve } from '#service/http/gate.ts'
import { activeSystem } from '#service/systems/systems.ts'
import { makerOf } from './backups.ts'
import { passphraseUse } from './downloads.ts'
import { insertUpload, updateUpload } from './downloads.store.ts'
import { receiveUpload, type Upload } from './upload.ts'

export function addUploads(app: FastifyInstance, house: House): void {
  serve(app, house, backupContent.upload, async ({ query, caller, read, act, signal, wire }) => {
    const system = await read((tx) => activeSystem(tx, query.systemId))
    const passphrase = passphraseIn(wire.request.headers['integrum-passphrase'])
    await using upload = await receiveUpload(
      house,
      {
        source: streamIn(wire.request.body),
        fileName: query.fileName,
        announcedBytes: Number(wire.request.headers['content-length'] ?? 0),
      },
      signal,
    )
    const reply = await act(async (tx) => {
      await insertUpload(tx, rowOf(house, { upload, passphrase, tenantId: system.tenant_id, fileName: query.fileName }))
      const runId = await house.queue.add(tx, {
        kind: 'import',
        tenantId: system.tenant_id,
        systemId: system.id,
        repositoryId: system.repository_id,
        subjectId: upload.id,
        title: `import into the backups of ${system.name}`,
        order: {
          uploadId: upload.id,
          newBackupId: house.random.uuid(),
          isAsNew: query.isAsNew === 'true',
          sourceName: query.sourceName,
          compressionLevel: query.compressionLevel,
        },
        createdBy: makerOf(caller),
        lane: `imports:${system.repository_id}`,
      })
      await updateUpload(tx, upload.id, { run_id: runId })
      const { sizeBytes, sha256 } = upload
      return {
        reply: { runId, sizeBytes, sha256 },
        tenantId: system.tenant_id,
        subject: { kind: 'system', id: system.id, name: system.name },
        facts: { runId, fileName: query.fileName, sizeBytes, sha256, isEncrypted: passphrase !== undefined },
      }
    })
    upload.keep()
    return reply
  })
}

function streamIn(body: unknown): AsyncIterable<Uint8Array> {
  if (typeof body === 'object' && body !== null && Symbol.asyncIterator in body) return body as AsyncIterable<Uint8Array>
  throw new Fault('MEDIA_TYPE', 'the file is to be sent as application/octet-stream', { field: 'body' })
}

function passphraseIn(header: string | string[] | undefined): string | undefined {
  if (typeof header !== 'string') return undefined
  try {
    return decodeURIComponent(header)
  } catch (cause) {
    throw new Fault('INPUT_INVALID', 'the passphrase is not percent-encoded', { field: 'Integrum-Passphrase' }, { cause })
  }
}

interface Received {
  readonly upload: Upload
  readonly passphrase: string | undefined
  readonly tenantId: string
  readonly fileName: string
}

function rowOf(house: House, { upload, passphrase, tenantId, fileName }: Received) {
  const now = house.clock.now()
  return {
    id: upload.id,
    tenant_id: tenantId,
    file_name: fileName,
    path: upload.path,
    size_bytes: upload.sizeBytes,
    sha256: upload.sha256,
    passphrase_sealed: passphrase === undefined ? null : house.sealing.seal(passphrase, passphraseUse(upload.id)),
    run_id: null,
    created_at: now,
    expires_at: new Date(now.getTime() + limits.spoolKeepMs),
  }
}

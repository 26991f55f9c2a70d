import type { Selection } from '#base/selection.ts'
import type { backups } from '#contract/backups.ts'
import type { BodyOf, ReplyOf } from '#contract/endpoint.ts'
import type { House } from '#service/house.ts'
import { countHolds } from '#service/holds/holds.store.ts'
import type { Call } from '#service/http/gate.ts'
import { backupView } from './backup-view.ts'
import { assertReadable, beginBackup, knownBackup, makerOf } from './backups.ts'
import { listBackupRows, type ListedBackup } from './backups.store.ts'

// What stands behind several paths: document B's and document A's.

export async function createBackup(
  house: House,
  { caller, act }: Pick<Call<typeof backups.create>, 'caller' | 'act'>,
  wish: BodyOf<typeof backups.create>,
): Promise<ReplyOf<typeof backups.create>> {
  return await act(async (tx) => {
    const { backup, runId } = await beginBackup(house, tx, { wish, by: makerOf(caller) })
    const { type, compressionLevel, exclusions, selection, isMasked } = wish
    return {
      reply: { backupId: backup.id, runId },
      tenantId: backup.tenant_id,
      subject: subjectOf(backup),
      after: {
        name: backup.name,
        type,
        compressionLevel,
        ...(exclusions && { exclusions }),
        ...(isMasked && { isMasked }),
        ...(selection && { selection: toldOf(house, selection) }),
      },
      facts: { runId, system: backup.system_name },
    }
  })
}

/** Kinds as they are; keys, which may be patients', as digests that say whether two are the same and need the house's key. */
function toldOf({ sealing }: House, { entities, ...others }: Selection) {
  const told = entities.slice(0, entitiesTold).map(({ kind, key }) => ({ kind, digest: sealing.digest(key, 'entity-key').slice(0, 32) }))
  return { ...others, entities: told, entitiesInAll: entities.length }
}

const entitiesTold = 100

export async function listBackups({
  query,
  read,
}: Pick<Call<typeof backups.list>, 'query' | 'read'>): Promise<ReplyOf<typeof backups.list>> {
  return await read(async (tx) => {
    const { rows, total } = await listBackupRows(tx, query)
    const holds = await countHolds(
      tx,
      rows.map(({ id }) => id),
    )
    const views = rows.map((row) => ({ ...backupView(row), holdCount: holds.get(row.id) ?? 0 }))
    return { rows: views, total, page: query.page, pageSize: query.pageSize }
  })
}

export async function verifyOne(
  house: House,
  { params, body, caller, act }: Pick<Call<typeof backups.verify>, 'params' | 'body' | 'caller' | 'act'>,
): Promise<ReplyOf<typeof backups.verify>> {
  return await act(async (tx) => {
    const row = await knownBackup(tx, params.id)
    assertReadable(row)
    const runId = await house.queue.add(tx, {
      kind: 'verify',
      tenantId: row.tenant_id,
      systemId: row.system_id,
      repositoryId: row.repository_id,
      subjectId: row.id,
      title: `verification of a backup of ${row.system_name}`,
      order: { isQuick: body.isQuick },
      createdBy: makerOf(caller),
      lane: row.repository_id,
    })
    return { reply: { runId }, tenantId: row.tenant_id, subject: subjectOf(row), facts: { runId, isQuick: body.isQuick } }
  })
}

export function subjectOf({ id, name }: Pick<ListedBackup, 'id' | 'name'>) {
  return { kind: 'backup', id, name }
}

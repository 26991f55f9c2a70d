import { isFault } from '#base/fault.ts'
import { backupsAmong, openBackup, type Backup } from '#engine/backup/backups.ts'
import { readProofs, standingOf, type Proofs } from '#engine/repository/proofs.ts'
import type { DamagedSnapshot, Repository } from '#engine/repository/repository.ts'
import { recordSystemEvent } from '#service/audit/audit.ts'
import { everything, within, type Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { openRepositoryOf } from '#service/repositories/repositories.ts'
import type { StoredRepository } from '#service/repositories/repositories.store.ts'
import { updateBackup } from './backups.store.ts'
import { enterFound, type FoundBackup } from './found.ts'
import { knownIn, lockReconciliation, repositoriesInUse, type KnownBackup } from './reconcile.store.ts'
import { factsOf } from './summary.ts'

export interface Reconciled {
  /** Names of systems whose backups the catalog did not know. */
  readonly found: number
  readonly missing: number
  readonly changed: number
  /** Backups whose manifest cannot be read, and snapshots that cannot. */
  readonly damaged: number
}

type Bookkeeping = Pick<House, 'catalog' | 'clock' | 'random' | 'trail' | 'log'>

export async function reconcileAll(house: House): Promise<void> {
  for (const row of await house.catalog.as(everything, repositoriesInUse)) {
    try {
      await using lent = await openRepositoryOf(house, row, house.stopping)
      const done = await reconcile(house, { row, repository: lent.repository }, house.stopping)
      if (done.found + done.missing + done.changed + done.damaged > 0) house.log.info({ repository: row.id, ...done }, 'reconciled')
    } catch (error) {
      // One that cannot be reached hides no other, and is tried again in an hour.
      if (!isFault(error)) throw error
      house.log.warn({ repository: row.id, code: error.code, fact: error.message }, 'a repository cannot be compared with the catalog')
    }
  }
}

/** The repository is the truth about backups: what it has is entered, what it has no more is marked, and standings are its proofs'. */
export async function reconcile(
  house: Bookkeeping,
  { row, repository }: { readonly row: StoredRepository; readonly repository: Repository },
  signal: AbortSignal,
): Promise<Reconciled> {
  const lookedAt = house.clock.now()
  const { whole, damaged } = await repository.listSnapshots(signal)
  const backups = backupsAmong(whole)
  const proofs = await readProofs(repository, whole, signal)
  const before = await house.catalog.as(within(row.tenant_id), (tx) => knownIn(tx, row.id))
  const read = await readUnknown(
    repository,
    backups.filter(({ id }) => isToBeEntered(before.get(id), lookedAt)),
    signal,
  )
  return await house.catalog.as(within(row.tenant_id), async (tx) => {
    await lockReconciliation(tx, row.id)
    const known = await knownIn(tx, row.id)
    const look: Look = { house, tx, row, lookedAt, known }
    return {
      found: await enterAll(look, read.found),
      missing: await markMissing(look, { backups, damaged }),
      changed: await refreshAll(look, { backups, proofs }),
      damaged: damaged.length + read.damaged,
    }
  })
}

interface Look {
  readonly house: Bookkeeping
  readonly tx: Tx
  readonly row: StoredRepository
  readonly lookedAt: Date
  readonly known: ReadonlyMap<string, KnownBackup>
}

/** Not what a job is about to end, and not what was removed while we looked. */
function isToBeEntered(known: KnownBackup | undefined, lookedAt: Date): boolean {
  if (!known) return true
  if (known.hasOpenRun) return false
  return known.snapshot === null || (known.removed_at !== null && known.removed_at < lookedAt)
}

interface Found extends FoundBackup {
  readonly system: string
}

async function readUnknown(
  repository: Repository,
  unknown: readonly Backup[],
  signal: AbortSignal,
): Promise<{ found: Found[]; damaged: number }> {
  const found: Found[] = []
  let damaged = 0
  for (const backup of unknown) {
    try {
      const { manifest, checksum } = await openBackup(repository, backup, signal)
      const { name, type, purpose, startedAt } = manifest
      const facts = factsOf({ snapshot: backup.snapshot.id, checksum, manifest }, null)
      found.push({ id: backup.id, system: backup.system, name, type, purpose, startedAt: new Date(startedAt), facts })
    } catch (error) {
      if (!isFault(error) || !error.isDamage) throw error
      damaged += 1
    }
  }
  return { found, damaged }
}

async function enterAll({ house, tx, row, lookedAt, known }: Look, found: readonly Found[]): Promise<number> {
  let entered = 0
  for (const { system, ...backup } of found) {
    if (!isToBeEntered(known.get(backup.id), lookedAt)) continue
    const createdBy = { id: null, name: 'found in the repository' }
    const where = { tenantId: row.tenant_id, repository: row, systemName: system, createdBy, runId: null, at: backup.startedAt }
    const { id, name } = await enterFound(tx, backup, where)
    entered += 1
    await recordSystemEvent(tx, house, {
      action: 'backup.found',
      tenantId: row.tenant_id,
      subject: { kind: 'backup', id, name },
      facts: { repository: row.name, system, snapshot: backup.facts.snapshot, checksum: backup.facts.checksum },
    })
  }
  return entered
}

/** What was completed before we looked and is not there: somebody removed it past the service. */
async function markMissing(
  { house, tx, row, lookedAt, known }: Look,
  { backups, damaged }: { readonly backups: readonly Backup[]; readonly damaged: readonly DamagedSnapshot[] },
): Promise<number> {
  const there = new Set<string>(backups.map(({ id }) => id))
  const unreadable = new Set<string>(damaged.map(({ id }) => id))
  let missing = 0
  for (const one of known.values()) {
    const isExpected = one.removed_at === null && one.completed_at !== null && one.completed_at < lookedAt
    if (!isExpected || one.snapshot === null || one.missing_at !== null || there.has(one.id) || unreadable.has(one.snapshot)) continue
    missing += 1
    await updateBackup(tx, one.id, { missing_at: house.clock.now() })
    await recordSystemEvent(tx, house, {
      action: 'backup.missing',
      tenantId: row.tenant_id,
      subject: { kind: 'backup', id: one.id, name: one.name },
      facts: { repository: row.name, snapshot: one.snapshot },
    })
  }
  return missing
}

async function refreshAll(
  { tx, row, known }: Look,
  { backups, proofs }: { readonly backups: readonly Backup[]; readonly proofs: Proofs },
): Promise<number> {
  let changed = 0
  const entered = await knownIn(tx, row.id)
  for (const { id, snapshot } of backups) {
    const one = entered.get(id)
    if (!one || one.hasOpenRun || one.snapshot === null || one.removed_at !== null) continue
    const { state, at } = standingOf(id, proofs)
    // Damage that could not be written down as a proof is no less true.
    const standing = state === 'unverified' && one.standing === 'failed' ? undefined : state
    const isSame = (standing === undefined || standing === one.standing) && snapshot.id === one.snapshot && one.missing_at === null
    if (isSame) continue
    await updateBackup(tx, id, {
      snapshot: snapshot.id,
      file_path: `${row.place}/snapshots/${snapshot.id}`,
      missing_at: null,
      ...(standing !== undefined && { standing, standing_at: at === null ? null : new Date(at) }),
    })
    if (known.has(id)) changed += 1
  }
  return changed
}

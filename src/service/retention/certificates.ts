import { Fault } from '#base/fault.ts'
import { signedWith, type Signed } from '#engine/repository/proof-key.ts'
import { readEnd } from '#service/audit/trail.store.ts'
import type { ListedBackup } from '#service/backups/backups.store.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { DeletedUnder } from '#service/catalog/tables.ts'
import type { House } from '#service/house.ts'
import { findCertificate, insertCertificate, repositoryIdOf, type StoredCertificate } from './certificates.store.ts'

/** What was removed, by whom, when and why. Whoever has the installation's public key verifies it without the installation. */
export interface DeletionCertificate {
  readonly kind: 'deletion-certificate'
  readonly format: 1
  readonly id: string
  readonly installation: string
  readonly backup: {
    readonly id: string
    readonly name: string
    readonly system: string
    readonly type: string
    readonly purpose: string
    readonly madeAt: string
    /** restic's id of it. */
    readonly snapshot: string | null
    /** SHA-256 of its manifest, which holds the hash of everything else that it held. */
    readonly checksum: string | null
    readonly bytes: number | null
  }
  readonly repository: { readonly id: string; readonly snapshots: readonly string[] }
  readonly deleted: { readonly at: string; readonly by: string; readonly reason: string }
  /** Null when somebody deleted it by hand. */
  readonly retention: DeletedUnder | null
  readonly removed: { readonly at: string; readonly run: string }
  readonly statement: string
}

const statement =
  'The backup was removed from its repository: nothing in it leads to what the backup held. What no other backup shares is erased from the storage when the repository is pruned.'

export interface Removal {
  readonly runId: string
  /** Of the backup and of what proved it; none when an earlier attempt had removed them. */
  readonly snapshots: readonly string[]
  readonly at: Date
}

/** In the transaction that notes the removal, before its event: signed with the trail's key. */
export async function writeCertificate(
  { random, trail }: Pick<House, 'random' | 'trail'>,
  tx: Tx,
  row: ListedBackup,
  { runId, snapshots, at }: Removal,
): Promise<Signed<DeletionCertificate>> {
  const generation = (await readEnd(tx)).head?.generation ?? 1
  const certificate = signedWith(trail.signing(generation), {
    kind: 'deletion-certificate',
    format: 1,
    id: random.uuid(),
    installation: trail.installation,
    backup: {
      id: row.id,
      name: row.name,
      system: row.system_name,
      type: row.type,
      purpose: row.purpose,
      madeAt: row.created_at.toISOString(),
      snapshot: row.snapshot,
      checksum: row.checksum,
      bytes: row.file_size_bytes,
    },
    repository: { id: await repositoryIdOf(tx, row.repository_id), snapshots },
    deleted: { at: row.deleted_at!.toISOString(), by: row.deleted_by ?? '', reason: row.delete_reason ?? '' },
    retention: row.deleted_under,
    removed: { at: at.toISOString(), run: runId },
    statement,
  } satisfies DeletionCertificate)
  await insertCertificate(tx, {
    id: certificate.id,
    tenant_id: row.tenant_id,
    backup_id: row.id,
    backup_name: row.name,
    system_name: row.system_name,
    removed_at: at,
    document: `${JSON.stringify(certificate, null, 2)}\n`,
  })
  return certificate
}

export async function knownCertificate(tx: Tx, id: string): Promise<StoredCertificate> {
  const row = await findCertificate(tx, id)
  if (!row) throw new Fault('NOT_FOUND', `there is no deletion certificate ${id}`)
  return row
}

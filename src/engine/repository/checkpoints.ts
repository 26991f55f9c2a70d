import { z } from 'zod'
import { isFault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import type { SnapshotId } from '#base/ids.ts'
import type { Storage } from '#engine/storage/storage.ts'
import { openKey } from './keys.ts'
import { owner } from './owner.ts'
import { signatureSchema } from './proof-key.ts'
import { removeOldest } from './remove-oldest.ts'
import type { Repository, Snapshot } from './repository.ts'
import { loadSnapshots } from './stored.ts'

/** What an installation's audit trail was at an instant, signed with its key. */
export const checkpointSchema = z.strictObject({
  kind: z.literal('audit-checkpoint'),
  format: z.literal(1),
  /** 32 hex digits. */
  installation: z.string().regex(/^[0-9a-f]{32}$/),
  /** Of the last event that it covers, and that event's hash. */
  seq: z.number().int().nonnegative(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  at: z.iso.datetime(),
  signature: signatureSchema,
})
export type SignedCheckpoint = z.infer<typeof checkpointSchema>

export interface StoredCheckpoint {
  readonly snapshot: SnapshotId
  readonly checkpoint: SignedCheckpoint
}

const checkpointTag = 'integrum-checkpoint'

/** A snapshot that carries a checkpoint is no backup, neither of ours nor of another program. */
export function isCheckpoint({ tags }: Pick<Snapshot, 'tags'>): boolean {
  return tags.includes(checkpointTag)
}

/**
 * Stores a copy beside the backups, out of reach of whoever has the catalog. It is a snapshot of an empty folder that says
 * all in its tags: nothing but its own small file is written, and it is read without the index.
 */
export async function recordCheckpoint(repository: Repository, checkpoint: SignedCheckpoint, signal?: AbortSignal): Promise<SnapshotId> {
  return await repository.write(
    { compressionLevel: 3 },
    async (session) => {
      const { hostname, username } = owner()
      const snapshot = {
        time: new Date(checkpoint.at),
        tree: await session.tree([], signal),
        paths: [`/audit-checkpoint/${checkpoint.installation}`],
        hostname,
        username,
        tags: tagsOf(checkpoint),
      }
      return await session.snapshot(snapshot, signal)
    },
    signal,
  )
}

/** Those among the snapshots, the oldest event first. One that says less than it should is none. */
export function checkpointsAmong(snapshots: readonly Snapshot[]): StoredCheckpoint[] {
  return snapshots
    .filter(isCheckpoint)
    .flatMap(({ id, tags }) => {
      const checkpoint = checkpointOf(tags)
      return checkpoint ? [{ snapshot: id, checkpoint }] : []
    })
    .toSorted((a, b) => a.checkpoint.seq - b.checkpoint.seq)
}

/** The same of a repository that is not open, without reading its index. REPOSITORY_PASSWORD and the like. */
export async function readCheckpoints(storage: Storage, password: string, signal?: AbortSignal): Promise<StoredCheckpoint[]> {
  const { key } = await openKey(storage, password, signal)
  const passOver = (error: unknown) => {
    // Forgotten since the listing, or damaged: `check` names it, and it says nothing of the trail.
    if (!isFault(error, 'STORAGE_NOT_FOUND') && !isFault(error, 'DAMAGE_SNAPSHOT')) throw error
  }
  return checkpointsAmong(await loadSnapshots({ storage, key }, passOver, signal))
}

/**
 * Removes all but the newest copies of an installation once there are twice as many: a newer one says what an older one
 * said. Returns how many went; none when the repository is in use, since the next time is soon enough.
 */
export async function trimCheckpoints(repository: Repository, installation: string, signal?: AbortSignal): Promise<number> {
  const older = async () => {
    const ours = checkpointsAmong(await repository.snapshots(signal)).filter(({ checkpoint }) => checkpoint.installation === installation)
    const isMany = ours.length > 2 * limits.auditCopiesKept
    return ours.slice(0, isMany ? -limits.auditCopiesKept : 0).map(({ snapshot }) => snapshot)
  }
  return await removeOldest(repository, older, signal)
}

function tagsOf({ installation, seq, hash, at, signature }: SignedCheckpoint): string[] {
  const members = { installation, seq, hash, at, key: signature.publicKey, signature: signature.value }
  return [checkpointTag, ...Object.entries(members).map(([name, value]) => `${name}=${value}`)]
}

function checkpointOf(tags: readonly string[]): SignedCheckpoint | undefined {
  const said = (name: string) => tags.find((tag) => tag.startsWith(`${name}=`))?.slice(name.length + 1)
  const read = checkpointSchema.safeParse({
    kind: 'audit-checkpoint',
    format: 1,
    installation: said('installation'),
    seq: Number(said('seq')),
    hash: said('hash'),
    at: said('at'),
    signature: { algorithm: 'ed25519', publicKey: said('key'), value: said('signature') },
  })
  return read.success ? read.data : undefined
}

import { z } from 'zod'
import { isFault } from '#base/fault.ts'
import type { SnapshotId } from '#base/ids.ts'
import { parse } from '#base/parse.ts'
import { owner } from './owner.ts'
import { isSignatureValid, proofPublicKey, signatureSchema, signProof, type Signed } from './proof-key.ts'
import { backupTagOf } from './proofs.ts'
import type { Repository, Snapshot } from './repository.ts'

const holdSchema = z.strictObject({
  kind: z.literal('hold'),
  format: z.literal(1),
  repositoryId: z.string(),
  id: z.uuid(),
  /** A hold that was released has a record of each. */
  state: z.enum(['placed', 'released']),
  /** One backup; or those of a system, made in [from, to). What is null bounds nothing. */
  backup: z.uuid().nullable(),
  system: z.string().nullable(),
  from: z.iso.datetime().nullable(),
  to: z.iso.datetime().nullable(),
  reason: z.string(),
  reference: z.string(),
  by: z.string(),
  at: z.iso.datetime(),
})
/** A legal hold, as it stands in the repository beside the backups that it keeps (SAFETY rule 28). */
export type HoldRecord = z.infer<typeof holdSchema>
export type NewHoldRecord = Omit<HoldRecord, 'kind' | 'format' | 'repositoryId'>

const signedSchema = holdSchema.extend({ signature: signatureSchema })

const holdTag = 'integrum-hold'
const documentTag = 'hold='

/** A snapshot that carries a hold is no backup, neither of ours nor of another program. */
export function isHoldRecord({ tags }: Pick<Snapshot, 'tags'>): boolean {
  return tags.includes(holdTag)
}

/** Signs and stores it: a snapshot of an empty folder that says all in its tags, so that it is read without the index. */
export async function recordHold(repository: Repository, hold: NewHoldRecord, signal?: AbortSignal): Promise<SnapshotId> {
  const signed = signProof(repository, { kind: 'hold', format: 1, repositoryId: repository.id, ...hold } as const)
  return await repository.write(
    { compressionLevel: 3 },
    async (session) => {
      const { hostname, username } = owner()
      // restic separates tags by commas, and base64url has none.
      const tags = [holdTag, `${documentTag}${Buffer.from(JSON.stringify(signed)).toString('base64url')}`]
      const tree = await session.tree([], signal)
      return await session.snapshot({ time: new Date(hold.at), tree, paths: [`/hold/${hold.id}`], hostname, username, tags }, signal)
    },
    signal,
  )
}

/** Every record that this repository's key signed; one that was changed, or that somebody else wrote, is none. */
export function holdRecordsAmong(repository: Repository, snapshots: readonly Snapshot[]): HoldRecord[] {
  return snapshots.filter(isHoldRecord).flatMap(({ tags }) => {
    const hold = parseTags(tags)
    if (!hold || hold.repositoryId !== repository.id || hold.signature.publicKey !== proofPublicKey(repository)) return []
    if (!isSignatureValid(hold)) return []
    const { signature: _signature, ...record } = hold
    return [record]
  })
}

/** Those that nobody has released. */
export function holdsInForce(records: readonly HoldRecord[]): HoldRecord[] {
  const released = new Set(records.filter(({ state }) => state === 'released').map(({ id }) => id))
  const placed = new Map(records.filter(({ state }) => state === 'placed').map((hold) => [hold.id, hold]))
  return [...placed.values()].filter(({ id }) => !released.has(id))
}

/** Why each of the backups that are held must stay. */
export function heldAmong(holds: readonly HoldRecord[], snapshots: readonly Snapshot[]): ReadonlyMap<SnapshotId, string> {
  return new Map(
    snapshots.flatMap((snapshot) => {
      const references = holds.filter((hold) => covers(hold, snapshot)).map(({ reference }) => `legal hold ${reference}`)
      return references.length > 0 ? [[snapshot.id, references.join('; ')] as const] : []
    }),
  )
}

function covers({ backup, system, from, to }: HoldRecord, snapshot: Snapshot): boolean {
  if (backup !== null) return backupTagOf(snapshot) === backup
  if (!snapshot.tags.includes('integrum') || (system !== null && !snapshot.tags.includes(`system=${system}`))) return false
  return (from === null || snapshot.time >= new Date(from)) && (to === null || snapshot.time < new Date(to))
}

function parseTags(tags: readonly string[]): Signed<HoldRecord> | undefined {
  const text = tags.find((tag) => tag.startsWith(documentTag))?.slice(documentTag.length) ?? ''
  try {
    return parse(signedSchema, Buffer.from(text, 'base64url').toString('utf8'), 'a hold')
  } catch (error) {
    if (!isFault(error, 'INPUT_INVALID')) throw error
    return undefined
  }
}

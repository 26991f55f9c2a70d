import { z } from 'zod'
import { isFault } from '#base/fault.ts'
import type { BackupId, SnapshotId } from '#base/ids.ts'
import { parse } from '#base/parse.ts'
import { byteStringOf } from '#engine/byte-string.ts'
import { madeNode } from '#engine/made-node.ts'
import { isSignatureValid, proofPublicKey, signatureSchema, type Signed } from './proof-key.ts'
import { owner } from './owner.ts'
import type { Repository, Snapshot } from './repository.ts'

/** What every proof says, whatever else it holds. */
export const proofHeadSchema = z.object({
  format: z.literal(1),
  /** A drill restored the backup; a verify read all of it and compared it with its manifest. */
  kind: z.enum(['drill', 'verify']),
  id: z.uuid(),
  repositoryId: z.string(),
  /** `tree` names all content of the backup, and stays the same whatever tags its snapshot gets. */
  backup: z.looseObject({ id: z.uuid(), system: z.string(), tree: z.string() }),
  endedAt: z.iso.datetime(),
  outcome: z.enum(['proven', 'intact', 'failed']),
  /** For `failed`: true when the bytes or rows of the backup were wrong, false when the machine could not do it. */
  isBackupAtFault: z.boolean(),
})
export type ProofHead = z.infer<typeof proofHeadSchema>

const signedSchema = z.looseObject({ ...proofHeadSchema.shape, signature: signatureSchema })
export type SignedProof = z.infer<typeof signedSchema>

export interface Proof {
  readonly snapshot: SnapshotId
  readonly document: SignedProof
}

/** A record that looks like a proof and is none: it counts for nothing, and is named. */
export interface RefusedProof {
  readonly snapshot: SnapshotId
  readonly backup: string
  readonly fact: string
}

export interface Proofs {
  /** Oldest first. */
  readonly held: readonly Proof[]
  readonly refused: readonly RefusedProof[]
}

const proofTag = 'integrum-proof'
const fileName = byteStringOf('proof.json')

/** A snapshot that holds a proof is no backup, neither of ours nor of another program. */
export function isProof({ tags }: Pick<Snapshot, 'tags'>): boolean {
  return tags.includes(proofTag)
}

/** The uuid of the backup that a snapshot is, or is the proof of. */
export function backupTagOf({ tags }: Pick<Snapshot, 'tags'>): string {
  return tags.find((tag) => tag.startsWith('backup='))?.slice('backup='.length) ?? ''
}

/** Stores a signed proof beside the backups, as a small snapshot of its own (SAFETY rule 28). */
export async function recordProof(repository: Repository, proof: Signed<ProofHead>, signal?: AbortSignal): Promise<SnapshotId> {
  return await repository.write(
    { compressionLevel: 3 },
    async (session) => {
      const time = new Date(proof.endedAt)
      const { content, sizeBytes } = await session.content([Buffer.from(`${JSON.stringify(proof, null, 2)}\n`)], signal)
      const tree = await session.tree([{ ...madeNode(time), name: fileName, type: 'file', mode: 0o640, content, sizeBytes }], signal)
      const { hostname, username } = owner()
      const tags = [proofTag, `proof=${proof.kind}`, `system=${proof.backup.system}`, `backup=${proof.backup.id}`]
      return await session.snapshot({ time, tree, paths: [`/proof/${proof.backup.id}`], hostname, username, tags }, signal)
    },
    signal,
  )
}

/** Reads every proof among the snapshots, and believes those that this repository's key signed for a backup that is as it was. */
export async function readProofs(repository: Repository, snapshots: readonly Snapshot[], signal?: AbortSignal): Promise<Proofs> {
  const held: Proof[] = []
  const refused: RefusedProof[] = []
  const trees = new Map(snapshots.filter((snapshot) => !isProof(snapshot)).map((snapshot) => [backupTagOf(snapshot), snapshot.tree]))
  for (const snapshot of snapshots.filter(isProof)) {
    const backup = backupTagOf(snapshot)
    const read = await readProof(repository, snapshot, signal)
    const fact = typeof read === 'string' ? read : refusalOf(repository, read, { backup, tree: trees.get(backup) })
    if (typeof read === 'string' || fact !== undefined) refused.push({ snapshot: snapshot.id, backup, fact: fact ?? '' })
    else held.push({ snapshot: snapshot.id, document: read })
  }
  return { held: held.toSorted((a, b) => (a.document.endedAt < b.document.endedAt ? -1 : 1)), refused }
}

/** A signed document out of text. INPUT_INVALID when it is none. */
export function parseProof(text: string, what: string): SignedProof {
  return parse(signedSchema, text, what)
}

async function readProof(repository: Repository, snapshot: Snapshot, signal?: AbortSignal): Promise<SignedProof | string> {
  try {
    const node = (await repository.tree(snapshot.tree, signal)).find(({ name }) => name === fileName)
    const parts = await Array.fromAsync(repository.read(node?.content ?? [], signal), (part) => Buffer.from(part))
    return parseProof(Buffer.concat(parts).toString('utf8'), 'the proof')
  } catch (error) {
    if (!isFault(error) || !(error.isDamage || error.code === 'INPUT_INVALID')) throw error
    return `it cannot be read: ${error.message}`
  }
}

function refusalOf(
  repository: Repository,
  proof: SignedProof,
  { backup, tree }: { readonly backup: string; readonly tree: string | undefined },
): string | undefined {
  if (!isSignatureValid(proof)) return 'its signature does not hold: it was changed after it was signed'
  if (proof.signature.publicKey !== proofPublicKey(repository)) return 'it is signed by another key than that of this repository'
  if (proof.repositoryId !== repository.id || proof.backup.id !== backup) return 'it is about another backup than its snapshot says'
  if (tree !== undefined && proof.backup.tree !== tree) return 'the backup is no longer the one that it is about'
  return undefined
}

/** What is known of a backup (GLOSSARY, "Statuses"). */
export interface BackupStanding {
  readonly state: 'unverified' | 'intact' | 'proven' | 'failed'
  /** Of the proof that says so. */
  readonly at: string | null
  readonly proof: Proof | null
}

/**
 * What its proofs say of a backup. One that was found wrong is so until a later proof says otherwise; a drill that the
 * machine could not carry out says nothing. A drill says more than a verify.
 */
export function standingOf(backup: BackupId | string, { held }: Proofs): BackupStanding {
  const said = held.filter(({ document }) => document.backup.id === backup && (document.outcome !== 'failed' || document.isBackupAtFault))
  const afterFailure = said.slice(said.findLastIndex(({ document }) => document.outcome === 'failed') + 1)
  const proof =
    afterFailure.findLast(({ document }) => document.outcome === 'proven') ??
    afterFailure.findLast(({ document }) => document.outcome === 'intact') ??
    said.at(-1)
  if (!proof) return { state: 'unverified', at: null, proof: null }
  return { state: proof.document.outcome, at: proof.document.endedAt, proof }
}

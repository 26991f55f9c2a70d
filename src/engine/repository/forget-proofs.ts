import type { SnapshotId } from '#base/ids.ts'
import type { ForgetDecision, ForgetRequest } from './forget-decision.ts'
import { backupTagOf, isProof, type Proofs } from './proofs.ts'
import type { Snapshot } from './repository.ts'

export interface ProofChoice {
  /** What becomes of the backups. */
  readonly decided: readonly ForgetDecision[]
  readonly snapshots: readonly Snapshot[]
  readonly proofs: Proofs
}

/** A proof is kept as long as what it proves. A verify that a later one repeats is not: it is run every night. */
export function decideProofs(request: ForgetRequest, { decided, snapshots, proofs }: ProofChoice): ForgetDecision[] {
  const backupsOf = (act: ForgetDecision['act']) => new Set(decided.filter((decision) => decision.act === act).map(backupTagOf))
  const kept = backupsOf('keep')
  const going = backupsOf('forget')
  const repeated = repeatedProofs(proofs)
  const reasonToGo = (snapshot: Snapshot): string | undefined => {
    const backup = backupTagOf(snapshot)
    if (!kept.has(backup) && going.has(backup)) return 'what it proves goes'
    if (request.kind === 'chosen') return undefined
    if (!kept.has(backup)) return 'what it proves is gone'
    return repeated.has(snapshot.id) ? 'a newer one says the same' : undefined
  }
  const refused = new Map(proofs.refused.map(({ snapshot, fact }) => [snapshot, fact]))
  return snapshots.filter(isProof).map((snapshot): ForgetDecision => {
    const { id, time, tags } = snapshot
    const reason = reasonToGo(snapshot)
    if (reason !== undefined) return { snapshot: id, time, tags, act: 'forget', reasons: [reason] }
    const fact = refused.get(id)
    return { snapshot: id, time, tags, act: 'keep', reasons: [fact === undefined ? 'its backup stays' : `ignored: ${fact}`] }
  })
}

function repeatedProofs({ held }: Proofs): ReadonlySet<SnapshotId> {
  const said = new Set<string>()
  const repeated = new Set<SnapshotId>()
  for (const { snapshot, document } of held.toReversed()) {
    if (document.kind !== 'verify') continue
    const what = `${document.backup.id} ${document.outcome}`
    if (said.has(what)) repeated.add(snapshot)
    said.add(what)
  }
  return repeated
}

import { throwIfCancelled } from '#base/clock.ts'
import { limits } from '#base/limits.ts'
import type { SignedCheckpoint } from '#engine/repository/checkpoints.ts'
import type { Catalog } from '#service/catalog/catalog.ts'
import { everything } from '#service/catalog/scope.ts'
import { headSchema } from './statements.ts'
import { publicKeysOf, type TrailKeys } from './trail-keys.ts'
import { TrailVerifier, type TrailReport } from './trail-verifier.ts'
import { readCheckpointRows, readEnd, readEvents, type TrailEnd } from './trail.store.ts'

/** A checkpoint that lies elsewhere: whoever changed the catalog did not change it there. */
export interface OutsideCheckpoint {
  /** `repository main`. */
  readonly source: string
  readonly checkpoint: SignedCheckpoint
}

export interface CatalogTrail {
  readonly catalog: Catalog
  readonly trail: TrailKeys
  readonly outside?: readonly OutsideCheckpoint[]
  /** What is known to be whole: it is not read again. */
  readonly after?: { readonly seq: number; readonly hash: string }
}

/** Reads the whole trail, a batch at a time, and says which event is wrong. Events that are written meanwhile are not looked at. */
export async function verifyCatalog(
  { catalog, trail, outside = [], after: known }: CatalogTrail,
  signal: AbortSignal,
): Promise<TrailReport> {
  const end = await catalog.as(everything, readEnd)
  const verifier = new TrailVerifier({
    installation: trail.installation,
    publicKeys: publicKeysOf(trail, end.head?.generation ?? 1),
    stamp: (hash) => trail.stamp(hash),
    ...(known && { after: { seq: known.seq, hash: known.hash } }),
  })
  const last = end.lastSeq
  const waiting = outside.toSorted((a, b) => a.checkpoint.seq - b.checkpoint.seq)
  for (let after = known?.seq ?? 0; after < last; after = verifier.lastSeq) {
    throwIfCancelled(signal)
    const events = await catalog.as(everything, (tx) => readEvents(tx, { after, last, limit: limits.auditBatchEvents }))
    if (events.length === 0) break
    const { installation } = trail
    const until = events.at(-1)!.event.seq
    const checkpoints = await catalog.as(everything, (tx) => readCheckpointRows(tx, { installation, after, last: until }))
    for (const { stamp, ...link } of events) {
      verifier.event(link, stamp)
      const { seq } = link.event
      while (checkpoints[0] && checkpoints[0].seq <= seq) verifier.checkpoint(checkpoints.shift()!)
      while (waiting[0] && waiting[0].checkpoint.seq <= seq) lookAt(verifier, waiting.shift()!)
    }
  }
  const beyond = { installation: trail.installation, after: verifier.lastSeq, last: end.lastCheckpoint }
  for (const checkpoint of await catalog.as(everything, (tx) => readCheckpointRows(tx, beyond))) verifier.checkpoint(checkpoint)
  for (const one of waiting) lookAt(verifier, one)
  lookAtHead(verifier, end)
  return verifier.report()
}

function lookAt(verifier: TrailVerifier, { checkpoint, source }: OutsideCheckpoint): void {
  verifier.checkpoint(checkpoint, source)
}

function lookAtHead(verifier: TrailVerifier, { head, lastSeq }: TrailEnd): void {
  if (!head) return verifier.find('statement', 'the row that says where the trail ends is gone')
  if (head.seq === 0 && head.signed === null && lastSeq === 0) return
  const signed = headSchema.safeParse(head.signed)
  if (!signed.success) return verifier.find('statement', 'the end of the trail is not signed')
  if (signed.data.seq !== head.seq || signed.data.hash !== head.hash)
    verifier.find('statement', `the end of the trail was moved to event ${head.seq}: it was signed for event ${signed.data.seq}`)
  verifier.head(signed.data)
}

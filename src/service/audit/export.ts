import { Fault } from '#base/fault.ts'
import { throwIfCancelled } from '#base/clock.ts'
import { limits } from '#base/limits.ts'
import { signedWith } from '#engine/repository/proof-key.ts'
import { everything, type Scope } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { contentHashOf, noHash, type AuditEvent } from './audit-event.ts'
import { headSchema, type ExportHeader, type ExportLine, type SignedHead } from './statements.ts'
import { publicKeysOf } from './trail-keys.ts'
import { checkpointAtOrAfter, hashOfSeq, readCheckpointRows, readEnd, readEvents, seqsBetween } from './trail.store.ts'

export interface ExportRequest {
  readonly scope: Scope
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** Who asks. */
  readonly by: string
}

/** What will be written, decided before the first byte. */
export interface ExportPlan {
  readonly header: ExportHeader
  /** Signed when its event was written; undefined when the export ends before it. */
  readonly head: SignedHead | undefined
  readonly isShown: (event: AuditEvent) => boolean
}

/**
 * From the first event asked for to the last, and on to the next signed statement about them, so that the whole of it is
 * covered. INPUT_INVALID when nothing lies in the time asked for.
 */
export async function planExport({ catalog, clock, trail }: House, { scope, from, to, by }: ExportRequest): Promise<ExportPlan> {
  return await catalog.as(everything, async (tx) => {
    const end = await readEnd(tx)
    const [lower, upper] = [from, to].map((text) => (text === undefined ? undefined : new Date(text)))
    const range = await seqsBetween(tx, { from: lower, to: upper, last: end.lastSeq })
    if (!range) throw new Fault('INPUT_INVALID', 'no event lies between these instants', { field: from === undefined ? 'to' : 'from' })
    const firstSeq = from === undefined ? 1 : range.first
    const lastSeq = (to === undefined ? undefined : await checkpointAtOrAfter(tx, range.last)) ?? end.lastSeq
    const head = headSchema.safeParse(end.head?.signed)
    const generation = end.head?.generation ?? 1
    const header = signedWith(trail.signing(generation), {
      kind: 'audit-export' as const,
      format: 1 as const,
      installation: trail.installation,
      firstSeq,
      lastSeq,
      previousHash: firstSeq === 1 ? noHash : ((await hashOfSeq(tx, firstSeq - 1)) ?? noHash),
      lastHash: (await hashOfSeq(tx, lastSeq)) ?? noHash,
      from: from ?? null,
      to: to ?? null,
      tenants: scope.kind === 'all' ? null : [...scope.ids],
      keys: publicKeysOf(trail, generation),
      at: clock.now().toISOString(),
      by,
    })
    const isInTime = ({ at }: AuditEvent) => (!lower || new Date(at) >= lower) && (!upper || new Date(at) <= upper)
    const isVisible = ({ tenantId }: AuditEvent) => scope.kind === 'all' || (tenantId !== null && scope.ids.includes(tenantId))
    return {
      header,
      head: head.success && head.data.seq === lastSeq ? head.data : undefined,
      isShown: (event) => isVisible(event) && isInTime(event),
    }
  })
}

/** The lines of it, a batch at a time. */
export async function* exportLines({ catalog, trail }: House, plan: ExportPlan, signal: AbortSignal): AsyncIterable<string> {
  const { firstSeq, lastSeq } = plan.header
  yield `${JSON.stringify(plan.header)}\n`
  let after = firstSeq - 1
  while (after < lastSeq) {
    throwIfCancelled(signal)
    const events = await catalog.as(everything, (tx) => readEvents(tx, { after, last: lastSeq, limit: limits.auditBatchEvents }))
    if (events.length === 0) break
    const until = events.at(-1)!.event.seq
    const place = { installation: trail.installation, after, last: until }
    const checkpoints = await catalog.as(everything, (tx) => readCheckpointRows(tx, place))
    const lines: ExportLine[] = []
    for (const { event, previousHash, hash } of events) {
      if (plan.isShown(event)) lines.push({ kind: 'event', event, previousHash, hash })
      else lines.push({ kind: 'other', seq: event.seq, contentHash: contentHashOf(event) })
      while (checkpoints[0] && checkpoints[0].seq <= event.seq) lines.push(checkpoints.shift()!)
    }
    yield lines.map((line) => `${JSON.stringify(line)}\n`).join('')
    after = until
  }
  if (plan.head) yield `${JSON.stringify(plan.head)}\n`
}

import { z } from 'zod'
import { Fault } from '#base/fault.ts'
import { parse, parseValue } from '#base/parse.ts'
import type { BodyOf } from '#contract/endpoint.ts'
import type { channels, ChannelView, Digest } from '#contract/channels.ts'
import type { Scope, Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { nextRuns } from '#service/schedules/cron.ts'
import { tenantFor } from '#service/tenants/tenant-for.ts'
import { channelKinds } from './channel-kinds.ts'
import type { AnyChannelKind, Document } from './channel-kind.ts'
import { channelRow, lockChannelRow, type CountedChannel, type StoredChannel } from './channels.store.ts'

type ChannelBody = BodyOf<typeof channels.edit>

/** A channel as it is used: its kind, and what that asked for. */
export interface OpenChannel {
  readonly kind: AnyChannelKind
  readonly settings: Document
  readonly secrets: Document
}

/** INPUT_INVALID for a kind that there is not. */
export function kindNamed(name: string): AnyChannelKind {
  const kind = channelKinds.find((one) => one.name === name)
  if (!kind) throw new Fault('INPUT_INVALID', `there is no kind of channel named "${name.slice(0, 40)}"`, { field: 'kind' })
  return kind
}

/** Parsed by its kind; a secret that is not given stays what it was, where the settings still lead to whom it was given for. */
export function openChannel(kind: AnyChannelKind, given: Pick<ChannelBody, 'settings' | 'secrets'>, before?: OpenChannel): OpenChannel {
  const { settings } = parsed(z.object({ settings: kind.settings }), { settings: given.settings })
  const kept = before && kind.keepsSecrets(before.settings, settings) ? before.secrets : {}
  const { secrets } = parsed(z.object({ secrets: kind.secrets }), { secrets: { ...kept, ...given.secrets } })
  return { kind, settings, secrets }
}

function parsed<T>(schema: z.ZodType<T>, value: unknown): T {
  return parseValue(schema, value, 'the channel')
}

export function unsealedChannel({ sealing }: House, row: StoredChannel): OpenChannel {
  const secrets = parse(z.record(z.string(), z.unknown()), sealing.unseal(row.secrets_sealed, useOf(row.id)), 'the secrets of a channel')
  return openChannel(kindNamed(row.kind), { settings: row.settings, secrets })
}

/** What a channel's row says of the wish. */
export function columnsOf(
  { sealing, clock }: House,
  id: string,
  { body, open, before }: { readonly body: ChannelBody; readonly open: OpenChannel; readonly before?: StoredChannel },
) {
  const now = clock.now()
  const next = body.digest && body.isActive ? nextDigest(body.digest, now) : null
  const hadDigest = before !== undefined && before.digest_next_at !== null
  return {
    name: body.name,
    settings: JSON.stringify(open.settings),
    secrets_sealed: sealing.seal(JSON.stringify(open.secrets), useOf(id)),
    is_active: body.isActive,
    notice_kinds: body.noticeKinds,
    severity_least: body.severityLeast,
    digest: body.digest && JSON.stringify(body.digest),
    // One that is asked for anew tells of what happens from now on.
    digest_since: hadDigest ? before.digest_since : now,
    digest_next_at: next,
    changed_at: now,
  }
}

/** INPUT_INVALID for a time zone that there is not. */
export function nextDigest({ time, timeZone }: Digest, after: Date): Date {
  const [hour, minute] = time.split(':').map(Number)
  const [next] = nextRuns(`${minute} ${hour} * * *`, timeZone, { after, count: 1 })
  return next!
}

/** Null: of the whole installation, for whoever administers all of it and names no tenant. */
export async function tenantOfNew(tx: Tx, scope: Scope, given: string | null | undefined): Promise<string | null> {
  if (scope.kind === 'all' && (given === undefined || given === null)) return null
  if (given === null)
    throw new Fault('INPUT_INVALID', 'a channel of the whole installation is made by an administrator of all of it', { field: 'tenantId' })
  return await tenantFor(tx, scope, given)
}

/** NOT_FOUND, also for those of others and for removed ones. */
export async function lockedChannel(tx: Tx, id: string): Promise<StoredChannel> {
  return (await lockChannelRow(tx, id)) ?? notFound(id)
}

export async function knownChannel(tx: Tx, id: string): Promise<CountedChannel> {
  return (await channelRow(tx, id)) ?? notFound(id)
}

function notFound(id: string): never {
  throw new Fault('NOT_FOUND', `there is no channel ${id}`)
}

export function channelView(house: House, row: CountedChannel): ChannelView {
  const { kind, settings, secrets } = unsealedChannel(house, row)
  return {
    id: row.id,
    tenantId: row.tenant_id,
    name: row.name,
    kind: row.kind,
    settings: row.settings,
    place: kind.place(settings, secrets),
    isActive: row.is_active,
    noticeKinds: row.notice_kinds,
    severityLeast: row.severity_least,
    digest: row.digest,
    digestNextAt: row.digest_next_at?.toISOString() ?? null,
    state: stateOf(row),
    deliveredAt: row.delivered_at?.toISOString() ?? null,
    failingSince: row.failing_since?.toISOString() ?? null,
    lastFault: row.last_fault,
    waiting: row.waiting,
    givenUp: row.given_up,
    createdAt: row.created_at.toISOString(),
    changedAt: row.changed_at.toISOString(),
  }
}

function stateOf({ failing_since: failingSince, delivered_at: deliveredAt, waiting }: CountedChannel): ChannelView['state'] {
  if (failingSince !== null) return waiting > 0 ? 'failing' : 'given-up'
  return deliveredAt === null ? 'untried' : 'well'
}

/** For the trail: secrets are never in it. */
export function settingsOf(
  row: Pick<StoredChannel, 'name' | 'kind' | 'settings' | 'is_active' | 'notice_kinds' | 'severity_least' | 'digest'>,
) {
  const { name, kind, settings, is_active: isActive, notice_kinds: kinds, severity_least: severityLeast, digest } = row
  return { name, kind, settings, isActive, noticeKinds: kinds, severityLeast, digest }
}

/** Secrets of one channel open for no other. */
function useOf(id: string): string {
  return `notice-channel:${id}`
}

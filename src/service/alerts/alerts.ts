import { Fault } from '#base/fault.ts'
import { noticeKinds, type NoticeKind } from '#contract/notice-kinds.ts'
import type { Tx } from '#service/catalog/scope.ts'
import { publish } from '#service/events/events.ts'
import type { House } from '#service/house.ts'
import type { Occasion } from './alert-tables.ts'
import { alertsSeenBefore, closeAlert, insertAlert, insertNotice, updateAlert, type StoredAlert } from './alerts.store.ts'

/** What people are told. No secrets and no patient data: it leaves the house by mail. */
export interface Told {
  readonly kind: NoticeKind
  /** Null: of the whole installation, and only in a transaction of scope `everything`. */
  readonly tenantId: string | null
  readonly systemId?: string | null
  readonly subject?: { readonly kind: string; readonly id: string; readonly name?: string }
  readonly fact: string
  /** What to do now. */
  readonly hint: string
  readonly facts?: Readonly<Record<string, unknown>>
}

/**
 * Opens an alert about `concerns` (the id of a system, a backup, a repository), or notes that it still is so: people are told
 * once, when it opens. It stays open until `settleAlert`.
 */
export async function raiseAlert(house: Teller, tx: Tx, { concerns, ...told }: Told & { readonly concerns: string }): Promise<void> {
  const at = house.clock.now()
  const { severity } = noticeKinds[told.kind]
  const alert = await insertAlert(tx, {
    id: house.random.uuid(),
    ...columnsOf(told),
    key: keyOf(told.kind, concerns),
    severity,
    opened_at: at,
    seen_at: at,
  })
  if (alert.isNew) await announce(house, tx, { told, occasion: 'opened', alert })
}

/** Closes the open alert about it, if there is one, and tells people. */
export async function settleAlert(
  house: Teller,
  tx: Tx,
  { kind, concerns, because }: { readonly kind: NoticeKind; readonly concerns: string; readonly because: string },
): Promise<void> {
  const alert = await closeAlert(tx, { key: keyOf(kind, concerns), at: house.clock.now(), because })
  if (alert) await announce(house, tx, { told: { ...toldBy(alert), hint: because }, occasion: 'settled', alert })
}

/** Closes those of a kind that were not found so again since then, and tells people. */
export async function settleQuiet(
  house: Teller,
  tx: Tx,
  { kind, quietSince, because }: { readonly kind: NoticeKind; readonly quietSince: Date; readonly because: string },
): Promise<void> {
  for (const { key } of await alertsSeenBefore(tx, kind, quietSince))
    await settleAlert(house, tx, { kind, concerns: key.slice(keyOf(kind, '').length), because })
}

/** Closes this one, whatever it is about: what was found so may be found again. ALERT_SETTLED when it is closed. */
export async function settleByHand(
  house: Teller,
  tx: Tx,
  { alert, because }: { readonly alert: StoredAlert; readonly because: string },
): Promise<void> {
  assertOpen(alert)
  await updateAlert(tx, alert.id, { settled_at: house.clock.now(), settled_because: because })
  await announce(house, tx, { told: { ...toldBy(alert), hint: because }, occasion: 'settled', alert })
}

/** Somebody takes care of it: people are not told of it again. ALERT_SETTLED when it is closed. */
export async function acknowledgeAlert(
  house: Teller,
  tx: Tx,
  { alert, by, note }: { readonly alert: StoredAlert; readonly by: string; readonly note: string },
): Promise<void> {
  assertOpen(alert)
  const at = house.clock.now()
  await updateAlert(tx, alert.id, { acknowledged_at: at, acknowledged_by: by, acknowledged_note: note })
  await publishAlert(tx, { told: toldBy(alert), occasion: 'acknowledged', id: alert.id, at })
}

/** Tells people once more that it is open. */
export async function repeatAlert(house: Teller, tx: Tx, alert: StoredAlert): Promise<void> {
  await updateAlert(tx, alert.id, { told_at: house.clock.now() })
  await announce(house, tx, { told: toldBy(alert), occasion: 'repeated', alert })
}

/** Of what happened, and nobody need settle. */
export async function tell(house: Teller, tx: Tx, told: Told): Promise<void> {
  await announce(house, tx, { told, occasion: 'happened' })
}

type Teller = Pick<House, 'clock' | 'random'>

function keyOf(kind: NoticeKind, concerns: string): string {
  return `${kind}:${concerns}`
}

function toldBy(alert: StoredAlert): Told {
  return {
    kind: alert.kind,
    tenantId: alert.tenant_id,
    systemId: alert.system_id,
    ...(alert.subject_kind !== null && {
      subject: { kind: alert.subject_kind, id: alert.subject_id!, ...(alert.subject_name !== null && { name: alert.subject_name }) },
    }),
    fact: alert.fact,
    hint: alert.hint,
    facts: alert.facts,
  }
}

function columnsOf({ kind, tenantId, systemId, subject, fact, hint, facts }: Told) {
  return {
    kind,
    tenant_id: tenantId,
    system_id: systemId ?? null,
    subject_kind: subject?.kind ?? null,
    subject_id: subject?.id ?? null,
    subject_name: subject?.name ?? null,
    fact,
    hint,
    facts: JSON.stringify(facts ?? {}),
  }
}

interface Announcement {
  readonly told: Told
  readonly occasion: Occasion
  readonly alert?: StoredAlert
}

async function announce(house: Teller, tx: Tx, { told, occasion, alert }: Announcement): Promise<void> {
  const at = house.clock.now()
  const { severity } = noticeKinds[told.kind]
  const id = house.random.uuid()
  await insertNotice(tx, { id, ...columnsOf(told), severity, occasion, alert_id: alert?.id ?? null, at })
  await publishAlert(tx, { told, occasion, id: alert?.id ?? id, at })
}

interface Published {
  readonly told: Told
  readonly occasion: Occasion | 'acknowledged'
  readonly id: string
  readonly at: Date
}

async function publishAlert(tx: Tx, { told, occasion, id, at }: Published): Promise<void> {
  const { kind, tenantId, fact, systemId = null } = told
  const { severity } = noticeKinds[kind]
  await publish(tx, { tenantId, kind: `alert.${occasion}`, subjectId: id, body: { kind, severity, fact, systemId }, at })
}

function assertOpen({ id, settled_at: settledAt }: StoredAlert): void {
  if (settledAt !== null) throw new Fault('ALERT_SETTLED', `alert ${id} was settled at ${settledAt.toISOString()}`)
}

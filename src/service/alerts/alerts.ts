import { noticeKinds, type NoticeKind } from '#contract/notice-kinds.ts'
import type { Tx } from '#service/catalog/scope.ts'
import { publish } from '#service/events/events.ts'
import type { House } from '#service/house.ts'
import { closeAlert, insertAlert, insertNotice, type StoredAlert } from './alerts.store.ts'

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
  readonly occasion: 'opened' | 'settled' | 'happened'
  readonly alert?: StoredAlert
}

async function announce(house: Teller, tx: Tx, { told, occasion, alert }: Announcement): Promise<void> {
  const at = house.clock.now()
  const { severity } = noticeKinds[told.kind]
  const id = house.random.uuid()
  await insertNotice(tx, { id, ...columnsOf(told), severity, occasion, alert_id: alert?.id ?? null, at })
  await publish(tx, {
    tenantId: told.tenantId,
    kind: `alert.${occasion}`,
    subjectId: alert?.id ?? id,
    body: { kind: told.kind, severity, fact: told.fact, systemId: told.systemId ?? null },
    at,
  })
}

import { noticeKinds, type NoticeKind, type Severity } from '#contract/notice-kinds.ts'
import type { Occasion } from '#service/alerts/alert-tables.ts'
import { unreachable } from '#base/unreachable.ts'
import type { Message } from './channel-kind.ts'

/** A notice with the names that people know things by. */
export interface NamedNotice {
  readonly id: string
  readonly tenant_id: string | null
  readonly tenant_title: string | null
  readonly kind: NoticeKind
  readonly severity: Severity
  readonly occasion: Occasion
  readonly alert_id: string | null
  readonly opened_at: Date | null
  readonly system_id: string | null
  readonly system_name: string | null
  readonly subject_kind: string | null
  readonly subject_id: string | null
  readonly subject_name: string | null
  readonly fact: string
  readonly hint: string
  readonly at: Date
}

/** What goes out of a notice: its words, never its `facts`. */
export function noticeMessage(notice: NamedNotice, publicUrl: string | undefined): Message {
  const { kind, severity, occasion, system_name: system, tenant_title: tenant, at } = notice
  const [fact, hint] = [withoutTyped(notice.fact, notice), withoutTyped(notice.hint, notice)]
  const { title } = noticeKinds[kind]
  return {
    severity,
    subject: `[Integrum] ${mark(notice)}: ${title}${system === null ? '' : ` (${system})`}`,
    lines: [
      `${capital(fact)}.`,
      hint,
      '',
      ...(system === null ? [] : [`System: ${system}`]),
      ...(tenant === null ? [] : [`Organization: ${tenant}`]),
      `At: ${printed(at)}`,
      ...(occasion === 'repeated' && notice.opened_at ? [`Open since: ${printed(notice.opened_at)}`] : []),
      ...(notice.alert_id === null ? [] : [`Alert: ${notice.alert_id}`]),
      ...(publicUrl === undefined ? [] : [publicUrl]),
    ],
    thread: notice.alert_id,
    notice: {
      noticeId: notice.id,
      alertId: notice.alert_id,
      kind,
      occasion,
      title,
      fact,
      hint,
      tenantId: notice.tenant_id,
      systemId: notice.system_id,
      systemName: system,
      at: at.toISOString(),
    },
  }
}

/** A backup is named by whoever asks for it, after a patient perhaps: outside it goes by its id. */
export function withoutTyped(
  text: string,
  { subject_kind: kind, subject_id: id, subject_name: name }: Pick<NamedNotice, 'subject_kind' | 'subject_id' | 'subject_name'>,
): string {
  return kind === 'backup' && id !== null && name !== null && name !== '' ? text.replaceAll(name, id) : text
}

function mark({ occasion, severity }: NamedNotice): string {
  switch (occasion) {
    case 'opened':
    case 'happened':
      return severity === 'info' ? 'For information' : capital(severity)
    case 'repeated':
      return `Still open, ${severity}`
    case 'settled':
      return 'Settled'
    default:
      return unreachable(occasion)
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

export function printed(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

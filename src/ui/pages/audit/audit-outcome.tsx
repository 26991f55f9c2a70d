import type { AuditEventView } from '#contract/audit.ts'
import { Badge } from '#ui/parts/tone.tsx'

export function Outcome({ outcome }: Pick<AuditEventView, 'outcome'>) {
  return outcome === 'done' ? <Badge tone="good">Done</Badge> : <Badge tone="warning">Refused</Badge>
}

import type { HoldView } from '#contract/holds.ts'
import { Badge } from '#ui/parts/tone.tsx'

export function HoldState({ releasedAt }: Pick<HoldView, 'releasedAt'>) {
  return releasedAt === null ? <Badge tone="warning">Open</Badge> : <Badge tone="neutral">Released</Badge>
}

import type { PlanSummary, PlanView } from '#contract/restores.ts'

export type PlanState = 'planning' | 'failed' | 'ready' | 'expired' | 'used'

export function stateOfPlan({ status, usedAt, expiresAt }: Pick<PlanView, 'status' | 'usedAt' | 'expiresAt'>, now: Date): PlanState {
  if (status === 'pending') return 'planning'
  if (status === 'failed') return 'failed'
  if (usedAt !== null) return 'used'
  return expiresAt !== null && new Date(expiresAt) <= now ? 'expired' : 'ready'
}

/** Whether anything that exists is replaced. */
export function replaces({ databases, roots }: Pick<PlanSummary, 'databases' | 'roots'>): boolean {
  return [...databases, ...roots].some(({ exists }) => exists)
}

/** What the signature stands for: exact, in UTC, and no longer than a signature may say (200 characters). */
export function meaningOf(verb: 'order' | 'approve', systemName: string, summary: PlanSummary): string {
  const at = `${summary.backupAt.slice(0, 19).replace('T', ' ')} UTC`
  const what = replaces(summary)
    ? `of ${systemName} to its backup of ${at}, replacing what is live`
    : `of the backup of ${systemName} of ${at} beside what is live`
  return `I ${verb} the restore ${what}`
}

export type TextPart = { readonly text: string } | { readonly instant: string }

/** A sentence of the service with its moments apart, so that they can be shown on the reader's own clock. */
export function withInstants(text: string): readonly TextPart[] {
  return text
    .split(/(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)/)
    .map((part, index) => (index % 2 === 1 ? { instant: part } : { text: part }))
    .filter((part) => 'instant' in part || part.text !== '')
}

export interface RowChange {
  readonly table: string
  readonly rowsNow: number
  readonly rowsInBackup: number
}

/** Those that would lose rows first, the most first. */
export function worstFirst(changes: readonly RowChange[]): readonly RowChange[] {
  return [...changes].sort((one, other) => other.rowsNow - other.rowsInBackup - (one.rowsNow - one.rowsInBackup))
}

import type { z } from 'zod'
import type { holds } from '#contract/holds.ts'

/** What somebody is about to hold. Times as the pickers give them, on the reader's own clock: `2026-03-01 08:00:00`. */
export interface HoldDraft {
  readonly backupId?: string | undefined
  readonly systemId?: string | undefined
  readonly tenantId?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
}

type Target = Pick<z.input<typeof holds.place.body>, 'backupId' | 'systemId' | 'tenantId' | 'from' | 'to'>

/** As the service takes it; undefined as long as it says nothing. */
export function targetOf({ backupId, systemId, tenantId, from, to }: HoldDraft): Target | undefined {
  if (backupId !== undefined) return { backupId }
  if (systemId === undefined && from === undefined && to === undefined) return undefined
  return {
    ...(systemId !== undefined && { systemId }),
    ...(systemId === undefined && tenantId !== undefined && { tenantId }),
    ...(from !== undefined && { from: instantOf(from) }),
    ...(to !== undefined && { to: instantOf(to) }),
  }
}

function instantOf(local: string): string {
  return new Date(local.replace(' ', 'T')).toISOString()
}

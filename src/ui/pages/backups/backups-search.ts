import { z } from 'zod'
import { backupListQuery, type backups } from '#contract/backups.ts'
import { uuidSchema } from '#contract/shapes.ts'

const daySchema = z.iso.date()

export const detailsTabs = ['overview', 'sources', 'tables', 'files', 'sizes', 'proofs', 'trail'] as const
export type DetailsTab = (typeof detailsTabs)[number]

/** What the list of backups shows, as it stands in the address of the page. */
export const backupsSearchSchema = z.object({
  ...backupListQuery,
  /** Days on the reader's own calendar, both of them within. */
  from: daySchema.optional().catch(undefined),
  to: daySchema.optional().catch(undefined),
  search: z.string().max(120).optional(),
  /** The backup whose details are open beside the list. */
  open: uuidSchema.optional().catch(undefined),
  tab: z.enum(detailsTabs).optional().catch(undefined),
})
export type BackupsSearch = z.output<typeof backupsSearchSchema>

export function queryOf({ open: _open, tab: _tab, from, to, search, ...query }: BackupsSearch): z.input<typeof backups.list.query> {
  const typed = search?.trim()
  return {
    ...query,
    ...(from !== undefined && { from: startOf(from) }),
    ...(to !== undefined && { to: startOf(to, 1) }),
    ...(typed !== undefined && typed !== '' && { search: typed }),
  }
}

/** When that day begins where the reader is, or so many days later. */
export function startOf(day: string, later = 0): string {
  const [year, month, date] = day.split('-').map(Number) as [number, number, number]
  return new Date(year, month - 1, date + later).toISOString()
}

/** Whether anything but the plain list is asked for. */
export function isFiltered({ systemId, type, status, standing, anomaly, from, to, search, deleted }: BackupsSearch): boolean {
  return [systemId, type, status, standing, anomaly, from, to, search].some((given) => given !== undefined) || deleted !== 'without'
}

import assert from 'node:assert/strict'
import path from 'node:path'
import { connect, type Connection } from '#engine/sources/postgres/connection.ts'
import type { DatabaseTarget } from '#engine/sources/postgres/target.ts'
import { dayMs, timeOfDay, visitsPerDocument, type ClinicSize } from './clinic-size.ts'
import { copyRows } from './copy-rows.ts'
import { FileTree } from './file-tree.ts'
import { loadVisits, settleSequences, sum, targetOf, type ClinicCounts } from './make-clinic.ts'
import type { VisitRange } from './rows-of-visits.ts'

export interface ChangeOrder {
  readonly target: DatabaseTarget | string
  readonly filesRoot: string
  /** The seed that the clinic was made with. */
  readonly seed: number
  /** Share of the visits that are there already; one in a hundred when absent. */
  readonly share?: number
  readonly signal?: AbortSignal
}

/** One more day in the clinic: visits with all that is written down at them, and the documents they leave. Nothing older changes. */
export async function changeClinic(order: ChangeOrder): Promise<ClinicCounts> {
  const { seed, signal, share = 0.01 } = order
  await using connection = await connect(targetOf(order.target), signal)
  const { size, lastVisitAt } = await sizeNow(connection)
  // At least so many that one of them leaves a document.
  const count = Math.max(2 * visitsPerDocument, Math.round(size.visits * share))
  const dayBegins = (Math.floor(lastVisitAt.getTime() / dayMs) + 1) * dayMs
  const firstId = size.visits + 1
  const visits: VisitRange = { seed, size, firstId, count, timeOf: (id) => timeOfDay(dayBegins, (id - firstId) / count) }
  const tree = new FileTree(path.resolve(order.filesRoot))
  const tables: Record<string, number> = {}
  await loadVisits(
    visits,
    tree,
    async (name, columns, rows) => {
      tables[name] = await copyRows(connection, { name, columns }, rows, signal)
    },
    signal,
  )
  await settleSequences(connection)
  await connection.query('refresh materialized view clinic.study_progress')
  await tree.settle(new Date(dayBegins + dayMs))
  return { tables, rows: sum(tables), largeObjects: 0, files: { count: tree.count, bytes: tree.bytes } }
}

async function sizeNow(connection: Connection): Promise<{ size: ClinicSize; lastVisitAt: Date }> {
  const counts = ['organization', 'site', 'study', 'staff', 'patient', 'visit'].map(
    (table) => `(select max(id)::int from clinic.${table}) as ${table}`,
  )
  const [row] = await connection.query<Record<string, number> & { last_visit_at: Date }>(
    `select ${counts.join(', ')}, (select max(began_at) from clinic.visit) as last_visit_at`,
  )
  assert(row, 'one row of counts')
  const size = {
    organizations: row['organization']!,
    sites: row['site']!,
    studies: row['study']!,
    staff: row['staff']!,
    patients: row['patient']!,
    visits: row['visit']!,
  }
  return { size, lastVisitAt: row.last_visit_at }
}

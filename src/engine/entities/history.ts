import { Fault } from '#base/fault.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { cellOf } from '#engine/sources/postgres/copy-cells.ts'
import type { OnProgress } from '#engine/sources/source.ts'
import { isReadable, readBackups, type BackupsOrder, type HistoryBackup, type ReadableBackup } from './history-backups.ts'
import { recordInBackup, type RecordInBackup } from './record-in-backup.ts'
import { searchRecord, type FoundRows } from './record-search.ts'
import { RecordTimeline, type RowHistory, type TableHistory } from './record-timeline.ts'

export interface HistoryOrder extends BackupsOrder {
  /** As people know the record; compared with what COPY wrote of it. */
  readonly key: string
}

/** One record through all backups of a system. */
export interface RecordHistory {
  readonly kind: string
  /** Every backup within the bounds, oldest first; those that say nothing of the record with the reason. */
  readonly backups: readonly HistoryBackup[]
  readonly damagedSnapshots: readonly { readonly id: string; readonly fact: string }[]
  /** The root first; tables that never had a row of the record are left out. */
  readonly tables: readonly TableHistory[]
  /** One after the other, since there may be many: the root's rows first. */
  readonly rows: (isAsked: (table: Pick<TableHistory, 'schema' | 'table' | 'isRoot'>) => boolean) => Iterable<RowHistory>
}

/**
 * Where the fields of one record, and of the rows that it owns, changed between backups: read from the repository alone. A backup
 * that is damaged where the record would be is left out and named. Faults: ENTITY_UNKNOWN when no backup has the kind or the
 * record, and none is damaged; ENTITY_KEY; ENTITY_TOO_LARGE; BACKUP_AMBIGUOUS for a repository of several systems; USAGE for a kind
 * that several databases have.
 */
export async function recordHistory(
  repository: Repository,
  order: HistoryOrder,
  tools: { readonly onProgress: OnProgress; readonly signal: AbortSignal },
): Promise<RecordHistory> {
  if (order.key === '' || order.key.includes('\u0000')) throw new Fault('ENTITY_KEY', 'a key has characters, and none of them is null')
  return await repository.reading(async () => {
    const read = await readBackups(repository, order, tools.signal)
    const readable = read.all.filter(isReadable)
    const isDamaged = read.damagedSnapshots.length > 0 || read.all.some(({ leftOut }) => leftOut === 'damaged')
    assertKind(order, { kinds: read.kinds, isReadable: readable.length > 0, isDamaged, backups: read.all.length })
    const found = await searchRecord(readable, cellOf(order.key), { repository, ...tools })
    const timeline = new RecordTimeline(readable, found.lines)
    let isFound = false
    const backups = read.all.map((backup): HistoryBackup => {
      if (!isReadable(backup)) return backup
      const damage = damageIn(backup, found)
      if (damage !== undefined) return { ...known(backup), leftOut: 'damaged', fact: damage }
      const record = recordInBackup(backup, cellOf(order.key), found)
      if (hasRows(record)) isFound = true
      timeline.take(backup, record)
      return known(backup)
    })
    if (!isFound && !backups.some(({ leftOut }) => leftOut === 'damaged') && !isDamaged)
      throw new Fault('ENTITY_UNKNOWN', `in none of ${readable.length} backups is a record of kind ${order.kind} with that key`, {
        kind: order.kind,
      })
    const { damagedSnapshots } = read
    return { kind: order.kind, backups, damagedSnapshots, tables: timeline.tables(), rows: (isAsked) => timeline.rows(isAsked) }
  }, tools.signal)
}

function assertKind(
  { kind }: HistoryOrder,
  read: { readonly kinds: readonly string[]; readonly isReadable: boolean; readonly isDamaged: boolean; readonly backups: number },
): void {
  if (read.backups === 0 && !read.isDamaged) throw new Fault('BACKUP_NOT_FOUND', 'there is no backup of that system and time')
  if (read.isReadable || read.isDamaged) return
  if (read.kinds.includes(kind)) throw new Fault('ENTITY_UNKNOWN', `no backup holds the rows of a ${kind}`, { kind })
  throw new Fault('ENTITY_UNKNOWN', `no backup has a kind ${kind} (known: ${read.kinds.join(', ') || 'none'})`, { kind })
}

/** A backup with a hole where the record may be is not compared: what is missing would look as if it had vanished. */
function damageIn({ segments }: ReadableBackup, found: FoundRows): string | undefined {
  for (const ofTable of segments.values()) {
    for (const segment of ofTable ?? []) {
      const damage = found.damageOf(segment)
      if (damage !== undefined) return damage
    }
  }
  return undefined
}

function hasRows({ tables }: RecordInBackup): boolean {
  return [...tables.values()].some((rows) => rows !== undefined && rows.length > 0)
}

function known({ id, name, purpose, at, leftOut, fact }: HistoryBackup): HistoryBackup {
  return { id, name, purpose, at, leftOut, fact }
}

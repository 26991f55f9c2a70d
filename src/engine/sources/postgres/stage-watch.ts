import { systemClock } from '#base/clock.ts'
import { Fault, isFault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { printBytes } from '#base/units.ts'
import type { Connection } from './connection.ts'
import { connectMaintenance } from './maintenance.ts'
import type { StageOptions } from './stage-options.ts'
import { surveySpace } from './survey-space.ts'

export interface StageWatch extends AsyncDisposable {
  /** Aborts with the caller's signal, or when staging endangers the server; `reason` is then the Fault. */
  readonly signal: AbortSignal
}

/**
 * Looks after the live server while a staging fills it (SAFETY rule 22): free bytes of data, WAL and tablespaces where
 * they are on this machine, slots that are about to lose their WAL, an archiver that begins to fail.
 */
export async function watchServer(options: StageOptions, signal: AbortSignal): Promise<StageWatch> {
  await using opening = new AsyncDisposableStack()
  const connection = opening.use(await connectMaintenance([options.target], signal))
  const endangered = new AbortController()
  const ended = new AbortController()
  const clock = options.clock ?? systemClock
  const atStart = await readDanger(connection)
  await assertSafe(connection, options, atStart)
  const watching = (async () => {
    while (!ended.signal.aborted) {
      await clock.sleep(limits.stagingWatchEveryMs, ended.signal)
      await assertSafe(connection, options, atStart)
    }
  })()
  const stopped = watching.catch((error: unknown) => {
    if (!ended.signal.aborted || !isFault(error, 'CANCELLED')) endangered.abort(error)
  })
  const opened = opening.move()
  return {
    signal: AbortSignal.any([signal, endangered.signal]),
    [Symbol.asyncDispose]: async () => {
      ended.abort()
      await stopped
      await opened.disposeAsync()
    },
  }
}

interface Danger {
  readonly archiveFailures: number
  readonly lostSlots: readonly string[]
}

async function assertSafe(connection: Connection, options: StageOptions, atStart: Danger): Promise<void> {
  const freeBytesMin = options.freeBytesMin ?? limits.stagingFreeBytesMin
  const space = await surveySpace(connection)
  for (const place of [space.data, space.wal, ...space.tablespaces]) {
    if (place.freeBytes === undefined || place.freeBytes >= freeBytesMin) continue
    const fact = `${place.path} has ${printBytes(place.freeBytes)} free, staging stops below ${printBytes(freeBytesMin)}`
    throw new Fault('RESTORE_SPACE', fact, { freeBytes: place.freeBytes, freeBytesMin })
  }
  const now = await readDanger(connection)
  const lost = now.lostSlots.filter((slot) => !atStart.lostSlots.includes(slot))
  if (lost.length > 0) {
    throw new Fault('RESTORE_SPACE', `staging writes more WAL than replication slot ${lost.join(', ')} may keep`, {
      slots: lost.join(', '),
    })
  }
  if (now.archiveFailures > atStart.archiveFailures + 3) {
    throw new Fault('RESTORE_SPACE', 'the WAL archiver of the server began to fail while staging', { failures: now.archiveFailures })
  }
}

async function readDanger(connection: Connection): Promise<Danger> {
  const [row] = await connection.query<{ failed: string; slots: string[] }>(`
    select coalesce((select failed_count from pg_catalog.pg_stat_archiver), 0)::text as failed,
      array(select slot_name::text from pg_catalog.pg_replication_slots where wal_status in ('unreserved', 'lost')) as slots`)
  return { archiveFailures: Number(row!.failed), lostSlots: row!.slots }
}

import { availableParallelism } from 'node:os'
import { isFault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { randomHex } from '#host/random.ts'
import type { Capture, CaptureContext } from '#engine/sources/source.ts'
import { readCatalog } from './captured-catalog.ts'
import { fittingClientTools } from './client-tools.ts'
import type { BegunCapture, CaptureLimits, DatabaseSource } from './begun-capture.ts'
import { readServerVersion, readSessionSettings } from './capture-session.ts'
import { connect } from './connection.ts'
import { requireCoverage } from './coverage.ts'
import type { DatabaseSection } from './database-section.ts'
import { maskedCatalog } from './masked-catalog.ts'
import { holdSnapshot } from './hold-snapshot.ts'
import { PostgresCapture } from './postgres-capture.ts'
import { applySessionSettings } from './session-settings.ts'
import { requireReadableText } from './readable-text.ts'
import { withoutOthers } from './selected-rows.ts'
import { SelectingReader } from './selecting-reader.ts'
import { SnapshotReaders, type ReadersOptions } from './snapshot-readers.ts'
import { whileWatched, type Watched } from './watch-blocking.ts'

/**
 * Holds one database still through an exported snapshot and hands out what a backup keeps of it (DESIGN §4). Only ACCESS
 * SHARE locks are taken. Before anything is read: the role's coverage (DATABASE_COVERAGE, DATABASE_ROW_SECURITY), its names (DATABASE_ENCODING) and a
 * pg_dump that fits (DATABASE_VERSION). What may pass by itself is tried again: DATABASE_LOCKED, DATABASE_CHANGED; once
 * entries are being read they end the capture, which the caller may begin anew.
 */
export async function capturePostgres(source: DatabaseSource, context: CaptureContext): Promise<Capture<DatabaseSection>> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await beginCapture(source, context)
    } catch (error) {
      const mayPass = isFault(error, 'DATABASE_LOCKED') || isFault(error, 'DATABASE_CHANGED')
      if (!mayPass || attempt >= limits.captureAttempts) throw error
      await context.clock.sleep(limits.captureRetryDelayMs, context.signal)
    }
  }
}

async function beginCapture(source: DatabaseSource, context: CaptureContext): Promise<Capture<DatabaseSection>> {
  const bounds: CaptureLimits = { ...limits, ...source.limits }
  const applicationName = `integrum-${randomHex(context.random, 12)}`
  await using stack = new AsyncDisposableStack()
  const control = stack.use(await connect(source.target, context.signal))
  await control.query(`SET application_name = '${applicationName}'`)
  const server = await readServerVersion(control)
  const tools = await fittingClientTools(server)
  const settings = await readSessionSettings(control)
  await applySessionSettings(control, settings)
  await requireCoverage(control)
  await requireReadableText(control)

  const snapshot = await holdSnapshot(control, context.clock, bounds)
  const stop = new AbortController()
  const signal = context.signal ? AbortSignal.any([context.signal, stop.signal]) : stop.signal
  const hashKey = context.random.bytes(16)
  const watch = stack.use(await connect(source.target, context.signal))
  await watch.query(`SET application_name = '${applicationName}'`)
  const { target } = source
  const { lockWaitMsMax } = bounds
  const { clock } = context
  const reading = { target, snapshot: snapshot.name, settings, hashKey, applicationName, lockWaitMsMax, clock, signal }
  const watched = { session: watch, clock, snapshot, limits: bounds, applicationName }
  const { readers, selected } = await openReaders(source, { reading, watched, stop }, stack)
  const found = await readCatalog(control)
  const catalog = source.masking ? await maskedCatalog(control, found, { name: source.name, masking: source.masking }) : found
  return new PostgresCapture(
    {
      source,
      context,
      bounds,
      applicationName,
      server,
      tools,
      settings,
      snapshot,
      catalog: selected ? withoutOthers(catalog) : catalog,
      readers,
      selected,
      watch,
      hashKey,
      stop,
      signal,
    },
    stack.move(),
  )
}

interface Beginning {
  readonly reading: Omit<ReadersOptions, 'connections'>
  readonly watched: Watched
  readonly stop: AbortController
}

/** Several sessions for all rows; for a selection the one that has found it. */
async function openReaders(
  { connections = Math.min(4, availableParallelism()), select }: DatabaseSource,
  { reading, watched, stop }: Beginning,
  stack: AsyncDisposableStack,
): Promise<Pick<BegunCapture, 'readers' | 'selected'>> {
  if (select) {
    const readers = stack.use(await whileWatched(watched, stop, () => SelectingReader.begin({ ...reading, select })))
    return { readers, selected: readers.rows }
  }
  const readers = stack.use(new SnapshotReaders({ ...reading, connections }))
  readers.prepare()
  return { readers, selected: undefined }
}

import { release, type } from 'node:os'
import { throwIfCancelled } from '#base/clock.ts'
import { Fault, isFault } from '#base/fault.ts'
import { allAssertions } from '#engine/sources/postgres/ready-assertions.ts'
import type { SystemSettings } from '#base/settings.ts'
import { durations } from '#base/units.ts'
import { productVersion } from '#host/version.ts'
import { openBackup, type Backup, type OpenedBackup } from '#engine/backup/backups.ts'
import type { Instruments } from '#engine/backup/order.ts'
import { verifyBackup, type Finding } from '#engine/backup/verify-backup.ts'
import { owner } from '#engine/repository/owner.ts'
import { signProof, type Signed } from '#engine/repository/proof-key.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { assertAssigned } from './assert-all.ts'
import { DrillLog } from './drill-log.ts'
import { drillParent, makeDrillPlace } from './drill-place.ts'
import { reportAssertions, reportDatabases, reportExactness, reportRoots } from './drill-evidence.ts'
import type { DrillReport } from './drill-report.ts'
import { firstState } from './first-state.ts'
import { RestoreJournal } from './journal.ts'
import { makePlan } from './make-plan.ts'
import { orderWithin } from './order-within.ts'
import { stageAll } from './stage-all.ts'

export interface DrillOrder {
  readonly backup: Backup
  readonly settings: SystemSettings
  /** Folder in which the throw-away directory is made. */
  readonly place: string
  readonly stateDirectory: string
}

/**
 * A restore that stops at Verified: the same plan and the same staging as any other, into a private PostgreSQL and a
 * directory that are gone when it resolves. A backup that cannot be restored is a report as well, with what is wrong; it
 * rejects only when nothing was found out: CANCELLED, INPUT_INVALID, a repository that cannot be reached.
 */
export async function drill(
  repository: Repository,
  order: DrillOrder,
  instruments: Instruments,
  signal: AbortSignal,
): Promise<Signed<DrillReport>> {
  const place = await drillParent(order.place)
  const held: HeldDrill = {
    id: instruments.random.uuid(),
    begunAt: instruments.clock.now().toISOString(),
    order: { ...order, place },
    log: new DrillLog(instruments.clock),
    opened: undefined,
    fault: undefined,
    findings: [],
  }
  try {
    held.opened = await held.log.timed('open', 'manifest', () => openBackup(repository, order.backup, signal))
    await rehearse(repository, { held, opened: held.opened }, instruments, signal)
  } catch (error) {
    throwIfCancelled(signal)
    held.fault = aboutTheDrill(error)
  }
  if (held.fault?.isDamage && held.opened) held.findings = await search(repository, { held, opened: held.opened }, instruments, signal)
  return signProof(repository, reportOf(repository, held, instruments.clock.now()))
}

interface HeldDrill {
  readonly id: string
  readonly begunAt: string
  readonly order: DrillOrder
  readonly log: DrillLog
  opened: OpenedBackup | undefined
  fault: Fault | undefined
  findings: readonly Finding[]
}

interface OpenedDrill {
  readonly held: HeldDrill
  readonly opened: OpenedBackup
}

async function rehearse(
  repository: Repository,
  { held: { id, order, log }, opened }: OpenedDrill,
  instruments: Instruments,
  signal: AbortSignal,
): Promise<void> {
  assertKnown(order.settings, opened)
  const { clock } = instruments
  await using scope = new AsyncDisposableStack()
  instruments.onProgress({ stage: 'prepare' })
  const { manifest } = opened
  const placeOrder = { drill: id, manifest, parent: order.place, stateDirectory: order.stateDirectory }
  const place = await log.timed('prepare', 'private PostgreSQL', () => makeDrillPlace(placeOrder, instruments))
  scope.defer(() => log.timed('remove', place.directory, async () => await place[Symbol.asyncDispose]()))
  throwIfCancelled(signal)
  log.postgres = place.postgres
  const beganMs = log.nowMs()
  const restore = orderWithin(place, opened, order.settings)
  const plan = await log.timed('plan', manifest.name, () => makePlan(repository, restore, instruments, signal))
  const journal = await RestoreJournal.begin(`${place.directory}/state`, firstState(plan, { at: clock.now(), reason: 'a drill' }))
  const spoolIn = `${place.directory}/spool`
  await stageAll(repository, { plan, order: restore, journal, instruments, witness: log, spoolIn }, signal)
  log.restoredInMs = log.nowMs() - beganMs
}

/** An assertion that nobody would run must not look like one that holds. */
function assertKnown(settings: SystemSettings, { manifest }: OpenedBackup): void {
  assertAssigned(settings, manifest)
  // Of a selection nothing is asked that is said of the whole system.
  if (manifest.databases.length === 0 || manifest.selection) return
  const names = manifest.databases.map(({ name }) => name)
  const stray = allAssertions(settings).find(({ database }) => database !== undefined && !names.includes(database))
  if (!stray) return
  const fact = `the assertion "${stray.name}" is about database ${stray.database}, the backup has ${names.join(', ')}`
  throw new Fault('INPUT_INVALID', fact, { field: 'assertions', assertion: stray.name })
}

/** What the drill found out is a fault of its report; anything else is the caller's. */
function aboutTheDrill(error: unknown): Fault {
  if (!isFault(error)) throw error
  const isAboutBackup = error.isDamage || error.code === 'STORAGE_NOT_FOUND'
  if (!isAboutBackup && /^(INPUT_INVALID|CANCELLED|REPOSITORY_.*|STORAGE_.*)$/.test(error.code)) throw error
  return error
}

/** A damaged piece has a number; people want the table or the file. */
async function search(
  repository: Repository,
  { held: { log }, opened }: OpenedDrill,
  instruments: Instruments,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  instruments.onProgress({ stage: 'search' })
  try {
    const found = await log.timed('search', 'damage', () => verifyBackup(repository, opened, { isQuick: false, instruments }, signal))
    return found.findings
  } catch (error) {
    throwIfCancelled(signal)
    if (!isFault(error)) throw error
    // What is broken keeps even the search from ending; the fault that began it stands in the report.
    return []
  }
}

function reportOf(repository: Repository, held: HeldDrill, now: Date): DrillReport {
  const { id, begunAt, order, log, opened, fault, findings } = held
  const { backup, settings } = order
  const { rtoMinutes } = settings.objectives
  const { hostname, username } = owner()
  const isBackupAtFault = fault !== undefined && (fault.isDamage || findings.length > 0 || backupFaults.has(fault.code))
  return {
    format: 1,
    kind: 'drill',
    id,
    repositoryId: repository.id,
    outcome: fault ? 'failed' : 'proven',
    isBackupAtFault,
    begunAt,
    endedAt: now.toISOString(),
    backup: {
      id: backup.id,
      system: backup.system,
      tree: backup.snapshot.tree,
      snapshot: backup.snapshot.id,
      type: backup.type,
      purpose: backup.purpose,
      name: opened?.manifest.name ?? null,
      startedAt: opened?.manifest.startedAt ?? null,
      manifestChecksum: opened?.checksum ?? null,
      gaps: { count: opened?.manifest.gaps.count ?? 0, first: [...(opened?.manifest.gaps.first.slice(0, gapsListedMax) ?? [])] },
    },
    by: { user: username, hostname },
    versions: { integrum: productVersion(), node: process.version, system: `${type()} ${release()}`, postgres: log.postgres },
    stages: [...log.stages],
    databases: reportDatabases(log, opened),
    roots: reportRoots(log, opened),
    assertions: reportAssertions(log, settings, opened),
    exactness: reportExactness(opened),
    rto: { objectiveMs: rtoMinutes === undefined ? null : Math.round(rtoMinutes * durations.minute), achievedMs: log.restoredInMs },
    fault: fault ? { code: fault.code, fact: fault.message, hint: fault.hint } : null,
    findings: [...findings],
  }
}

const gapsListedMax = 1000
/** Beside damage: what was restored is not what was captured, or something is not there. */
const backupFaults = new Set(['RESTORE_VERIFY', 'FILE_NOT_IN_BACKUP', 'STORAGE_NOT_FOUND'])

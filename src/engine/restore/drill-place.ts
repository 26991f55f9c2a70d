import { existsSync, lstatSync } from 'node:fs'
import { chmod, chown, mkdir, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Clock } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import { hostFault } from '#host/durable.ts'
import { endLeftServer } from '#host/left-server.ts'
import { startCluster, type PrivateCluster } from '#host/postgres-cluster.ts'
import { assertFound, closestPrograms, postgresPrograms, type Programs } from '#host/postgres-programs.ts'
import { randomHex, type Random } from '#host/random.ts'
import type { Manifest } from '#engine/backup/manifest.ts'
import { discardStagesIn } from '#engine/sources/files/discard-stages.ts'
import { prepareServer } from '#engine/sources/postgres/prepare-server.ts'
import type { DatabaseTarget } from '#engine/sources/postgres/target.ts'
import { beginRecord, claimLeftRecords, type DrillRecord } from './drill-record.ts'

export interface DrillPlaceOrder {
  readonly drill: string
  readonly manifest: Manifest
  /** Where the throw-away directory is made: on a disk with room for the backup. */
  readonly parent: string
  readonly stateDirectory: string
}

/** A private PostgreSQL and a directory of our own. Nobody else comes in, and with its scope all of it is gone. */
export interface DrillPlace extends AsyncDisposable {
  readonly directory: string
  /** Version of the private server; null when the backup has no database. */
  readonly postgres: string | null
  target(number: number): DatabaseTarget
  root(name: string): string
}

const namePattern = /^integrum-drill-[0-9a-f]{12}$/
/** A unix socket's path holds 107 bytes; what follows the parent directory takes 61 of them. */
const parentBytesMax = 46

/**
 * Makes the place, and says first where it is going to be, so that what a killed drill leaves is found. Faults: TOOL_MISSING,
 * RESTORE_VERSION when no installed PostgreSQL is as new as the backup's, DATABASE_TOOL, DISK_FULL, HOST_IO.
 */
export async function makeDrillPlace(order: DrillPlaceOrder, { clock, random }: { clock: Clock; random: Random }): Promise<DrillPlace> {
  const { manifest, drill, stateDirectory } = order
  const programs = manifest.databases.length > 0 ? fittingPrograms(manifest) : undefined
  const directory = path.join(order.parent, `integrum-drill-${randomHex(random, 12)}`)
  const begunAt = clock.now().toISOString()
  await using making = new AsyncDisposableStack()
  const record = making.use(await beginRecord(stateDirectory, { format: 1, drill, backup: manifest.backup, directory, begunAt }))
  making.defer(async () => {
    await removePlace(directory, clock)
    await record.remove()
  })
  await makeDirectories(directory)
  const cluster = programs && making.adopt(await startServer(directory, programs), (started) => started.discard())
  const target = (number: number) => targetIn(cluster, number)
  const postgres = cluster ? await prepareServer(target(0), manifest.databases, (number) => makeTablespace(directory, number)) : null
  const made = making.move()
  return {
    directory,
    postgres,
    target,
    root: (name) => path.join(directory, 'files', name),
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  }
}

/** What drills that were killed have left: their servers, directories and records. Returns what was removed. */
export async function removeLeftDrills(stateDirectory: string, clock: Clock): Promise<DrillRecord[]> {
  const removed: DrillRecord[] = []
  for (const left of await claimLeftRecords(stateDirectory)) {
    await using claimed = left
    await removePlace(claimed.record.directory, clock)
    await claimed.remove()
    removed.push(claimed.record)
  }
  return removed
}

function fittingPrograms({ databases }: Manifest): Programs {
  const newest = databases.toSorted((a, b) => b.serverVersion.number - a.serverVersion.number)[0]!
  const installed = assertFound(postgresPrograms('initdb'))
  const found = closestPrograms('initdb', Math.floor(newest.serverVersion.number / 10_000))
  if (found) return found
  const fact = `database ${newest.name} is of PostgreSQL ${newest.serverVersion.text}, the newest on this machine is ${installed.majorVersion}`
  throw new Fault('RESTORE_VERSION', fact, { name: newest.name, newest: installed.majorVersion })
}

/** Kept across reboots and seldom in memory, unlike /tmp. */
export function defaultDrillParent(): string {
  return existsSync('/var/tmp') ? '/var/tmp' : tmpdir()
}

/** Absolute. INPUT_INVALID, ROOT_NOT_DIRECTORY, HOST_IO when no drill can be held there. */
export async function drillParent(parent: string): Promise<string> {
  const absolute = path.resolve(parent)
  if (Buffer.byteLength(absolute) > parentBytesMax) {
    throw new Fault('INPUT_INVALID', `the path ${absolute} is longer than ${parentBytesMax} bytes, too long for the socket of a server`, {
      field: 'place',
    })
  }
  try {
    if ((await stat(absolute)).isDirectory()) return absolute
  } catch (error) {
    throw hostFault(error, `cannot use ${absolute} for a drill`)
  }
  throw new Fault('ROOT_NOT_DIRECTORY', `${absolute} is not a directory`, { place: absolute })
}

/** The server's user passes through the outer directory and sees nothing in it. */
async function makeDirectories(directory: string): Promise<void> {
  try {
    await mkdir(directory, { mode: 0o700 })
    for (const name of ['files', 'state', 'spool']) await mkdir(path.join(directory, name), { mode: 0o700 })
    await chmod(directory, 0o711)
  } catch (error) {
    throw hostFault(error, `cannot make ${directory}`)
  }
}

async function startServer(directory: string, { folder }: Programs): Promise<PrivateCluster> {
  const inside = path.join(directory, 'postgres')
  return await startCluster(inside, {
    isDurable: false,
    programs: folder,
    socketsIn: directory,
    settings: { autovacuum: 'off' },
  })
}

async function makeTablespace(directory: string, number: number): Promise<string> {
  const { uid, gid } = await stat(path.join(directory, 'postgres'))
  const place = path.join(directory, `tablespace-${number}`)
  await mkdir(place, { mode: 0o700 })
  await chown(place, uid, gid)
  return place
}

function targetIn(cluster: PrivateCluster | undefined, number: number): DatabaseTarget {
  if (!cluster) throw new Error('there is no server for a backup without databases')
  return { host: cluster.socketDirectory, port: 5432, user: cluster.user, database: `drill_${number}` }
}

/** Only what carries the name of a drill, is a directory and no link. None there is fine. */
async function removePlace(directory: string, clock: Clock): Promise<void> {
  const found = lstatSync(directory, { throwIfNoEntry: false })
  if (!found) return
  if (!namePattern.test(path.basename(directory)) || !found.isDirectory()) {
    throw new Fault('RESTORE_STATE', `${directory} is not the directory of a drill; nothing was removed`, { directory })
  }
  try {
    const server = path.join(directory, 'postgres')
    await endLeftServer(server, clock)
    // First, so that what the server left in memory is dropped rather than written out by what syncs below.
    await rm(server, { recursive: true, force: true, maxRetries: 5 })
    for (const name of await readdir(directory)) if (name === 'files') await discardStagesIn(path.join(directory, name))
    await rm(directory, { recursive: true, maxRetries: 5 })
  } catch (error) {
    throw error instanceof Fault ? error : hostFault(error, `cannot remove ${directory}`)
  }
}

import { readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { Fault, errnoOf } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { printBytes } from '#base/units.ts'
import { makeDirectoryDurably } from '#host/durable.ts'
import { spaceOf } from '#host/space.ts'
import { everything } from '#service/catalog/scope.ts'
import type { Config } from '#service/config.ts'
import type { House } from '#service/house.ts'
import { isOpenRun } from './backups.store.ts'
import { allDownloads, allUploads, deleteDownload, deleteUpload, type StoredDownload } from './downloads.store.ts'

// What waits to be fetched, and what waits to be taken in: as confidential as the backups themselves, and not encrypted.

export async function downloadsFolder(config: Config): Promise<string> {
  return await made(path.join(config.dataDirectory, 'downloads'))
}

export async function uploadsFolder(config: Config): Promise<string> {
  return await made(path.join(config.dataDirectory, 'uploads'))
}

async function made(folder: string): Promise<string> {
  await makeDirectoryDurably(folder, 0o700)
  return folder
}

/** DISK_FULL unless `neededBytes` fit beside what must stay free. */
export async function assertSpoolSpace(folder: string, neededBytes: number): Promise<void> {
  const { freeBytes } = await spaceOf(folder)
  if (freeBytes - neededBytes >= limits.spoolReserveBytes) return
  const fact = `the data directory has ${printBytes(freeBytes)} free, and ${printBytes(neededBytes)} may be needed beside ${printBytes(limits.spoolReserveBytes)} that stay free`
  throw new Fault('DISK_FULL', fact, { freeBytes, neededBytes })
}

/** Removes what nobody has fetched in time, what is too much, what its job is done with, and what a killed process left. */
export async function sweepSpool(house: House): Promise<void> {
  await sweepDownloads(house)
  await sweepUploads(house)
}

async function sweepDownloads(house: House): Promise<void> {
  const now = house.clock.now()
  const rows = await house.catalog.as(everything, allDownloads)
  const going = new Set(rows.filter(({ expires_at }) => expires_at <= now).map(({ id }) => id))
  let bytes = rows.filter(({ id }) => !going.has(id)).reduce((sum, { size_bytes: size }) => sum + (size ?? 0), 0)
  for (const { id, size_bytes: size } of rows) {
    if (bytes <= limits.spoolBytesMax) break
    if (going.has(id) || size === null) continue
    going.add(id)
    bytes -= size
  }
  for (const row of rows.filter(({ id }) => going.has(id))) await dropDownload(house, row)
  await sweepFolder(await downloadsFolder(house.config), new Set(rows.map(({ id }) => id)), now)
}

/** The row first: whoever finds it finds its file. One that is being read is read to its end. */
export async function dropDownload(house: House, { id, run_id: runId, path: file }: StoredDownload): Promise<void> {
  const isDropped = await house.catalog.as(everything, async (tx) => {
    if (file === null && runId !== null && (await isOpenRun(tx, runId))) return false
    await deleteDownload(tx, id)
    return true
  })
  if (isDropped && file !== null) await rm(file, { force: true })
}

async function sweepUploads(house: House): Promise<void> {
  const folder = await uploadsFolder(house.config)
  const { going, rows } = await house.catalog.as(everything, async (tx) => {
    const all = await allUploads(tx)
    const done: string[] = []
    for (const { id, run_id: runId } of all) if (runId === null || !(await isOpenRun(tx, runId))) done.push(id)
    for (const id of done) await deleteUpload(tx, id)
    return { going: done, rows: all }
  })
  for (const id of going) await rm(path.join(folder, id), { recursive: true, force: true })
  await sweepFolder(folder, new Set(rows.map(({ id }) => id)), house.clock.now())
}

/** What no row names any more: left by a process that was killed. Young ones may belong to a request that goes on. */
async function sweepFolder(folder: string, known: ReadonlySet<string>, now: Date): Promise<void> {
  for (const name of await readdir(folder)) {
    if (known.has(name.slice(0, 36))) continue
    const place = path.join(folder, name)
    try {
      if (now.getTime() - (await stat(place)).mtimeMs > limits.spoolKeepMs) await rm(place, { recursive: true, force: true })
    } catch (error) {
      // Another process sweeps as well.
      if (errnoOf(error) !== 'ENOENT') throw error
    }
  }
}

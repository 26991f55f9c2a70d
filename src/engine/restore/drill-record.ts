import { existsSync } from 'node:fs'
import { mkdir, open, readdir, readFile, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { Fault, errnoOf, isFault } from '#base/fault.ts'
import { isUuid } from '#base/ids.ts'
import { parse } from '#base/parse.ts'
import { hostFault, removeDurably, syncDirectory } from '#host/durable.ts'
import { lockFile } from '#host/libc.ts'

const recordSchema = z.object({
  format: z.literal(1),
  drill: z.uuid(),
  backup: z.uuid(),
  /** The throw-away directory; made after this record is on disk, removed before it goes. */
  directory: z.string(),
  begunAt: z.iso.datetime(),
})
export type DrillRecord = z.infer<typeof recordSchema>

/** A record whose drill lives holds its lock, which ends with its process however that dies. */
export interface ClaimedRecord extends AsyncDisposable {
  readonly record: DrillRecord
  /** What it names is gone. */
  remove(): Promise<void>
}

/** Writes down where a drill is going to be, before anything is there. */
export async function beginRecord(stateDirectory: string, record: DrillRecord): Promise<ClaimedRecord> {
  const folder = drillsFolder(stateDirectory)
  const file = path.join(folder, `${record.drill}.json`)
  try {
    await mkdir(folder, { recursive: true, mode: 0o750 })
    const handle = await open(file, 'wx', 0o640)
    const claimed = claim(handle, file, record)
    if (!claimed) throw new Fault('TARGET_BUSY', `drill ${record.drill} is recorded by somebody else`, { drill: record.drill })
    await handle.writeFile(`${JSON.stringify(record, null, 2)}\n`)
    await handle.sync()
    await syncDirectory(folder)
    return claimed
  } catch (error) {
    throw error instanceof Fault ? error : hostFault(error, `cannot record the drill in ${folder}`)
  }
}

/** Claims every record whose drill is dead. One that ends before it names a directory is removed at once. */
export async function claimLeftRecords(stateDirectory: string): Promise<ClaimedRecord[]> {
  const folder = drillsFolder(stateDirectory)
  if (!existsSync(folder)) return []
  const claimed: ClaimedRecord[] = []
  for (const name of (await readdir(folder)).filter((file) => isUuid(path.basename(file, '.json')))) {
    const left = await claimLeft(path.join(folder, name))
    if (left) claimed.push(left)
  }
  return claimed
}

async function claimLeft(file: string): Promise<ClaimedRecord | undefined> {
  let handle: FileHandle
  try {
    handle = await open(file, 'r')
  } catch (error) {
    // Whoever held it has just ended.
    if (errnoOf(error) === 'ENOENT') return undefined
    throw hostFault(error, `cannot read ${file}`)
  }
  try {
    const record = parse(recordSchema, await readFile(file, 'utf8'), `drill record ${file}`, 'RESTORE_STATE')
    const claimed = claim(handle, file, record)
    if (!claimed) await handle.close()
    return claimed
  } catch (error) {
    const isOurs = isFault(error, 'RESTORE_STATE') && lockFile(handle.fd)
    await handle.close()
    if (errnoOf(error) === 'ENOENT') return undefined
    if (!isFault(error, 'RESTORE_STATE')) throw error
    // Killed while it was written: nothing was made yet.
    if (isOurs) await removeDurably(file)
    return undefined
  }
}

function claim(handle: FileHandle, file: string, record: DrillRecord): ClaimedRecord | undefined {
  if (!lockFile(handle.fd)) return undefined
  return { record, remove: () => removeDurably(file), [Symbol.asyncDispose]: () => handle.close() }
}

function drillsFolder(stateDirectory: string): string {
  return path.join(stateDirectory, 'drills')
}

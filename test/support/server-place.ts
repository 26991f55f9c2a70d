import { statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { errnoOf } from '#base/fault.ts'
import { GiB } from '#base/units.ts'

/**
 * Where tests put their servers: in memory, where there is plenty. A database is some three hundred files, and to make and
 * remove them over and over takes a disk longer than what is tested. What is tested of files stays on the disk.
 */
export async function serverPlace(): Promise<string> {
  return (await freeBytes(sharedMemory)) >= roomBytes && process.availableMemory() >= roomBytes ? sharedMemory : tmpdir()
}

const sharedMemory = '/dev/shm'
const roomBytes = 6 * GiB

async function freeBytes(place: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(place)
    return bavail * bsize
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 0
    throw error
  }
}

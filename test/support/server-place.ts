import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { GiB } from '#base/units.ts'
import { spaceOf } from '#host/space.ts'

/**
 * Where tests put their servers: in memory, where there is plenty. A database is some three hundred files, and to make and
 * remove them over and over takes a disk longer than what is tested. What is tested of files stays on the disk.
 */
export async function serverPlace(): Promise<string> {
  if (!existsSync(sharedMemory)) return tmpdir()
  const { freeBytes } = await spaceOf(sharedMemory)
  return Math.min(freeBytes, process.availableMemory()) >= roomBytes ? sharedMemory : tmpdir()
}

const sharedMemory = '/dev/shm'
const roomBytes = 6 * GiB

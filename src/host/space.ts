import { statfs } from 'node:fs/promises'

export interface Space {
  readonly freeBytes: number
  readonly totalBytes: number
}

/** Space of the file system that holds `place`, as an unprivileged writer may use it (statvfs `f_bavail`). */
export async function spaceOf(place: string): Promise<Space> {
  const found = await statfs(place)
  return { freeBytes: found.bavail * found.bsize, totalBytes: found.blocks * found.bsize }
}

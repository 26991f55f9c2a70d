import { link, unlink } from 'node:fs/promises'
import path from 'node:path'
import { errnoOf } from '#base/fault.ts'
import { syncDirectory } from './durable.ts'
import { renameWithoutReplacing } from './libc.ts'

/** Gives a new file its name, and fails with EEXIST rather than replace what has it. */
export async function placeDurably(from: string, to: string): Promise<void> {
  try {
    renameWithoutReplacing(from, to)
  } catch (error) {
    // Network file systems have no such rename; a second name they do refuse.
    if (errnoOf(error) !== 'EINVAL' && errnoOf(error) !== 'ENOSYS') throw error
    await link(from, to)
    await unlink(from)
  }
  await syncDirectory(path.dirname(to))
}

import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { run } from '#host/run.ts'

export interface Workshop extends AsyncDisposable {
  readonly folder: string
  at(...parts: string[]): string
}

/** A temporary folder, removed with its scope by rm(1), which also takes paths longer than PATH_MAX. */
export async function workshop(parent = tmpdir()): Promise<Workshop> {
  const folder = await mkdtemp(path.join(parent, 'integrum-test-files-'))
  return {
    folder,
    at: (...parts) => path.join(folder, ...parts),
    [Symbol.asyncDispose]: async () => void (await run('rm', ['-rf', folder])),
  }
}

/** A small file system of its own for the scope: for full disks and mount points. */
export async function mounted(place: string, sizeBytes = 64 * 1024 * 1024): Promise<AsyncDisposable> {
  return await mount(place, ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'none'])
}

/** Another directory of the same file system in its place, for the scope. */
export async function bound(directory: string, place: string): Promise<AsyncDisposable> {
  return await mount(place, ['--bind', directory])
}

async function mount(place: string, what: readonly string[]): Promise<AsyncDisposable> {
  const result = await run('mount', [...what, place])
  if (result.exitCode !== 0) throw new Error(`mount: ${result.stderr}`)
  return { [Symbol.asyncDispose]: async () => void (await run('umount', ['-l', place])) }
}

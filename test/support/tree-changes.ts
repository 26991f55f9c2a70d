import { appendFile, chmod, chown, link, mkdir, readdir, rename, rm, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setXattr } from '#host/libc.ts'
import { byteStringOf } from '#engine/byte-string.ts'
import type { Seed } from './seed.ts'

/** One thing that a program or a person does to a tree. */
export async function changeTree(root: string, seed: Seed, kind: 'any' | 'make' = 'any'): Promise<void> {
  const all = await readdir(root, { recursive: true, withFileTypes: true })
  const paths = (isWanted: (entry: (typeof all)[number]) => boolean) =>
    all.filter(isWanted).map((entry) => path.join(entry.parentPath, entry.name))
  const files = paths((entry) => entry.isFile())
  const folders = [root, ...paths((entry) => entry.isDirectory())]
  const fresh = path.join(seed.oneOf(folders), `n${seed.below(1_000_000)}`)
  const make = [
    async () => await writeFile(fresh, `${seed.below(1_000_000)}`),
    async () => await mkdir(fresh),
    async () => await symlink(`to-${seed.below(9)}`, fresh),
  ]
  const file = files.length > 0 ? seed.oneOf(files) : undefined
  if (kind === 'make' || file === undefined) return await seed.oneOf(make)()
  const folder = seed.oneOf(folders)
  const { atime, mtime, size } = await stat(file)
  await seed.oneOf([
    ...make,
    async () => await appendFile(file, 'x'),
    async () => await truncate(file, Math.floor(size / 2)),
    // As many bytes and the old time: only the ctime tells.
    async () => {
      await writeFile(file, 'y'.repeat(size))
      await utimes(file, atime, mtime)
    },
    async () => await chmod(file, 0o600 + seed.below(64)),
    async () => await chown(file, seed.below(9), seed.below(9)),
    async () => await chmod(folder, 0o700 + seed.below(64)),
    async () => await utimes(folder, 1, seed.below(1_000_000)),
    async () => setXattr(Buffer.from(seed.oneOf([file, folder])), byteStringOf('user.note'), Buffer.from(`${seed.below(99)}`)),
    async () => await rename(file, fresh),
    async () => await link(file, fresh),
    async () => await rm(file),
    // One file in the place of another, as an editor saves.
    async () => await rename(file, seed.oneOf(files)),
    async () => {
      await rm(file)
      await mkdir(file)
    },
    async () => {
      if (folder !== root && !fresh.startsWith(`${folder}/`)) await rename(folder, fresh)
    },
    async () => {
      if (folder !== root && seed.below(4) === 0) await rm(folder, { recursive: true })
    },
  ])()
}

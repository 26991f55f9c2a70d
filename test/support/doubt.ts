import { open, readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { NoticeKind } from '#contract/notice-kinds.ts'
import { everything } from '#service/catalog/scope.ts'
import type { TestService } from './service.ts'

/** In the middle of the file; a second time puts it back. */
export async function flipOneByte(file: string): Promise<void> {
  await using handle = await open(file, 'r+')
  const { size } = await handle.stat()
  const at = Math.floor(size / 2)
  const byte = Buffer.alloc(1)
  await handle.read(byte, 0, 1, at)
  await handle.write(Buffer.from([byte[0]! ^ 1]), 0, 1, at)
}

/** Of a repository in a directory. */
export async function packsOf(repository: string): Promise<ReadonlySet<string>> {
  const entries = await readdir(path.join(repository, 'data'), { recursive: true, withFileTypes: true })
  return new Set(entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name)))
}

/** Of those that were not there before the largest: its middle is inside a blob of data, and no tree. */
export async function largestPack(repository: string, before: ReadonlySet<string> = new Set()): Promise<string> {
  const added = [...(await packsOf(repository)).difference(before)]
  const sizes = await Promise.all(added.map(async (file) => ({ file, size: (await stat(file)).size })))
  return sizes.toSorted((a, b) => b.size - a.size)[0]!.file
}

/** What is in doubt and nobody has settled. */
export async function openAlerts(here: TestService, ...kinds: readonly NoticeKind[]) {
  return await here.service.house.catalog.as(everything, (tx) =>
    tx.selectFrom('alerts').selectAll().where('kind', 'in', kinds).where('settled_at', 'is', null).execute(),
  )
}

import { systemClock, type Clock } from '#base/clock.ts'
import type { BlobId, SnapshotId } from '#base/ids.ts'
import { systemRandom } from '#host/random.ts'
import { byteStringOf } from '#engine/byte-string.ts'
import { createRepository } from '#engine/repository/create.ts'
import { openRepository } from '#engine/repository/open.ts'
import type { Repository, WriteSession } from '#engine/repository/repository.ts'
import type { Folder, Storage } from '#engine/storage/storage.ts'
import type { TreeNode } from '#engine/tree-node.ts'

export const testPassword = 'a password of tests'

export async function newRepository(storage: Storage, clock: Clock = systemClock): Promise<Repository> {
  await createRepository(storage, testPassword, { clock, random: systemRandom })
  return await reopen(storage, clock)
}

export async function reopen(storage: Storage, clock: Clock = systemClock): Promise<Repository> {
  return await openRepository(storage, testPassword, { clock, random: systemRandom })
}

export function fileNode(name: string, content: readonly BlobId[], sizeBytes: number): TreeNode {
  return { ...emptyNode, name: byteStringOf(name), type: 'file', content, sizeBytes }
}

const emptyNode = {
  mode: 0o640,
  mtimeNs: 0n,
  atimeNs: 0n,
  ctimeNs: 0n,
  uid: 0,
  gid: 0,
  user: 'root',
  group: 'root',
  inode: 1n,
  deviceId: 1n,
  links: 1,
}

/** Stores each file under its name and makes the snapshot. */
export async function backUp(session: WriteSession, files: Readonly<Record<string, Uint8Array>>): Promise<SnapshotId> {
  const nodes: TreeNode[] = []
  for (const [name, bytes] of Object.entries(files)) {
    const stored = await session.content([bytes])
    nodes.push(fileNode(name, stored.content, stored.sizeBytes))
  }
  const tree = await session.tree(nodes)
  return await session.snapshot({ time: new Date(0), tree, paths: ['/'], hostname: 'test', username: 'test', tags: [] })
}

/** The files of the newest snapshot, read back. */
export async function restored(repository: Repository): Promise<Record<string, Buffer>> {
  const snapshot = (await repository.snapshots()).at(-1)
  const files: Record<string, Buffer> = {}
  for (const node of snapshot ? await repository.tree(snapshot.tree) : []) {
    files[node.name] = Buffer.concat(await Array.fromAsync(repository.read(node.content ?? [])))
  }
  return files
}

export async function namesIn(storage: Storage, folder: Folder): Promise<string[]> {
  const names: string[] = []
  for await (const file of storage.list(folder)) names.push(file.name)
  return names
}

import { createHash, randomBytes, scryptSync } from 'node:crypto'
import { testClock } from '#base/clock.ts'
import type { BlobId, SnapshotId } from '#base/ids.ts'
import { byteStringOf } from '#engine/byte-string.ts'
import { newConfig, saveConfig } from '#engine/repository/config.ts'
import { newMasterKey } from '#engine/repository/keys.ts'
import { seal, sealingKey, type SealingKey } from '#engine/repository/seal.ts'
import { openRepository } from '#engine/repository/open.ts'
import type { Repository, WriteSession } from '#engine/repository/repository.ts'
import { memory } from '#engine/storage/memory.ts'
import { folders, type Storage, type StorageName } from '#engine/storage/storage.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import { systemRandom } from '#host/random.ts'

export const smallPassword = 'correct horse'

/** A folder as a literal: files by their content, folders within. */
export interface Folder {
  readonly [name: string]: string | Uint8Array | Folder
}

export type SmallClock = ReturnType<typeof testClock>

/** A new repository in `storage`, or in memory, with a clock that the test drives. */
export async function smallRepository(given: { storage?: (clock: SmallClock) => Storage; start?: Date } = {}) {
  const clock = testClock(given.start ?? new Date('2026-03-01T12:00:00Z'))
  const storage = given.storage?.(clock) ?? memory(clock)
  await storage.create()
  const key = newMasterKey()
  await addCheapKey(storage, key, smallPassword)
  await saveConfig(storage, key, newConfig(systemRandom))
  return { storage, clock, open: (other: Storage = storage) => openSmall(other, clock) }
}

/** A key file like any other, but with a scrypt that costs nothing: tests open repositories by the hundred. */
export async function addCheapKey(storage: Storage, key: SealingKey, password: string): Promise<void> {
  const salt = randomBytes(64)
  const derived = sealingKey(scryptSync(password, salt, 64, { N: 2, r: 8, p: 1 }))
  const base64 = (from: number, to: number) => Buffer.from(key.bytes.subarray(from, to)).toString('base64')
  const master = JSON.stringify({ mac: { k: base64(32, 48), r: base64(48, 64) }, encrypt: base64(0, 32) })
  const data = seal(derived, Buffer.from(master)).toString('base64')
  const kdf = { kdf: 'scrypt', N: 2, r: 8, p: 1, salt: salt.toString('base64') }
  const file = Buffer.from(JSON.stringify({ created: '2026-03-01T12:00:00Z', username: 'user', hostname: 'host', ...kdf, data }))
  await storage.put(`keys/${createHash('sha256').update(file).digest('hex')}`, [file])
}

export async function openSmall(storage: Storage, clock: SmallClock): Promise<Repository> {
  return await openRepository(storage, smallPassword, { clock, random: systemRandom })
}

/** Backs the folder up as one snapshot. */
export async function store(repository: Repository, folder: Folder, tags: readonly string[] = [], time?: Date): Promise<SnapshotId> {
  return await repository.write({ compressionLevel: 1 }, async (session) => {
    const tree = await storeFolder(session, folder)
    const paths = ['/files/small']
    return await session.snapshot({ time: time ?? new Date('2026-03-01T12:00:00Z'), tree, paths, hostname: 'host', username: 'user', tags })
  })
}

async function storeFolder(session: WriteSession, folder: Folder): Promise<BlobId> {
  const nodes: TreeNode[] = []
  for (const [name, entry] of Object.entries(folder)) {
    if (typeof entry === 'string' || entry instanceof Uint8Array) {
      const { content, sizeBytes } = await session.content([Buffer.from(entry)])
      nodes.push({ ...node(name, 'file'), content, sizeBytes })
    } else {
      nodes.push({ ...node(name, 'dir'), subtree: await storeFolder(session, entry) })
    }
  }
  return await session.tree(nodes)
}

function node(name: string, type: 'file' | 'dir'): TreeNode {
  const ns = 1_700_000_000_000_000_000n
  const plain = { name: byteStringOf(name), type, mode: 0o644, mtimeNs: ns, atimeNs: ns, ctimeNs: ns, uid: 0, gid: 0, user: '', group: '' }
  return { ...plain, inode: 1n, deviceId: 1n, sizeBytes: 0, links: 1 }
}

/** Every file of a snapshot, path to SHA-256: read back blob by blob. */
export async function contentsOf(repository: Repository, tree: BlobId): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const child of await repository.tree(tree)) {
    if (child.subtree) for (const [path, digest] of await contentsOf(repository, child.subtree)) found.set(`${child.name}/${path}`, digest)
    if (!child.content) continue
    const hash = createHash('sha256')
    for await (const piece of repository.read(child.content)) hash.update(piece)
    found.set(child.name, hash.digest('hex'))
  }
  return found
}

/** The same files in a storage of their own, for damaging them. */
export async function copyOf(storage: Storage, clock: SmallClock): Promise<Storage> {
  const copy = memory(clock)
  for (const name of await namesOf(storage)) await copy.put(name, [await storage.get(name)])
  return copy
}

export async function namesOf(storage: Storage): Promise<StorageName[]> {
  const names: StorageName[] = ['config']
  for (const folder of folders) for await (const file of storage.list(folder)) names.push(file.name)
  return names
}

/** Puts other bytes in the place of a file: what storages never do, and disks sometimes. */
export async function overwrite(storage: Storage, name: StorageName, change: (bytes: Buffer) => Buffer): Promise<void> {
  const bytes = change(await storage.get(name))
  await storage.remove(name)
  await storage.put(name, [bytes])
}

/** For `overwrite`. A constant instead would be what is there already, once in 256 times. */
export function flippedAt(offset: number): (bytes: Buffer) => Buffer {
  return (bytes) => {
    bytes[offset]! ^= 1
    return bytes
  }
}

import { createHash } from 'node:crypto'
import { isFault } from '#base/fault.ts'
import type { BlobId, PackId, SnapshotId } from '#base/ids.ts'
import { byteStringOf, printBytesName } from '#engine/byte-string.ts'
import { coreOf } from '#engine/repository/core.ts'
import { openRepository } from '#engine/repository/open.ts'
import { saveDocument } from '#engine/repository/document.ts'
import { saveIndex, type IndexedPack } from '#engine/repository/index-file.ts'
import { PackBuilder, storedForm } from '#engine/repository/pack-builder.ts'
import type { BlobType, PackedBlob } from '#engine/repository/pack.ts'
import type { Repository, Snapshot } from '#engine/repository/repository.ts'
import type { SealingKey } from '#engine/repository/seal.ts'
import { encodeSnapshot } from '#engine/repository/snapshot.ts'
import { encodeTree } from '#engine/repository/tree.ts'
import { faulty } from '#engine/storage/faulty.ts'
import type { Storage, StorageName } from '#engine/storage/storage.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import { systemRandom } from '#host/random.ts'
import { addCheapKey, copyOf, namesOf, smallPassword, smallRepository, type SmallClock } from '#test/support/small-repository.ts'

export const otherPassword = 'another password'

/** The one sound repository that every damaged one is made from: two backups that share a file. */
export interface Exhibit {
  readonly storage: Storage
  readonly clock: SmallClock
  readonly key: SealingKey
  readonly first: SnapshotId
  readonly second: SnapshotId
  /** `first: sub/b` and the SHA-256 of its content. */
  readonly contents: ReadonlyMap<string, string>
  /** The pack that holds this file. */
  packOf(file: string): PackId
  /** The pack with the tree of this directory of a snapshot; the empty path is its top. */
  treePackOf(snapshot: SnapshotId): PackId
  blobOf(file: string): PackedBlob
  blobsIn(pack: PackId): readonly PackedBlob[]
  /** The key file that `smallPassword` opens. */
  readonly keyFile: StorageName
  readonly otherKeyFile: StorageName
  /** The index file that names this pack. */
  indexOf(pack: PackId): StorageName
}

/** Always the same bytes for a seed. */
export function bytesOfSeed(seed: string, sizeBytes: number): Buffer {
  const parts = Array.from({ length: Math.ceil(sizeBytes / 32) }, (_, at) => createHash('sha256').update(`${seed} ${at}`).digest())
  return Buffer.concat(parts).subarray(0, sizeBytes)
}

export async function soundExhibit(): Promise<Exhibit> {
  const { storage, clock, open } = await smallRepository()
  const [keyFile] = (await namesOf(storage)).filter((name) => name.startsWith('keys/'))
  const key = await keyOf(open)
  await addCheapKey(storage, key, otherPassword)
  const [otherKeyFile] = (await namesOf(storage)).filter((name) => name.startsWith('keys/') && name !== keyFile)
  const contents = new Map([
    ['a', Buffer.from('hello')],
    ['sub/b', bytesOfSeed('b', 400_000)],
    ['sub/c', Buffer.from('x'.repeat(100_000))],
    ['other/d', bytesOfSeed('d', 200_000)],
  ])
  const id = (file: string) => hashOf(contents.get(file)!) as BlobId
  const file = (name: string, path: string) => smallFile(name, id(path), contents.get(path)!.length)
  const sub = encodeTree([file('b', 'sub/b'), file('c', 'sub/c')])
  const other = encodeTree([file('d', 'other/d')])
  const tops = [encodeTree([file('a', 'a'), smallFolder('sub', sub)]), encodeTree([file('a', 'a'), smallFolder('other', other)])] as const
  const data = (...paths: string[]) => ({ type: 'data', plains: paths.map((path) => contents.get(path)!) }) as const
  const one = await plant({ key }, storage, [data('a', 'sub/b', 'sub/c'), { type: 'tree', plains: [sub, tops[0]] }])
  const two = await plant({ key }, storage, [data('other/d'), { type: 'tree', plains: [other, tops[1]] }])
  const first = await plantSnapshot({ key }, storage, { tree: one.packs[1]!.blobs[1]!.id, at: '2026-03-01T12:00:00Z' })
  const second = await plantSnapshot({ key }, storage, { tree: two.packs[1]!.blobs[1]!.id, at: '2026-03-02T12:00:00Z' })
  const packs = [...one.packs, ...two.packs]
  const holding = (path: string) => packs.find(({ blobs }) => blobs.some((blob) => blob.id === id(path)))!
  const pathOf = (named: string) => named.replace(/^\w+: /, '')
  const named = ['first: a', 'first: sub/b', 'first: sub/c', 'second: a', 'second: other/d']
  return {
    storage,
    clock,
    key,
    first,
    second,
    contents: new Map(named.map((name) => [name, id(pathOf(name))])),
    keyFile: keyFile!,
    otherKeyFile: otherKeyFile!,
    packOf: (name) => holding(pathOf(name)).id,
    blobOf: (name) => holding(pathOf(name)).blobs.find((blob) => blob.id === id(pathOf(name)))!,
    treePackOf: (snapshot) => (snapshot === first ? one : two).packs[1]!.id,
    blobsIn: (pack) => packs.find((other) => other.id === pack)!.blobs,
    indexOf: (pack) => (one.packs.some((known) => known.id === pack) ? one : two).index,
  }
}

async function keyOf(open: () => Promise<Repository>): Promise<SealingKey> {
  await using repository = await open()
  return coreOf(repository).key
}

const ns = 1_700_000_000_000_000_000n
const smallNode = {
  mode: 0o644,
  mtimeNs: ns,
  atimeNs: ns,
  ctimeNs: ns,
  uid: 0,
  gid: 0,
  user: '',
  group: '',
  inode: 1n,
  deviceId: 1n,
  links: 1,
}

function smallFile(name: string, id: BlobId, sizeBytes: number): TreeNode {
  return { ...smallNode, name: byteStringOf(name), type: 'file', sizeBytes, content: [id] }
}

function smallFolder(name: string, tree: Uint8Array): TreeNode {
  return { ...smallNode, name: byteStringOf(name), type: 'dir', sizeBytes: 0, subtree: hashOf(tree) as BlobId }
}

/** The same files in a storage of their own, for damaging them. */
export async function copied(exhibit: Exhibit): Promise<Storage> {
  return await copyOf(exhibit.storage, exhibit.clock)
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

type Walked =
  | { readonly kind: 'file'; readonly path: string; readonly content: readonly BlobId[] }
  | { readonly kind: 'lost'; readonly path: string; readonly fault: unknown }

async function* filesBelow(repository: Repository, tree: BlobId, under = ''): AsyncGenerator<Walked> {
  let nodes
  try {
    nodes = await repository.tree(tree)
  } catch (fault) {
    yield { kind: 'lost', path: under, fault }
    return
  }
  for (const node of nodes) {
    const path = under + printBytesName(node.name)
    if (node.subtree) yield* filesBelow(repository, node.subtree, `${path}/`)
    if (node.content) yield { kind: 'file', path, content: node.content }
  }
}

export interface Taken {
  /** `first: sub/b` → SHA-256, of every file that could be read to its end. */
  readonly whole: ReadonlyMap<string, string>
  /** Codes of the faults that files and directories were refused with. */
  readonly refusals: ReadonlySet<string>
}

/** Reads everything there is, as a restore would: each file comes whole or is refused with a fault. */
export async function takeOut(exhibit: Exhibit, storage: Storage, password = smallPassword): Promise<Taken> {
  const whole = new Map<string, string>()
  const refusals = new Set<string>()
  const refuse = (error: unknown) => {
    if (!isFault(error)) throw error
    refusals.add(error.code)
  }
  const options = { clock: exhibit.clock, random: systemRandom, onDamagedIndex: refuse }
  try {
    await using repository = await openRepository(storage, password, options)
    const { whole: snapshots, damaged } = await repository.listSnapshots()
    for (const { fault } of damaged) refuse(fault)
    for (const snapshot of snapshots) {
      const name = nameOf(snapshot)
      for await (const file of filesBelow(repository, snapshot.tree)) {
        if (file.kind === 'lost') {
          refuse(file.fault)
          continue
        }
        try {
          whole.set(`${name}: ${file.path}`, hashOf(Buffer.concat(await Array.fromAsync(repository.read(file.content)))))
        } catch (error) {
          refuse(error)
        }
      }
    }
  } catch (error) {
    refuse(error)
  }
  return { whole, refusals }
}

interface PlantedPack {
  readonly type: BlobType
  readonly plains: readonly Uint8Array[]
  /** Names for the pieces, where they are not to be their hashes. */
  readonly ids?: readonly BlobId[]
}

/** By their time: a snapshot that was sealed anew has another id. */
function nameOf({ time, tags }: Snapshot): string {
  if (tags.length > 0) return 'other'
  return { '2026-03-01': 'first', '2026-03-02': 'second' }[time.toISOString().slice(0, 10)] ?? 'other'
}

/** Seals pieces into packs that one index file names, in this order: as a backup does, or a program with a mistake would. */
export async function plant({ key }: Pick<Exhibit, 'key'>, storage: Storage, wanted: readonly PlantedPack[]) {
  const packs: IndexedPack[] = []
  for (const { type, plains, ids } of wanted) {
    const buffer = Buffer.alloc(1_000_000)
    const builder = new PackBuilder(key, type, buffer)
    for (const [at, plain] of plains.entries()) builder.add(ids?.[at] ?? (hashOf(plain) as BlobId), storedForm(plain, { level: 1 }))
    const { id, sizeBytes, blobs } = builder.close()
    await storage.put(`data/${id}`, [buffer.subarray(0, sizeBytes)])
    packs.push({ id, blobs })
  }
  const [index] = await saveIndex({ storage, key }, packs)
  return { packs, index: `index/${index}` } as const
}

export async function plantSnapshot(
  { key }: Pick<Exhibit, 'key'>,
  storage: Storage,
  { tree, at }: { readonly tree: BlobId; readonly at: string },
): Promise<SnapshotId> {
  const plain = { time: new Date(at), tree, paths: ['/'], hostname: 'host', username: 'user', tags: [], uid: 0, gid: 0 }
  return (await saveDocument({ storage, key }, 'snapshots', encodeSnapshot(plain))) as SnapshotId
}

/** The machine dies at the `nth` change of the storage. */
export function dyingAt(storage: Storage, nth: number) {
  return faulty(storage, [{ verb: 'write', nth, crash: true }])
}

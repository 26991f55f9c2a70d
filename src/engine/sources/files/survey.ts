import { statfs } from 'node:fs/promises'
import path from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { throwIfCancelled } from '#base/clock.ts'
import { errnoOf } from '#base/fault.ts'
import type { EntryStats } from '#host/open-files.ts'
import type { ByteString } from '#engine/byte-string.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import type { StoredSource } from '#engine/sources/source.ts'
import type { DirectoryHandle } from './directory-handle.ts'
import { isMountPoint, mountsBelow, readMounts } from './mounts.ts'
import { inodeAt } from './move.ts'
import { openRoot, placeOfRoot } from './open-root.ts'
import { isOwnName } from './own-names.ts'
import { PathList } from './root-tally.ts'
import { typeOf } from './read-node.ts'
import { visitTree } from './visit-tree.ts'

export interface RootSurvey {
  /** With the symlinks of its parents resolved. */
  readonly path: string
  readonly exists: boolean
  /** Decimal `st_dev` and `st_ino`; of the nearest parent that exists when the root does not, with a null inode. */
  readonly deviceId: string
  readonly inode: string | null
  readonly isMountPoint: boolean
  readonly mountsBelow: readonly string[]
  /** As an unprivileged writer may use them. */
  readonly freeBytes: number
  /** Null where only trying would tell, which happens just before the swap. */
  readonly supportsExchange: boolean | null
  readonly files: number
  readonly directories: number
  readonly specials: number
  readonly bytes: number
}

/** Looks at a directory that a restore would replace. Reads only. Faults: ROOT_SYMLINK, ROOT_NOT_DIRECTORY, ROOT_DENIED. */
export async function surveyRoot(root: string, signal?: AbortSignal): Promise<RootSurvey> {
  const place = await placeOfRoot(root)
  const found = inodeAt(place)
  const exists = found !== null
  let standing = place
  while (inodeAt(standing) === null) standing = path.dirname(standing)
  const space = await statfs(standing)
  const mounts = await readMounts()
  const counts = { files: 0, directories: 0, specials: 0, bytes: 0 }
  if (exists) {
    using handle = (await openRoot(place)).handle
    await visitTree(handle, (_, entry) => entry && countEntry(counts, entry), { signal })
  }
  return {
    path: place,
    exists,
    deviceId: (found ?? inodeAt(standing)!).device,
    inode: found?.inode ?? null,
    isMountPoint: exists && isMountPoint(mounts, place),
    mountsBelow: mountsBelow(mounts, place).map((mount) => Buffer.from(mount.path, 'latin1').toString('utf8')),
    freeBytes: space.bavail * space.bsize,
    supportsExchange: exchanging.has(space.type) ? true : null,
    ...counts,
  }
}

export interface RootComparison {
  /** In the backup alone. */
  readonly added: PathsListed
  /** In both, other by type, size or mtime. */
  readonly changed: PathsListed
  /** Here alone: a restore takes them away. */
  readonly removed: PathsListed
}

export interface PathsListed {
  readonly count: number
  /** Printable, below the root; at most a thousand. */
  readonly first: string[]
}

/** What a restore would add, change and remove, directories aside: by names, sizes and times, without reading content. */
export async function compareRoot(root: string, stored: StoredSource, signal?: AbortSignal): Promise<RootComparison> {
  using comparison = new Comparison(inodeAt(await placeOfRoot(root)) === null ? undefined : (await openRoot(root)).handle)
  let count = 0
  for await (const entry of stored.walk(signal)) {
    count += 1
    if (count % 64 === 0) await nextTurn()
    throwIfCancelled(signal)
    if (entry.kind === 'enter') comparison.enter(entry.node)
    else if (entry.kind === 'leave') await comparison.leave(signal)
    else comparison.compare(entry.node)
  }
  await comparison.leave(signal)
  return comparison.result()
}

/** ext2-4, xfs, btrfs, tmpfs, f2fs: `st_type` of statfs(2). */
const exchanging = new Set([0xef53, 0x58465342, 0x9123683e, 0x01021994, 0xf2f52010])

interface Level {
  /** Undefined where the live tree has no such directory. */
  readonly handle: DirectoryHandle | undefined
  readonly path: string
  /** Live names that the backup has not named yet. */
  readonly left: Set<ByteString>
}

class Comparison implements Disposable {
  readonly #added = new PathList()
  readonly #changed = new PathList()
  readonly #removed = new PathList()
  readonly #levels: Level[]

  constructor(root: DirectoryHandle | undefined) {
    this.#levels = [levelOf(root, '')]
  }

  enter(node: TreeNode): void {
    const { handle, path: above, left } = this.#levels.at(-1)!
    const here = `${above}${node.name}`
    const isLive = left.delete(node.name)
    const child = handle && isLive ? openIfDirectory(handle, node.name) : undefined
    if (isLive && !child) this.#changed.add(here as ByteString)
    this.#levels.push(levelOf(child, `${here}/`))
  }

  compare(node: TreeNode): void {
    const { handle, path: above, left } = this.#levels.at(-1)!
    const here = `${above}${node.name}` as ByteString
    if (!handle || !left.delete(node.name)) return this.#added.add(here)
    const found = statIfThere(handle, node.name)
    if (!found) return this.#added.add(here)
    const isSame =
      typeOf(found) === node.type && found.mtimeNs === node.mtimeNs && (node.type !== 'file' || Number(found.size) === node.sizeBytes)
    if (!isSame) this.#changed.add(here)
  }

  async leave(signal?: AbortSignal): Promise<void> {
    const { handle, path: here, left } = this.#levels.pop()!
    if (!handle) return
    using _closing = handle
    for (const name of left) {
      const found = statIfThere(handle, name)
      if (!found) continue
      if (!found.isDirectory()) this.#removed.add(`${here}${name}` as ByteString)
      else {
        using child = openIfDirectory(handle, name)
        const remove = (below: ByteString, entry: EntryStats | undefined) => {
          if (entry && !entry.isDirectory()) this.#removed.add(below)
        }
        if (child) await visitTree(child, remove, { prefix: `${here}${name}/`, signal })
      }
    }
  }

  result(): RootComparison {
    const listed = ({ count, paths }: PathList) => ({ count, first: paths })
    return { added: listed(this.#added), changed: listed(this.#changed), removed: listed(this.#removed) }
  }

  [Symbol.dispose](): void {
    for (const { handle } of this.#levels.splice(0)) handle?.[Symbol.dispose]()
  }
}

function countEntry(counts: { files: number; directories: number; specials: number; bytes: number }, found: EntryStats): void {
  if (found.isDirectory()) counts.directories += 1
  else if (found.isFile()) counts.files += 1
  else counts.specials += 1
  if (found.isFile()) counts.bytes += Number(found.size)
}

/** Undefined when it is none, or none any more. */
function openIfDirectory(parent: DirectoryHandle, name: ByteString): DirectoryHandle | undefined {
  try {
    return parent.openChild(name)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error) ?? '')) return undefined
    throw error
  }
}

function statIfThere(parent: DirectoryHandle, name: ByteString): EntryStats | undefined {
  try {
    return parent.statOf(name)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}

function levelOf(handle: DirectoryHandle | undefined, above: string): Level {
  const names = handle ? handle.list().filter((name) => !isOwnName(name)) : []
  return { handle, path: above, left: new Set(names) }
}

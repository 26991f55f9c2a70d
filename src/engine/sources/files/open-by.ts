import { constants } from 'node:fs'
import { open, readFile, readdir, readlink, realpath } from 'node:fs/promises'
import { errnoOf } from '#base/fault.ts'
import { byteString, byteStringOf, printBytesName, type ByteString } from '#engine/byte-string.ts'
import { isMountPoint, readMounts, type Mount } from './mounts.ts'

export interface RootUser {
  readonly pid: number
  /** Name of its program. */
  readonly command: string
  /** What it holds; names no file, since file names may name patients. */
  readonly how: string
}

/**
 * Processes other than us that would go on reading and writing the old tree after `root` is swapped (SAFETY rule 5):
 * with a working directory, root directory, open or mapped file at or below it, or with a mount of their own of it, as
 * containers have. Of several processes that share such mounts the oldest stands for them. Looks where it may: without
 * root other users' processes stay unseen.
 */
export async function processesUsing(root: string): Promise<RootUser[]> {
  const place = await placeOf(root)
  const namespaces = new Map<string, Promise<Reach>>()
  const users: RootUser[] = []
  for (const pid of await otherProcesses()) {
    const namespace = await whileItLives(() => readlink(`/proc/${pid}/ns/mnt`))
    if (namespace === undefined) continue
    const isNew = !namespaces.has(namespace)
    if (isNew) namespaces.set(namespace, reachFrom(pid, place))
    const reach = await namespaces.get(namespace)!
    const held = [...(isNew ? reach.held : []), ...(await heldBy(pid, reach.prefixes))]
    if (held.length > 0) users.push({ pid, command: await commandOf(pid), how: held.join(', ') })
  }
  return users
}

/** Where the root lies on its file system, which is the same in every mount namespace. */
interface Place {
  readonly path: ByteString
  readonly device: string
  readonly within: ByteString
  /** Swapped by its entries, so mounts of the directory itself see the new ones. */
  readonly isMountPoint: boolean
}

async function placeOf(root: string): Promise<Place> {
  const real = await realpath(root)
  const path = byteStringOf(real)
  const mounts = await readMounts()
  // The last of several on the same mount point is the one on top.
  const holder = mounts.filter((mount) => isAtOrBelow(path, mount.path)).reduce((a, b) => (b.path.length >= a.path.length ? b : a))
  return { path, device: holder.device, within: joined(holder.root, rest(path, holder.path)), isMountPoint: isMountPoint(mounts, real) }
}

/** How the processes of one mount namespace can come to the tree. */
interface Reach {
  /** Absolute paths in that namespace at which the root or a part of it is seen. */
  readonly prefixes: readonly ByteString[]
  /** Mounts that stay with the old tree. */
  readonly held: readonly string[]
}

async function reachFrom(pid: number, place: Place): Promise<Reach> {
  const mounts = (await whileItLives(() => readMounts(pid))) ?? []
  const same = mounts.filter((mount) => mount.device === place.device)
  const above = same.filter((mount) => isAtOrBelow(place.within, mount.root))
  const below = same.filter((mount) => isAtOrBelow(mount.root, place.within) && !(place.isMountPoint && mount.root === place.within))
  const isOurs = (await whileItLives(() => readlink(`/proc/${pid}/ns/mnt`))) === (await readlink('/proc/self/ns/mnt'))
  const seen = [...above.map((mount) => joined(mount.path, rest(place.within, mount.root))), ...below.map((mount) => mount.path)]
  return { prefixes: [...new Set(isOurs ? [place.path, ...seen] : seen)], held: below.map(printMount) }
}

function printMount(mount: Mount): string {
  return `mounted at ${printBytesName(mount.path)}`
}

async function heldBy(pid: number, prefixes: readonly ByteString[]): Promise<string[]> {
  if (prefixes.length === 0) return []
  const isBelow = (target: ByteString) => prefixes.some((prefix) => isAtOrBelow(target, prefix))
  const held: string[] = []
  for (const [name, what] of links) {
    const target = await targetOf(`/proc/${pid}/${name}`)
    if (target !== undefined && isBelow(target)) held.push(what)
  }
  const opened = (await whileItLives(() => readdir(`/proc/${pid}/fd`))) ?? []
  const targets = await Promise.all(opened.map((fd) => targetOf(`/proc/${pid}/fd/${fd}`)))
  const files = targets.filter((target) => target !== undefined && isBelow(target)).length
  if (files > 0) held.push(`${files} open ${files === 1 ? 'file' : 'files'}`)
  const mapped = mappedFiles((await whileItLives(() => readFile(`/proc/${pid}/maps`))) ?? Buffer.alloc(0)).filter(isBelow).length
  if (mapped > 0) held.push(`${mapped} mapped ${mapped === 1 ? 'file' : 'files'}`)
  return held
}

const links = [
  ['cwd', 'working directory'],
  ['root', 'root directory'],
] as const

/** proc_pid_maps(5): the path is the sixth field, with newlines as `\012`; each file has several lines. */
function mappedFiles(maps: Uint8Array): ByteString[] {
  const paths = byteString(maps)
    .split('\n')
    .flatMap((line) => /^\S+ \S+ \S+ \S+ \S+ +(\/.*)$/.exec(line)?.[1] ?? [])
  return [...new Set(paths)].map((path) => path.replaceAll('\\012', '\n') as ByteString)
}

async function otherProcesses(): Promise<number[]> {
  const names = await readdir('/proc')
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number)
  return pids.filter((pid) => pid !== process.pid).toSorted((a, b) => a - b)
}

async function commandOf(pid: number): Promise<string> {
  return ((await whileItLives(() => readFile(`/proc/${pid}/comm`, 'utf8'))) ?? '').trim()
}

async function targetOf(link: string): Promise<ByteString | undefined> {
  try {
    const target = await whileItLives(() => readlink(link, 'buffer'))
    return target && byteString(target)
  } catch (error) {
    if (errnoOf(error) !== 'ENAMETOOLONG') throw error
    return await longTargetOf(link)
  }
}

/**
 * A directory whose path is longer than a page, which is all that the kernel prints: the closest one above it that it does print, and that
 * lies below whatever root the directory itself does. Of a file so deep nobody can ask that: then nothing is known, which is a failure.
 */
async function longTargetOf(link: string): Promise<ByteString | undefined> {
  for (let above = `${link}/..`; ; above += '/..') {
    const folder = await whileItLives(() => open(above, constants.O_RDONLY | constants.O_DIRECTORY))
    if (!folder) return undefined
    await using handle = folder
    try {
      return byteString(await readlink(`/proc/self/fd/${handle.fd}`, 'buffer'))
    } catch (error) {
      if (errnoOf(error) !== 'ENAMETOOLONG') throw error
    }
  }
}

/** A process may end while it is looked at, a kernel thread has no files, and other users' may be closed to us. */
async function whileItLives<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look()
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'EINVAL'].includes(errnoOf(error) ?? '')) return undefined
    throw error
  }
}

/** The kernel adds ` (deleted)` to what was unlinked; below the root that changes nothing, at it the rest must match. */
function isAtOrBelow(path: ByteString, directory: ByteString): boolean {
  return path === directory || directory === '/' || path.startsWith(`${directory}/`)
}

/** The part of `path` after `directory`, which it is at or below; empty or beginning with `/`. */
function rest(path: ByteString, directory: ByteString): string {
  return directory === '/' ? (path === '/' ? '' : path) : path.slice(directory.length)
}

function joined(directory: ByteString, tail: string): ByteString {
  return (directory === '/' ? tail || '/' : directory + tail) as ByteString
}

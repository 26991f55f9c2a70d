import { lstatSync, mkdirSync, rmdirSync, symlinkSync } from 'node:fs'
import { open } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { Fault, errnoOf } from '#base/fault.ts'
import { syncDirectory, syncFile } from '#host/durable.ts'
import { exchangePaths, setTimes } from '#host/libc.ts'
import { bytesOf, printBytesName, type ByteString } from '#engine/byte-string.ts'
import type { StoredFileContent } from '#engine/sources/source.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import { applyNode, ownersHere } from './apply-node.ts'
import { moveTo } from './move.ts'
import { writeFile } from './write-file.ts'

/** Which file this is, and what of it would be other if somebody had written it. Decimal. */
export const fileIdentitySchema = z.object({
  device: z.string(),
  inode: z.string(),
  sizeBytes: z.string(),
  mtimeNs: z.string(),
})
export type FileIdentity = z.infer<typeof fileIdentitySchema>

export function identityAt(at: Buffer): FileIdentity | null {
  try {
    const found = lstatSync(at, { bigint: true })
    return { device: String(found.dev), inode: String(found.ino), sizeBytes: String(found.size), mtimeNs: String(found.mtimeNs) }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return null
    throw error
  }
}

export function isSameFile(one: FileIdentity | null, other: FileIdentity | null): boolean {
  if (one === null || other === null) return one === other
  return one.device === other.device && one.inode === other.inode && one.sizeBytes === other.sizeBytes && one.mtimeNs === other.mtimeNs
}

/** One path below a root, what stands there before and after, and the slot in which the other of the two waits. */
export interface FileSlot {
  readonly root: string
  readonly path: ByteString
  readonly slot: Buffer
  readonly before: FileIdentity | null
  readonly after: FileIdentity | null
}

/** Where it goes. No part of the way may be a symlink: it would lead out of the root. RESTORE_TARGET_CHANGED. */
function liveOf({ root, path: below }: Pick<FileSlot, 'root' | 'path'>): Buffer {
  const parts = below.split('/')
  for (let depth = 1; depth < parts.length; depth += 1) {
    const at = joined(root, parts.slice(0, depth).join('/'))
    let found: ReturnType<typeof lstatSync>
    try {
      found = lstatSync(at)
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') break
      throw error
    }
    if (!found.isDirectory())
      throw new Fault('RESTORE_TARGET_CHANGED', `${printBytesName(below)} leads through what is no directory`, { root })
  }
  return joined(root, below)
}

function joined(root: string, below: string): Buffer {
  return Buffer.concat([Buffer.from(`${root}/`, 'utf8'), bytesOf(below as ByteString)])
}

/** What stands there now; null when nothing does. */
export function standing(slot: Pick<FileSlot, 'root' | 'path'>): FileIdentity | null {
  return identityAt(liveOf(slot))
}

/**
 * Makes `goal` true of one path, from wherever a crash left it; does nothing when it is true. False when something stands there that is
 * neither the one nor the other: it is left alone. What is replaced or removed goes into the slot, so nothing is ever overwritten.
 */
export async function arrange(slot: FileSlot, goal: 'before' | 'after'): Promise<boolean> {
  const live = liveOf(slot)
  const wanted = slot[goal]
  const other = slot[goal === 'after' ? 'before' : 'after']
  const now = identityAt(live)
  if (isSameFile(now, wanted)) return true
  if (!isSameFile(now, other)) return now === null && wanted !== null ? await putBack(slot, live, wanted) : false
  if (wanted === null) await move(live, slot.slot)
  else if (other === null) return await putBack(slot, live, wanted)
  else await exchange(slot.slot, live)
  return true
}

async function putBack({ slot }: FileSlot, live: Buffer, wanted: FileIdentity): Promise<boolean> {
  const from = [slot, asideOf(slot)].find((place) => isSameFile(identityAt(place), wanted))
  if (!from) return false
  await move(from, live)
  return true
}

const asideOf = (slot: Buffer) => Buffer.concat([slot, Buffer.from('-aside')])

/** The directory's own times stay: people go by them, and nothing else in it changed. */
async function move(from: Buffer, to: Buffer): Promise<void> {
  await keepingTimes([from, to], () => moveTo(from, to))
}

async function exchange(one: Buffer, other: Buffer): Promise<void> {
  try {
    await keepingTimes([one, other], () => exchangePaths(one, other))
  } catch (error) {
    if (errnoOf(error) !== 'EINVAL' && errnoOf(error) !== 'ENOSYS') throw error
    // A file system without RENAME_EXCHANGE: a moment without the file, which `arrange` ends after a crash as well.
    await move(other, asideOf(one))
    await move(one, other)
    await move(asideOf(one), one)
  }
}

async function keepingTimes(paths: readonly Buffer[], work: () => void): Promise<void> {
  const folders = [...new Set(paths.map((one) => folderOf(one).toString('latin1')))].map((folder) => Buffer.from(folder, 'latin1'))
  const times = folders.map((folder) => lstatSync(folder, { bigint: true }))
  work()
  for (const [at, folder] of folders.entries()) {
    setTimes(folder, { atimeNs: times[at]!.atimeNs, mtimeNs: times[at]!.mtimeNs })
    await syncFolder(folder)
  }
}

function folderOf(file: Buffer): Buffer {
  return file.subarray(0, file.lastIndexOf(0x2f))
}

async function syncFolder(folder: Buffer): Promise<void> {
  await using handle = await open(folder, 'r')
  await handle.sync()
}

/** Directories that are missing on the way to a path, outermost first. */
export function missingFolders(root: string, below: ByteString): ByteString[] {
  const parts = below.split('/').slice(0, -1)
  return parts.flatMap((_part, at) => {
    const folder = parts.slice(0, at + 1).join('/') as ByteString
    return identityAt(joined(root, folder)) === null ? [folder] : []
  })
}

/** One that another made meanwhile serves as well. */
export function makeFolder(root: string, below: ByteString): void {
  try {
    mkdirSync(joined(root, below), { mode: 0o700 })
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
  }
}

export type FolderDress = Pick<TreeNode, 'mode' | 'uid' | 'gid' | 'mtimeNs' | 'atimeNs' | 'xattrs'>

/** Gives a directory that was made what the backup says of it. */
export async function dressFolder(root: string, below: ByteString, dress: FolderDress): Promise<void> {
  const at = joined(root, below)
  if (identityAt(at) === null) return
  applyNode(at, { ...dress, type: 'dir' }, ownersHere())
  await syncFolder(at)
}

/** One that others put something into stays. */
export async function removeFolder(root: string, below: ByteString): Promise<void> {
  const at = joined(root, below)
  try {
    rmdirSync(at)
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? '')) throw error
    return
  }
  await syncFolder(folderOf(at))
}

/** Makes the backup's file in its slot, with everything that its node says. Returns what of it this user may not make. */
export async function fillSlot(
  slot: Buffer,
  { node, content }: { readonly node: TreeNode; readonly content: StoredFileContent | undefined },
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (node.type === 'symlink') symlinkSync(bytesOf(node.linkTarget ?? ('' as ByteString)), slot)
  else if (content) await writeFile(slot, { content, holes: node.holes ?? [], hasOtherNames: true, onBytes: () => {} }, signal)
  const missing = applyNode(slot, node, ownersHere())
  if (node.type === 'file') await syncFile(slot)
  return missing
}

export async function syncSlots(folder: string): Promise<void> {
  await syncDirectory(folder)
  await syncDirectory(path.dirname(folder))
}

import { lstatSync, renameSync } from 'node:fs'
import { Fault, errnoOf } from '#base/fault.ts'
import { exchangePaths, renameWithoutReplacing, type PathBytes } from '#host/libc.ts'
import type { Inode } from './root-record.ts'

/** (device, inode) of what stands at a path, itself if it is a symlink; null when nothing does. */
export function inodeAt(path: PathBytes): Inode | null {
  try {
    const found = lstatSync(asPath(path), { bigint: true })
    return { device: String(found.dev), inode: String(found.ino) }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return null
    throw error
  }
}

export function isSameInode(one: Inode | null | undefined, other: Inode | null | undefined): boolean {
  if (!one || !other) return false
  return one.device === other.device && one.inode === other.inode
}

/** Renames, and fails with EEXIST rather than replace. Not yet durable. */
export function moveTo(from: PathBytes, to: PathBytes): void {
  try {
    renameWithoutReplacing(from, to)
  } catch (error) {
    if (errnoOf(error) !== 'EINVAL' && errnoOf(error) !== 'ENOSYS') throw error
    // A file system without RENAME_NOREPLACE (NFS): looking first leaves a moment in which an empty directory would be replaced.
    if (inodeAt(to)) throw Object.assign(new Error(`EEXIST: ${String(to)}`, { cause: error }), { code: 'EEXIST' })
    renameSync(asPath(from), asPath(to))
  }
}

/** False where the file system has no RENAME_EXCHANGE. */
export function exchange(one: string, other: string): boolean {
  try {
    exchangePaths(one, other)
    return true
  } catch (error) {
    if (errnoOf(error) === 'EINVAL' || errnoOf(error) === 'ENOSYS') return false
    throw error
  }
}

export function targetChanged(root: string, fact: string): Fault {
  return new Fault('RESTORE_TARGET_CHANGED', `${root} ${fact}`, { root })
}

function asPath(path: PathBytes): string | Buffer {
  return typeof path === 'string' ? path : Buffer.from(path)
}
